internal import Market
internal import Networking
internal import Platform

/// What became of the rows of one delivery.
struct PushAnswer: Sendable {
    /// A row that was rejected.
    struct Fault: Sendable {
        /// Its place in the body, from 0.
        let index: Int
        let reason: RejectReason
        let detail: String
    }
    /// Faults that an answer lists; more are only counted.
    static let faultsMax = 256

    var accepted = 0
    var rejected = 0
    /// Messages that are valid and of no interest.
    var ignored = 0
    var faults: [Fault] = []

    /// True where nothing of the body can be used.
    var isUseless: Bool { accepted == 0 && ignored == 0 && rejected > 0 }

    /// The answer once all of it is durable: 202.
    func response(isRepeated: Bool) -> HTTPResponse {
        var json = JSONWriter()
        json.beginObject()
        members(to: &json)
        json.key("repeated")
        json.value(isRepeated)
        json.endObject()
        return HTTPResponse(status: 202, headers: Self.headers, body: json.bytes)
    }

    /// The answer where nothing of it was kept: 400.
    var refusal: HTTPResponse {
        var json = JSONWriter()
        json.beginObject()
        json.key("error")
        json.beginObject()
        json.key("code")
        json.value("no_valid_row")
        json.key("message")
        json.value("no row of the body is valid; nothing was kept")
        json.endObject()
        members(to: &json)
        json.endObject()
        return HTTPResponse(status: 400, headers: Self.headers, body: json.bytes)
    }

    private static let headers: HTTPHeaders = ["Content-Type": "application/json", "Cache-Control": "no-store"]

    private func members(to json: inout JSONWriter) {
        json.key("accepted")
        json.value(Int64(accepted))
        json.key("rejected")
        json.value(Int64(rejected))
        json.key("ignored")
        json.value(Int64(ignored))
        json.key("errors")
        json.beginArray()
        for fault in faults {
            json.beginObject()
            json.key("index")
            json.value(Int64(fault.index))
            json.key("reason")
            json.value(fault.reason.code)
            json.key("detail")
            json.value(fault.detail)
            json.endObject()
        }
        json.endArray()
    }
}

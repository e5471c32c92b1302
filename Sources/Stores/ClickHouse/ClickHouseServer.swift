internal import Delivery
internal import Networking
internal import Platform

/// Where a server is and who asks it.
struct ClickHouseAddress: Sendable {
    /// `http://HOST:PORT` or `https://…`.
    var url: String
    var user: String
    var password: String
    /// PEM file of the only authorities to trust; nil trusts the system's.
    var authorityFile: String?
}

/// Asks a ClickHouse server over its HTTP interface.
///
/// - Source: ClickHouse documentation, "HTTP Interface".
/// - Threading: one thread at a time.
struct ClickHouseServer {
    private let client: HTTPClient
    private let url: HTTPURL
    private let address: ClickHouseAddress

    /// What does not answer in this time is given up, in nanoseconds: the server may go on, and is asked afterwards.
    private static let timeoutNs: Int64 = 120_000_000_000

    /// - Parameters:
    ///   - meter: counts requests.
    ///   - answerBytesMax: of an answer at most.
    /// - Throws: `setup` where the address cannot be used.
    init(
        _ address: ClickHouseAddress, meter: UsageMeter? = nil, answerBytesMax: Int = 16 << 20
    ) throws(DeliveryError) {
        self.address = address
        var options = HTTPClient.Options()
        options.meter = meter
        options.timeoutNs = Self.timeoutNs
        // A server that works on an insertion says nothing meanwhile.
        options.lowSpeedTimeNs = Self.timeoutNs
        options.authorityFile = address.authorityFile
        options.maxBodyBytes = answerBytesMax
        do {
            url = try HTTPURL(address.url)
            client = try HTTPClient(options)
        } catch {
            throw DeliveryError(.setup, Self.hidden(error.message, address))
        }
    }

    /// Runs a statement; the rows of its answer, as texts.
    func execute(_ sql: String) throws(DeliveryError) -> [[String]] {
        ClickHouseSQL.rows(try ask(Array(sql.utf8), [("wait_end_of_query", "1")]))
    }

    /// Runs an INSERT whose rows are the body.
    func insert(_ sql: String, _ body: [UInt8], settings: [(name: String, value: String)]) throws(DeliveryError) {
        _ = try ask(body, [("query", sql)] + settings, isRepeatable: false)
    }

    /// Sends a request; the text of its answer.
    func ask(
        _ body: [UInt8], _ parameters: [(String, String)], isRepeatable: Bool = true
    ) throws(DeliveryError) -> String {
        let response: HTTPResponse
        do {
            var asked = url
            for (name, value) in parameters { asked = try asked.adding(name, value) }
            var headers: HTTPHeaders = ["X-ClickHouse-User": address.user]
            if !address.password.isEmpty { headers.add("X-ClickHouse-Key", address.password) }
            var request = HTTPClientRequest(.post, url: asked, headers: headers, body: body)
            request.redirects = .never
            request.isRepeatable = isRepeatable
            response = try client.send(request)
        } catch {
            let kind: DeliveryError.Kind = error.disposition == .stop ? .setup : .unavailable
            throw DeliveryError(kind, Self.hidden("\(url.origin): \(error.message)", address))
        }
        let text = String(decoding: response.body, as: UTF8.self)
        // An error that comes late stands in an answer that began well.
        let isError = response.status != 200 || response.headers["X-ClickHouse-Exception-Code"] != nil
        guard isError else { return text }
        let failure = ClickHouseFailure(text, status: response.status)
        throw DeliveryError(failure.kind, Self.hidden(failure.message, address))
    }

    /// A message in one line, without what must not be repeated.
    private static func hidden(_ message: String, _ address: ClickHouseAddress) -> String {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        guard address.password.count > 2 else { return line }
        return line.split(separator: address.password, omittingEmptySubsequences: false).joined(separator: "…")
    }
}

import Market
@testable import Networking
import Platform
@testable import Serving

/// What a client sends to the server: requests, and the values in them.
struct HTTPFuzzer: FuzzTarget {
    static let name = "http"
    private let rules = AccessRules(HTTPServer.Options())

    func run(_ input: [UInt8]) {
        let whole = events(input, pieces: [input.count])
        let bytes = input.isEmpty ? [1] : input
        let pieces = (0..<input.count).map { Int(bytes[$0 * 7 % bytes.count]) % 23 + 1 }
        require(whole.map(\.text) == events(input, pieces: pieces).map(\.text), "pieces give other requests")
        for case .request(let request) in whole.map(\.event) { look(at: request, bytes: input.count) }
        readValues(String(decoding: input.prefix(2000), as: UTF8.self))
        do throws(Subscription.RequestError) { _ = try Subscription.Request(input) } catch {
            require(!error.message.isEmpty, "refused without words")
        }
    }

    private typealias Seen = (event: HTTPRequestParser.Event, text: String)

    /// The events of a connection that brings `input` in pieces of these lengths; waiting is no event.
    private func events(_ input: [UInt8], pieces: [Int]) -> [Seen] {
        var parser = HTTPRequestParser(
            maxHeaderBytes: 1 << 10, maxBodyBytes: { _ in 1 << 10 }, takesBody: { _ in true })
        var seen: [Seen] = []
        var rest = input[...]
        var pieces = pieces[...]
        while !rest.isEmpty {
            let piece = rest.prefix(pieces.popFirst() ?? rest.count)
            rest = rest.dropFirst(piece.count)
            piece.withUnsafeBytes { parser.append($0.bytes) }
            reading: while true {
                let event = parser.next()
                switch event {
                case .needsMore, .awaitsContinue: break reading
                case .request(let request): seen.append((event, "\(request)"))
                case .rejected(let status, let message):
                    require((400...599).contains(status) && !message.isEmpty, "rejected with \(status)")
                    // Too long is the line, or all, by how much has arrived.
                    return seen + [(event, "\(status == 414 ? 431 : status) \(message)")]
                }
                require(seen.count <= input.count, "more requests than bytes")
            }
        }
        return seen
    }

    private func look(at request: HTTPRequest, bytes: Int) {
        require(request.path.hasPrefix("/") || request.path == "*", "path \(request.path)")
        require(!request.path.utf8.contains(0), "a zero byte in the path")
        require(request.body.count < bytes, "a body of \(request.body.count) bytes")
        for field in request.headers.fields {
            require(!field.name.isEmpty && !field.value.utf8.contains { $0 == 10 || $0 == 13 || $0 == 0 }, "field")
        }
        _ = rules.objection(to: request, isUpgrade: WebSocketHandshake.isRequested(by: request))
        if case .failure(let refusal) = WebSocketHandshake.answer(to: request) {
            require(refusal.response.status >= 400, "refused with \(refusal.response.status)")
        }
        read(request.query)
    }

    private func readValues(_ text: String) {
        if let query = HTTPQuery(text) { read(query) }
        require(PercentEncoding.decode(PercentEncoding.encode(text)) == text || text.utf8.contains(0), "encoding")
        if let moment = Timestamp(rfc3339: text) {
            let isWritten = CivilDate.split(moment).date.isWithinTimestamps
            require(!isWritten || Timestamp(rfc3339: moment.description) == moment, "\(text) is \(moment)")
        }
        if let url = try? WebSocketURL(text) {
            require(!url.host.isEmpty && url.target.hasPrefix("/") && (1...65_535).contains(url.port), "URL \(text)")
            require(url.description.hasPrefix("ws"), "\(url)")
        }
    }

    private func read(_ query: HTTPQuery) {
        let known = ["instrument", "interval", "limit", "from", "to"]
        do throws(RequestFailure) {
            let values = try RequestValues(query, known: known)
            _ = Instrument(values.text("instrument", default: ""))
            let limit = try values.integer("limit", in: 1...50_000, default: 500)
            require((1...50_000).contains(limit), "limit \(limit)")
            for name in ["from", "to"] {
                guard let moment = try values.moment(name) else { continue }
                let (date, ofDay) = CivilDate.split(Timestamp(nanoseconds: moment))
                require(ofDay >= 0 && ofDay < Timestamp.nanosecondsPerDay, "\(moment)")
                require(!date.description.contains("'"), "\(date)")
            }
        } catch {
            require(error.status == 400 && !error.message.isEmpty, "refused with \(error.status)")
        }
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        [
            "GET /api/v1/bars?instrument=SIMX%3AACME&interval=1m&from=2026-01-31T09:30:00.25Z&limit=10 HTTP/1.1\r\nHost: localhost:8080\r\n\r\n",
            "POST /api/v1/query HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 16\r\nOrigin: http://127.0.0.1\r\n\r\n{\"sql\":\"FROM t\"}GET / HTTP/1.0\r\n\r\n",
            "GET /live HTTP/1.1\r\nHost: [::1]:80\r\nUpgrade: websocket\r\nConnection: keep-alive, Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
            "\r\nOPTIONS * HTTP/1.1\r\nhost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
            "GET http://h/p?a=b+c&d=%C3%A9#x HTTP/1.1\r\nHost: h\r\nIf-None-Match: \"1-2\"\r\nConnection: close\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n", "from=1723161255342000000&to=2026-01-31",
            "2026-01-31T09:30:00+02:00", "0001-01-01T00:00:00Z", "wss://h:9443/ws?token=x#y", "ws://[::1]/a",
            "{\"op\":\"subscribe\",\"channels\":[\"trades\",\"bars\"],\"instruments\":[\"A\",\"*\"],\"intervals\":[\"1m\"]}",
        ].map { Array($0.utf8) }
    }
}

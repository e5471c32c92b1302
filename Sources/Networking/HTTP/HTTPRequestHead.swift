/// Request line and header fields.
struct HTTPRequestHead {
    /// Why a head is refused.
    struct Problem: Error {
        let status: Int
        let message: String
    }

    let method: HTTPMethod
    let path: String
    let query: HTTPQuery
    let headers: HTTPHeaders
    let contentLength: Int
    let keepsAlive: Bool
    let expectsContinue: Bool

    func request(body: [UInt8]) -> HTTPRequest {
        HTTPRequest(method: method, path: path, query: query, headers: headers, body: body, keepsAlive: keepsAlive)
    }

    /// Reads a head without its final empty line.
    static func parse(_ bytes: ArraySlice<UInt8>) -> Result<HTTPRequestHead, Problem> {
        do throws(Problem) {
            guard let text = String(validating: bytes, as: UTF8.self) else { throw bad("the head is not UTF-8") }
            let lines = try lines(of: text)
            let line = try requestLine(lines[0])
            let headers = try fields(lines.dropFirst())
            let version11 = line.version == "HTTP/1.1"
            guard headers.values("Host").count == 1 || (!version11 && headers.values("Host").isEmpty) else {
                throw bad("exactly one Host field is needed")
            }
            guard headers["Transfer-Encoding"] == nil else {
                throw Problem(status: 411, message: "a body needs Content-Length here, not Transfer-Encoding")
            }
            let (path, query) = try target(line.target)
            return .success(
                HTTPRequestHead(
                    method: line.method, path: path, query: query, headers: headers,
                    contentLength: try contentLength(headers),
                    keepsAlive: !headers.list("Connection", contains: "close")
                        && (version11 || headers.list("Connection", contains: "keep-alive")),
                    expectsContinue: version11 && headers.list("Expect", contains: "100-continue")))
        } catch {
            return .failure(error)
        }
    }

    private static func bad(_ message: String) -> Problem { Problem(status: 400, message: message) }

    private static func lines(of text: String) throws(Problem) -> [Substring] {
        var lines: [Substring] = []
        var rest = Substring(text)
        // "\r\n" is one Character.
        while let end = rest.firstIndex(of: "\r\n") {
            lines.append(rest[..<end])
            rest = rest[rest.index(after: end)...]
        }
        lines.append(rest)
        guard !lines.contains(where: { $0.utf8.contains { $0 == 13 || $0 == 10 || $0 == 0 } }) else {
            throw bad("lines end with CRLF and hold no control characters")
        }
        return lines
    }

    private static func requestLine(
        _ line: Substring
    ) throws(Problem) -> (method: HTTPMethod, target: Substring, version: Substring) {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, !parts[1].isEmpty, parts[2].hasPrefix("HTTP/"), isToken(parts[0]) else {
            throw bad("not an HTTP request line")
        }
        guard parts[2] == "HTTP/1.1" || parts[2] == "HTTP/1.0" else {
            throw Problem(status: 505, message: "this server speaks HTTP/1.1")
        }
        guard let method = HTTPMethod(rawValue: String(parts[0])) else {
            throw Problem(status: 501, message: "method \(parts[0]) is not known")
        }
        return (method, parts[1], parts[2])
    }

    /// Splits and decodes `/path?query`, `http://host/path?query` or `*`.
    private static func target(_ text: Substring) throws(Problem) -> (path: String, query: HTTPQuery) {
        var rest = text
        if rest == "*" { return ("*", HTTPQuery()) }
        if !rest.hasPrefix("/"), let mark = rest.firstRange(of: "://") {
            rest = rest[mark.upperBound...].drop { $0 != "/" && $0 != "?" }
            if rest.first != "/" { rest = "/" + rest }
        }
        guard rest.first == "/" else { throw bad("the request target is not a path") }
        rest = rest.prefix { $0 != "#" }
        let parts = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        guard let path = PercentEncoding.decode(parts[0]), let query = HTTPQuery(parts.count > 1 ? parts[1] : "") else {
            throw bad("a percent escape in the request target is broken")
        }
        return (path, query)
    }

    private static func fields(_ lines: ArraySlice<Substring>) throws(Problem) -> HTTPHeaders {
        guard lines.count <= HTTPRequestParser.maxFields else {
            throw Problem(status: 431, message: "\(HTTPRequestParser.maxFields) header fields are allowed")
        }
        var headers = HTTPHeaders()
        for line in lines {
            guard let colon = line.firstIndex(of: ":"), isToken(line[..<colon]) else {
                throw bad("a header field is not \"name: value\"")
            }
            headers.add(String(line[..<colon]), trimmed(line[line.index(after: colon)...]))
        }
        return headers
    }

    private static func contentLength(_ headers: HTTPHeaders) throws(Problem) -> Int {
        let values = Set(headers.values("Content-Length"))
        guard let value = values.first else { return 0 }
        guard values.count == 1, value.utf8.allSatisfy({ (48...57).contains($0) }), let length = Int(value) else {
            throw bad("Content-Length is not one number")
        }
        return length
    }

    /// A token of RFC 9110 section 5.6.2.
    private static func isToken(_ text: Substring) -> Bool {
        !text.isEmpty
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "!#$%&'*+-.^_`|~".utf8.contains(byte)
                }
            }
    }
}

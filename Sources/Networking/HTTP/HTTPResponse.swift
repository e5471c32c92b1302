internal import Platform

/// An answer: the server adds `Content-Length`, `Date` and `Connection`, and leaves the body out for HEAD.
public struct HTTPResponse: Sendable {
    public let status: Int
    public let headers: HTTPHeaders
    public let body: [UInt8]

    public init(status: Int, headers: HTTPHeaders = [:], body: [UInt8] = []) {
        self.status = status
        self.headers = headers
        self.body = body
    }

    /// UTF-8 text with a media type.
    public static func text(
        _ text: String, status: Int = 200, type: String = "text/plain; charset=utf-8"
    ) -> HTTPResponse {
        HTTPResponse(status: status, headers: ["Content-Type": type], body: Array(text.utf8))
    }

    /// JSON text, never cached.
    public static func json(_ text: String, status: Int = 200) -> HTTPResponse {
        HTTPResponse(
            status: status, headers: ["Content-Type": "application/json", "Cache-Control": "no-store"],
            body: Array(text.utf8))
    }

    /// The error object of this program's interface: `{"error":{"code":…,"message":…}}`.
    public static func error(
        _ status: Int, code: String, _ message: String, headers: HTTPHeaders = [:]
    ) -> HTTPResponse {
        var all: HTTPHeaders = ["Content-Type": "application/json", "Cache-Control": "no-store"]
        for field in headers.fields { all.add(field.name, field.value) }
        let text = "{\"error\":{\"code\":\(JSONText.quoted(code)),\"message\":\(JSONText.quoted(message))}}"
        return HTTPResponse(status: status, headers: all, body: Array(text.utf8))
    }

    /// The answer to a request that cannot be read, or for which there is no room now.
    static func rejection(_ status: Int, _ message: String) -> HTTPResponse {
        guard status == 429 else { return .error(status, code: "bad_request", message) }
        return .error(status, code: "busy", message, headers: ["Retry-After": "1"])
    }

    /// The bytes of status line and header fields.
    ///
    /// - Precondition: no field holds a line break.
    func head(keepsAlive: Bool, date: String) -> [UInt8] {
        var text = "HTTP/1.1 \(status) \(Self.reason(status))\r\n"
        for field in headers.fields {
            precondition(
                !(field.name + field.value).utf8.contains { $0 == 13 || $0 == 10 },
                "line break in response header \(field.name)")
            text += "\(field.name): \(field.value)\r\n"
        }
        if status >= 200 && status != 204 && status != 304 { text += "Content-Length: \(body.count)\r\n" }
        text += "Date: \(date)\r\nX-Content-Type-Options: nosniff\r\n"
        text += keepsAlive ? "Connection: keep-alive\r\n\r\n" : "Connection: close\r\n\r\n"
        return Array(text.utf8)
    }

    /// The usual phrase of a status.
    public static func reason(_ status: Int) -> String {
        switch status {
        case 100: "Continue"
        case 101: "Switching Protocols"
        case 200: "OK"
        case 201: "Created"
        case 202: "Accepted"
        case 204: "No Content"
        case 301: "Moved Permanently"
        case 302: "Found"
        case 304: "Not Modified"
        case 400: "Bad Request"
        case 401: "Unauthorized"
        case 403: "Forbidden"
        case 404: "Not Found"
        case 405: "Method Not Allowed"
        case 408: "Request Timeout"
        case 409: "Conflict"
        case 411: "Length Required"
        case 413: "Content Too Large"
        case 414: "URI Too Long"
        case 415: "Unsupported Media Type"
        case 422: "Unprocessable Content"
        case 426: "Upgrade Required"
        case 429: "Too Many Requests"
        case 431: "Request Header Fields Too Large"
        case 500: "Internal Server Error"
        case 501: "Not Implemented"
        case 503: "Service Unavailable"
        case 504: "Gateway Timeout"
        case 505: "HTTP Version Not Supported"
        default: "Status"
        }
    }
}

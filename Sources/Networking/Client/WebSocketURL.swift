/// The address of a WebSocket: `ws://host:port/path?query` or `wss://…`.
public struct WebSocketURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    public let isSecure: Bool
    /// Name or numeric address, without brackets.
    public let host: String
    public let port: Int
    /// Path and query as they are sent, starting with `/`.
    public let target: String

    /// - Throws: `NetworkError` that does not repeat the query, which often holds a key.
    public init(_ text: String) throws(NetworkError) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == "ws" || parts[0] == "wss" else {
            throw Self.refuse("a WebSocket URL starts with ws:// or wss://")
        }
        isSecure = parts[0] == "wss"
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let rest = parts[1].dropFirst(authority.count).prefix { $0 != "#" }
        guard !authority.contains("@") else { throw Self.refuse("user names in URLs are not supported") }
        guard rest.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
            throw Self.refuse("path and query must be percent-encoded")
        }
        target = rest.hasPrefix("/") ? String(rest) : "/" + rest
        let portText: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = String(authority[authority.index(after: authority.startIndex)..<end])
            portText = authority[authority.index(after: end)...]
        } else {
            host = String(authority.prefix { $0 != ":" })
            portText = authority.dropFirst(host.count)
        }
        guard !host.isEmpty else { throw Self.refuse("the URL has no host") }
        if portText.isEmpty {
            port = isSecure ? 443 : 80
        } else {
            guard portText.first == ":", let number = Int(portText.dropFirst()), (1...65_535).contains(number) else {
                throw Self.refuse("the URL's port is not a number in 1…65535")
            }
            port = number
        }
    }

    private static func refuse(_ message: String) -> NetworkError {
        NetworkError(.configuration, message, operation: "url")
    }

    /// Adds a query parameter, percent-encoded.
    public func adding(_ name: String, _ value: String) throws(NetworkError) -> WebSocketURL {
        let mark = target.contains("?") ? "&" : "?"
        let base = "\(isSecure ? "wss" : "ws")://\(authority)\(target)"
        return try WebSocketURL("\(base)\(mark)\(PercentEncoding.encode(name))=\(PercentEncoding.encode(value))")
    }

    /// Host and port as the `Host` header has them: without the scheme's own port.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// For logs and errors: every query value is hidden, since one of them is usually a key.
    public var description: String {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let hidden = parts.dropFirst().first?.split(separator: "&").map { item in
            item.contains("=") ? item.prefix { $0 != "=" } + "=***" : "***"
        }
        let query = hidden.map { "?" + $0.joined(separator: "&") } ?? ""
        return "\(isSecure ? "wss" : "ws")://\(authority)\(parts[0])\(query)"
    }

    /// Nothing inside is shown by `dump`, since the query may hold a key.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

/// The address of a WebSocket: `ws://host:port/path?query` or `wss://…`.
public struct WebSocketURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    private let parts: URLParts
    public var isSecure: Bool { parts.isSecure }
    /// Name or numeric address, without brackets.
    public var host: String { parts.host }
    public var port: Int { parts.port }
    /// Path and query as they are sent, starting with `/`.
    public var target: String { parts.target }

    /// - Throws: `NetworkError` that does not repeat the query, which often holds a key.
    public init(_ text: String) throws(NetworkError) {
        parts = try URLParts(text, scheme: "ws", name: "a WebSocket URL")
    }

    /// Adds a query parameter, percent-encoded.
    public func adding(_ name: String, _ value: String) throws(NetworkError) -> WebSocketURL {
        try WebSocketURL("\(origin)\(parts.target(adding: name, value))")
    }

    private var origin: String { "\(isSecure ? "wss" : "ws")://\(authority)" }

    /// Host and port as the `Host` header has them: without the scheme's own port.
    var authority: String { parts.authority }

    /// For logs and errors: every query value is hidden, since one of them is usually a key.
    public var description: String { origin + parts.hiddenTarget }

    /// Nothing inside is shown by `dump`, since the query may hold a key.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

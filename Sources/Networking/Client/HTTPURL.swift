/// The address of an HTTP resource: `http://host:port/path?query` or `https://…`.
public struct HTTPURL: Sendable, Equatable, CustomStringConvertible, CustomReflectable {
    private let parts: URLParts
    /// Whether descriptions leave the path out too: it is the secret of webhooks.
    public var hidesPath = false
    public var isSecure: Bool { parts.isSecure }
    /// Name or numeric address, without brackets.
    public var host: String { parts.host }
    public var port: Int { parts.port }
    /// Path and query as they are sent, starting with `/`.
    public var target: String { parts.target }

    /// - Throws: `NetworkError` that does not repeat the query, which often holds a key.
    public init(_ text: String) throws(NetworkError) {
        parts = try URLParts(text, scheme: "http", name: "an HTTP URL")
    }

    /// Adds a query parameter, percent-encoded.
    public func adding(_ name: String, _ value: String) throws(NetworkError) -> HTTPURL {
        try replacingTarget(parts.target(adding: name, value))
    }

    /// The same place with another path and query, percent-encoded already.
    public func replacingTarget(_ target: String) throws(NetworkError) -> HTTPURL {
        var url = try HTTPURL(origin + target)
        url.hidesPath = hidesPath
        return url
    }

    /// Scheme, host and port: what keys are meant for.
    public var origin: String { "\(isSecure ? "https" : "http")://\(parts.authority)" }

    /// All of it, keys included: for the wire only.
    var text: String { origin + target }

    /// Whether the peer is this machine: no proxy is asked for it.
    public var isLoopback: Bool { host == "localhost" || host == "::1" || host.hasPrefix("127.") }

    /// The query as signatures need it: sorted by name, with `=` behind every name.
    func sortedQuery() throws(NetworkError) -> HTTPURL {
        let query = target.dropFirst(parts.path.count + 1)
        guard !query.isEmpty else { return self }
        let items = query.split(separator: "&").map { $0.contains("=") ? String($0) : $0 + "=" }
        return try replacingTarget(parts.path + "?" + items.sorted().joined(separator: "&"))
    }

    /// For logs and errors: every query value is hidden, since one of them is usually a key.
    public var description: String { hidesPath ? origin + "/***" : origin + parts.hiddenTarget }

    /// Nothing inside is shown by `dump`, since the query may hold a key.
    public var customMirror: Mirror { Mirror(self, children: ["url": description]) }
}

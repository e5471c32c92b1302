/// Which requests a server on this machine may serve, whoever made the browser send them.
///
/// A page of any site can make a browser send requests to loopback addresses. The `Host` check stops DNS rebinding (a
/// foreign name that resolves to this machine), the `Origin` check stops a foreign page from posting or streaming.
struct AccessRules: Sendable {
    private let names: Set<String>
    private let acceptsAnyAddress: Bool
    private let scheme: String

    init(_ options: HTTPServer.Options) {
        names = Set((options.hostNames + [options.host, "localhost"]).map { $0.lowercased() })
        acceptsAnyAddress = options.allowRemote
        scheme = options.certificatePath == nil ? "http" : "https"
    }

    /// Why `request` is refused, in words; nil where it is not.
    func objection(to request: HTTPRequest, isUpgrade: Bool) -> String? {
        guard let authority = request.headers["Host"] else { return nil }  // HTTP/1.0 without one: no browser
        guard accepts(host: Self.host(of: authority)) else {
            return "host \"\(authority)\" is not served here; add it to the server's host names"
        }
        let isSafe = request.method == .get || request.method == .head || request.method == .options
        guard isUpgrade || !isSafe, let origin = request.headers["Origin"] else { return nil }
        guard HTTPHeaders.equal(origin, "\(scheme)://\(authority)") else {
            return "origin \"\(origin)\" may not use this server"
        }
        return nil
    }

    private func accepts(host: String) -> Bool {
        if names.contains(host) || NetworkAddress.isLoopback(host) { return true }
        // A name can be rebound, a number cannot.
        return acceptsAnyAddress && NetworkAddress.isNumeric(host)
    }

    /// The host of `host:port` or `[address]:port`, in lower case, without brackets.
    static func host(of authority: String) -> String {
        let lower = authority.lowercased()
        if lower.hasPrefix("[") { return String(lower.dropFirst().prefix { $0 != "]" }) }
        return String(lower.prefix { $0 != ":" })
    }
}

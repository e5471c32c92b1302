/// The parts of a URL that this program connects to: `scheme://host:port/path?query`.
struct URLParts: Sendable, Equatable {
    let isSecure: Bool
    /// Name or numeric address, without brackets.
    let host: String
    let port: Int
    /// Path and query as they are sent, starting with `/`.
    let target: String

    /// - Parameters:
    ///   - scheme: the one without TLS; with an `s` behind it, it is the one with TLS.
    ///   - name: what such a URL is called in errors.
    /// - Throws: `NetworkError` that does not repeat the text, which often holds a key.
    init(_ text: String, scheme: String, name: String) throws(NetworkError) {
        let parts = text.split(separator: "://", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0] == scheme || parts[0] == scheme + "s" else {
            throw Self.refuse("\(name) starts with \(scheme):// or \(scheme)s://")
        }
        isSecure = parts[0] == scheme + "s"
        let authority = parts[1].prefix { $0 != "/" && $0 != "?" && $0 != "#" }
        let rest = parts[1].dropFirst(authority.count).prefix { $0 != "#" }
        guard !authority.contains("@") else { throw Self.refuse("user names in URLs are not supported") }
        guard (authority + rest).utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
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

    /// Host and port as the `Host` header has them: without the scheme's own port.
    var authority: String {
        let name = host.contains(":") ? "[\(host)]" : host
        return port == (isSecure ? 443 : 80) ? name : "\(name):\(port)"
    }

    /// The path without the query.
    var path: Substring { target.prefix { $0 != "?" } }

    /// The target with a query parameter behind it, percent-encoded.
    func target(adding name: String, _ value: String) -> String {
        let mark = target.contains("?") ? "&" : "?"
        return "\(target)\(mark)\(PercentEncoding.encode(name))=\(PercentEncoding.encode(value))"
    }

    /// The target with every query value hidden, since one of them is usually a key.
    var hiddenTarget: String {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let hidden = parts.dropFirst().first?.split(separator: "&").map { item in
            item.contains("=") ? item.prefix { $0 != "=" } + "=***" : "***"
        }
        return String(parts[0]) + (hidden.map { "?" + $0.joined(separator: "&") } ?? "")
    }
}

internal import Foundation

/// A connection URI, or `name=value` pairs, as libpq takes them.
struct PostgreSQLAddress {
    /// With limits for what does not answer, where the user set none.
    let text: String
    /// What must not be repeated to anybody: the password, whole and in the parts that libpq may take it for.
    private let secrets: [String]

    /// Seconds, seconds, count, milliseconds; libpq's manual, "Parameter Key Words".
    private static let limits = [
        ("connect_timeout", "10"), ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
        ("tcp_user_timeout", "60000"),
    ]
    /// Shorter parts say nothing, and hiding them would leave no message.
    private static let secretLength = 3

    init(_ given: String) {
        let missing = Self.limits.filter { !given.contains($0.0 + "=") }.map { "\($0.0)=\($0.1)" }
        if given.contains("://") {
            let separator = given.contains("?") ? "&" : "?"
            text = missing.isEmpty ? given : given + separator + missing.joined(separator: "&")
        } else {
            text = ([given] + missing).joined(separator: " ")
        }
        secrets = [text, given] + Self.passwords(given)
    }

    private static func passwords(_ given: String) -> [String] {
        var passwords: [Substring] = []
        if let start = given.range(of: "://"), let end = given.lastIndex(of: "@"), start.upperBound <= end {
            let user = given[start.upperBound..<end]
            if let colon = user.firstIndex(of: ":") { passwords.append(user[user.index(after: colon)...]) }
        }
        var rest = given[...]
        while let found = rest.range(of: "password=") {
            rest = rest[found.upperBound...]
            passwords.append(rest.prefix { !"& ".contains($0) })
        }
        let parts = passwords.flatMap { $0.split { "@:/%?#[]'".contains($0) } }
        let decoded = passwords.compactMap { $0.removingPercentEncoding }
        // The longest first: a part may be part of another.
        return (passwords.map(String.init) + decoded + parts.map(String.init)).filter { $0.count >= secretLength }
            .sorted { $0.count > $1.count }
    }

    /// A message in one line, without what must not be repeated.
    func hidden(in message: String) -> String {
        let line = message.split(whereSeparator: \.isNewline).joined(separator: " ")
        return secrets.reduce(line) { $0.replacingOccurrences(of: $1, with: "…") }
    }
}

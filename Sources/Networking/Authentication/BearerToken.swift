/// Secrets that clients send as `Authorization: Bearer …` (RFC 6750 section 2.1).
public struct BearerToken: Sendable {
    private let accepted: [[UInt8]]

    /// - Parameter tokens: any of them is accepted; empty ones do not count.
    public init(_ tokens: [String]) { accepted = tokens.filter { !$0.isEmpty }.map { Array($0.utf8) } }

    /// True where no token was given, so that none is asked for.
    public var isEmpty: Bool { accepted.isEmpty }

    /// True where the request carries one of the tokens. Takes the same time whichever byte differs.
    public func isCarried(by headers: HTTPHeaders) -> Bool {
        guard let text = Self.text(headers) else { return false }
        let given = Array(text.utf8)
        var isAny = false
        for token in accepted where Self.equal(token, given) { isAny = true }
        return isAny
    }

    private static func equal(_ token: [UInt8], _ given: [UInt8]) -> Bool {
        var difference = UInt8(token.count == given.count ? 0 : 1)
        for index in given.indices { difference |= given[index] ^ token[index % token.count] }
        return difference == 0
    }

    /// The text behind `Bearer`; nil where there is none.
    static func text(_ headers: HTTPHeaders) -> String? {
        guard let field = headers["Authorization"] else { return nil }
        let parts = field.split(separator: " ", maxSplits: 1)
        guard parts.count == 2, HTTPHeaders.equal(parts[0], "bearer") else { return nil }
        let text = trimmed(parts[1])
        return text.isEmpty ? nil : text
    }
}

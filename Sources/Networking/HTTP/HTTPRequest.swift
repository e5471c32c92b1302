/// Methods this server knows; others are answered 501.
public enum HTTPMethod: String, Sendable, CaseIterable {
    case get = "GET"
    case head = "HEAD"
    case post = "POST"
    case put = "PUT"
    case patch = "PATCH"
    case delete = "DELETE"
    case options = "OPTIONS"
}

/// One request, complete with its body.
public struct HTTPRequest: Sendable {
    public let method: HTTPMethod
    /// Percent-decoded path, starting with `/` (or `*` of an OPTIONS request).
    public let path: String
    public let query: HTTPQuery
    public let headers: HTTPHeaders
    public let body: [UInt8]
    /// Whether the connection can serve another request after this one.
    public let keepsAlive: Bool
    /// Numeric address of the peer; empty where it is unknown.
    public var remoteAddress = ""

    public init(
        method: HTTPMethod, path: String, query: HTTPQuery = HTTPQuery(), headers: HTTPHeaders = [:],
        body: [UInt8] = [], keepsAlive: Bool = true
    ) {
        self.method = method
        self.path = path
        self.query = query
        self.headers = headers
        self.body = body
        self.keepsAlive = keepsAlive
    }
}

/// Query parameters, percent-decoded, in the order they were sent.
public struct HTTPQuery: Sendable {
    public private(set) var items: [(name: String, value: String)] = []

    public init() {}

    /// Reads `a=1&b=two%20words`; `+` is a space.
    ///
    /// - Returns: nil where a percent escape is broken or the text is not UTF-8.
    public init?(_ text: some StringProtocol) {
        for part in text.split(separator: "&") {
            let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = PercentEncoding.decode(pair[0], plusIsSpace: true),
                let value = PercentEncoding.decode(pair.count > 1 ? pair[1] : "", plusIsSpace: true)
            else { return nil }
            items.append((name, value))
        }
    }

    /// The first value of `name`.
    public subscript(name: String) -> String? { items.first { $0.name == name }?.value }
    /// All values of `name`.
    public func values(_ name: String) -> [String] { items.filter { $0.name == name }.map(\.value) }
}

/// Percent encoding of URIs (RFC 3986 section 2.1).
public enum PercentEncoding {
    /// The text behind the escapes; nil where an escape is broken, gives a zero byte, or the result is not UTF-8.
    public static func decode(_ text: some StringProtocol, plusIsSpace: Bool = false) -> String? {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(text.utf8.count)
        var rest = Array(text.utf8)[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard let high = rest.popFirst().flatMap(hexValue), let low = rest.popFirst().flatMap(hexValue),
                    high | low != 0
                else { return nil }
                bytes.append(high << 4 | low)
            case UInt8(ascii: "+") where plusIsSpace: bytes.append(UInt8(ascii: " "))
            default: bytes.append(byte)
            }
        }
        return String(validating: bytes, as: UTF8.self)
    }

    /// Escapes every byte that is not unreserved.
    public static func encode(_ text: some StringProtocol) -> String {
        var result = ""
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"),
                UInt8(ascii: "~"):
                result.unicodeScalars.append(Unicode.Scalar(byte))
            default:
                let hex = String(byte, radix: 16, uppercase: true)
                result += byte < 16 ? "%0" + hex : "%" + hex
            }
        }
        return result
    }

    private static func hexValue(_ byte: UInt8) -> UInt8? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

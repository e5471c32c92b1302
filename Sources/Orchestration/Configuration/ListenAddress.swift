/// Host and port of a server.
public struct ListenAddress: Sendable, Equatable, CustomStringConvertible {
    /// An address or name, without brackets.
    public let host: String
    /// 0 lets the system choose a free port.
    public let port: UInt16

    /// Reads `127.0.0.1:8080`, `localhost:0`, `[::1]:8080` or `:8080` (which is loopback); nil for anything else.
    public init?(_ text: String) {
        guard let mark = text.lastIndex(of: ":"), let port = UInt16(text[text.index(after: mark)...]) else {
            return nil
        }
        var host = text[..<mark]
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
        } else if host.contains(":") {
            return nil
        }
        self.host = host.isEmpty ? "127.0.0.1" : String(host)
        self.port = port
    }

    /// True where only this machine can connect.
    public var isLoopback: Bool {
        if host == "localhost" || host == "::1" { return true }
        let parts = host.split(separator: ".", omittingEmptySubsequences: false)
        return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
    }

    public var description: String { host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)" }
}

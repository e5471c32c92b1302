/// Text messages framed for the wire, one behind the other, in memory that can be reused.
///
/// A server's frames are not masked (RFC 6455 section 5.1), so the same bytes serve every client.
public struct WebSocketFrames: Sendable {
    /// Frame headers and payloads, in order.
    private(set) var bytes: [UInt8] = []
    /// Behind the last byte of each message.
    private var ends: [Int] = []

    public init() {}

    /// One text message; `text` must be UTF-8.
    public init(text: [UInt8]) { self.init(texts: [text]) }

    /// Several text messages.
    public init(texts: [[UInt8]]) {
        bytes.reserveCapacity(texts.reduce(0) { $0 + $1.count + WebSocketFrameHeader.maxBytes })
        for text in texts { append(text) }
    }

    /// Messages inside.
    public var messageCount: Int { ends.count }
    /// Bytes on the wire.
    public var byteCount: Int { bytes.count }

    /// Adds a text message; `text` must be UTF-8.
    public mutating func append(_ text: [UInt8]) {
        WebSocketFrameHeader.append(.text, payloadBytes: text.count, to: &bytes)
        bytes.append(contentsOf: text)
        ends.append(bytes.count)
    }

    /// Removes all messages and keeps the memory.
    public mutating func removeAll() {
        bytes.removeAll(keepingCapacity: true)
        ends.removeAll(keepingCapacity: true)
    }

    /// A copy of one message.
    public func message(_ index: Int) -> WebSocketFrames {
        var copy = WebSocketFrames()
        copy.bytes = Array(bytes[byteRange(index..<index + 1)])
        copy.ends = [copy.bytes.count]
        return copy
    }

    /// Where the bytes of some messages are.
    func byteRange(_ messages: Range<Int>) -> Range<Int> {
        guard !messages.isEmpty else { return 0..<0 }
        return (messages.lowerBound == 0 ? 0 : ends[messages.lowerBound - 1])..<ends[messages.upperBound - 1]
    }
}

/// What a frame carries (RFC 6455 section 5.2).
enum WebSocketOpcode: UInt8 {
    case continuation = 0
    case text = 1
    case binary = 2
    case close = 8
    case ping = 9
    case pong = 10

    /// Control frames are short, never fragmented, and may come between fragments.
    var isControl: Bool { rawValue >= 8 }
}

/// The bytes ahead of an unmasked payload.
///
/// | byte | holds |
/// |---|---|
/// | 0 | 0x80 (final) + opcode |
/// | 1 | payload length below 126, or 126 (16-bit length follows), or 127 (64-bit length follows) |
/// | 2… | length, big-endian |
enum WebSocketFrameHeader {
    static let maxBytes = 10

    static func append(_ opcode: WebSocketOpcode, payloadBytes: Int, to bytes: inout [UInt8]) {
        bytes.append(0x80 | opcode.rawValue)
        switch payloadBytes {
        case ..<126: bytes.append(UInt8(payloadBytes))
        case ..<65_536:
            bytes.append(126)
            bytes.append(UInt8(payloadBytes >> 8))
            bytes.append(UInt8(payloadBytes & 0xff))
        default:
            bytes.append(127)
            for shift in stride(from: 56, through: 0, by: -8) {
                bytes.append(UInt8(truncatingIfNeeded: payloadBytes >> shift))
            }
        }
    }

    /// A whole control frame.
    static func control(_ opcode: WebSocketOpcode, _ payload: some Collection<UInt8>) -> [UInt8] {
        precondition(opcode.isControl && payload.count <= 125)
        var bytes: [UInt8] = []
        append(opcode, payloadBytes: payload.count, to: &bytes)
        bytes.append(contentsOf: payload)
        return bytes
    }

    /// A close frame; the reason is cut to what fits. 1005 stands for "no code" and gives an empty frame.
    static func close(code: UInt16, reason: String) -> [UInt8] {
        guard code != 1005 else { return control(.close, []) }
        var text = reason
        while text.utf8.count > 123 { text.removeLast() }
        return control(.close, [UInt8(code >> 8), UInt8(code & 0xff)] + Array(text.utf8))
    }
}

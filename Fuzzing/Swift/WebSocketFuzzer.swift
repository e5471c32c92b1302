@testable import Networking

/// Frames that a client of the live stream sends.
struct WebSocketFuzzer: FuzzTarget {
    static let name = "websocket"
    private static let mostBytes = 1 << 10

    func run(_ input: [UInt8]) {
        let whole = events(input, piece: input.count)
        for piece in [1, 3, 17] {
            require(whole.map { "\($0)" } == events(input, piece: piece).map { "\($0)" }, "pieces of \(piece)")
        }
        for (index, event) in whole.enumerated() { look(at: event, isLast: index == whole.count - 1) }
    }

    private func events(_ input: [UInt8], piece: Int) -> [WebSocketParser.Event] {
        var parser = WebSocketParser(maxMessageBytes: Self.mostBytes)
        var events: [WebSocketParser.Event] = []
        for start in stride(from: 0, to: input.count, by: max(1, piece)) {
            input[start..<min(input.count, start + piece)].withUnsafeBytes { parser.append($0.bytes) }
            while let event = parser.next() {
                events.append(event)
                require(events.count <= input.count, "more events than bytes")
            }
        }
        return events
    }

    private func look(at event: WebSocketParser.Event, isLast: Bool) {
        switch event {
        case .message(let bytes, let isText):
            require(bytes.count <= Self.mostBytes, "a message of \(bytes.count) bytes")
            require(!isText || String(validating: bytes, as: UTF8.self) != nil, "text that is not UTF-8")
        case .ping(let bytes): require(WebSocketFrameHeader.control(.pong, bytes).count <= 127, "a long ping")
        case .pong: break
        case .close(let code, let reason):
            require(isLast, "something behind a close frame")
            require(WebSocketFrameHeader.close(code: code, reason: reason).count <= 127, "a long close frame")
        case .violation(let code, let message):
            require(isLast, "something behind a violation")
            require([1002, 1007, 1009].contains(code) && !message.isEmpty, "violation \(code)")
            require(WebSocketFrameHeader.close(code: code, reason: message).count <= 127, "a long close frame")
        }
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        func frame(_ first: UInt8, _ payload: [UInt8], mask: [UInt8] = [1, 2, 3, 4]) -> [UInt8] {
            let length: [UInt8] =
                payload.count < 126
                ? [0x80 | UInt8(payload.count)] : [0xfe, UInt8(payload.count >> 8), UInt8(payload.count & 255)]
            return [first] + length + mask + payload.enumerated().map { $0.element ^ mask[$0.offset & 3] }
        }
        let text = Array(#"{"op":"subscribe","channels":["trades"]}"#.utf8)
        let halves = frame(0x01, Array(text.prefix(9))) + frame(0x89, [7]) + frame(0x80, Array(text.dropFirst(9)))
        return [
            frame(0x81, text), halves, frame(0x82, [UInt8](repeating: 9, count: 300)), frame(0x8a, []),
            frame(0x88, [3, 0xe8] + Array("bye é".utf8)), frame(0x88, []), frame(0x81, [0xff]), [0x81, 0x05, 1, 2],
            frame(0x82, text) + frame(0x81, text) + frame(0x88, [3, 0xe9]),
            [0x82, 0xff, 0, 0, 0, 0, 0, 0, 8, 0, 1, 2, 3, 4],
        ]
    }
}

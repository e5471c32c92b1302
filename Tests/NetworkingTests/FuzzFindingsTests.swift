import Testing

@testable import Networking

/// Inputs that `make fuzz` found, made small.
@Suite struct FuzzFindingsTests {
    @Test(arguments: [[0x88, 0x80, 1, 2, 3, 4], [0x88, 0x82, 0, 0, 0, 0, 3, 0xe8]] as [[UInt8]])
    func `nothing counts behind a close frame, with or without a code`(close: [UInt8]) {
        var parser = WebSocketParser(maxMessageBytes: 100)
        let ping: [UInt8] = [0x89, 0x80, 1, 2, 3, 4]
        (close + ping).withUnsafeBytes { parser.append($0.bytes) }
        guard case .close = parser.next() else {
            Issue.record("no close event")
            return
        }
        let behind = parser.next()
        #expect(behind == nil)
    }
}

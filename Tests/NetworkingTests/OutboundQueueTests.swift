import Platform
import TestKit
import Testing

@testable import Networking

@Suite struct OutboundQueueTests {
    private func taken(_ queue: inout OutboundQueue) -> (bytes: [UInt8], messages: Int) {
        var batch = Column<UInt8>()
        let messages = queue.take(into: &batch)
        return (Array(batch.buffer), messages)
    }

    @Test func `runs are taken in order and as far as they fit, and the writer is told once`() {
        let frames = WebSocketFrames(texts: ["a", "bb", "ccc", "dddd"].map { Array($0.utf8) })
        var queue = OutboundQueue(maxMessages: 3, maxBytes: 100)
        var result = queue.push(frames, [0..<1])
        #expect(result.count == 1 && result.schedule)
        result = queue.push(frames, [1..<2, 2..<4])
        #expect(result.count == 2 && !result.schedule)
        result = queue.push(frames, [0..<1])
        #expect(result.count == 0 && !result.schedule)
        let expected = WebSocketFrames(texts: ["a", "bb", "ccc"].map { Array($0.utf8) }).bytes
        let first = taken(&queue)
        #expect(first.bytes == expected && first.messages == 3)
        #expect(queue.push(frames, [0..<1]).count == 0)
        queue.wrote(messages: 3, bytes: first.bytes.count)
        result = queue.push(frames, [3..<4])
        #expect(result.count == 1 && !result.schedule)
        #expect(taken(&queue).messages == 1)
        #expect(taken(&queue).messages == 0)
        queue.wrote(messages: 1, bytes: 6)
        #expect(queue.messages == 0 && queue.bytes == 0)
        #expect(queue.push(frames, [0..<1]).schedule)
    }

    @Test func `nothing overtakes a message that does not fit`() {
        let frames = WebSocketFrames(texts: [1, 50, 1].map { [UInt8](repeating: 0x61, count: $0) })
        var queue = OutboundQueue(maxMessages: 100, maxBytes: 20)
        #expect(queue.push(frames, [0..<2, 2..<3]).count == 1)
        #expect(queue.push(frames, [0..<1, 1..<2, 2..<3]).count == 1)
    }

    @Test func `bytes are bounded too, and a closed queue takes nothing`() {
        let frames = WebSocketFrames(texts: (0..<10).map { _ in [UInt8](repeating: 0x61, count: 8) })
        var queue = OutboundQueue(maxMessages: 100, maxBytes: 35)
        #expect(queue.push(frames, [0..<10]).count == 3)
        #expect(queue.bytes == 30)
        queue.close()
        #expect(queue.push(frames, [0..<1]).count == 0)
        #expect(queue.bytes == 0 && taken(&queue).messages == 0)
    }
}

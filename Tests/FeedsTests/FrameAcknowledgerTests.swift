import Testing

@testable import Feeds

@Suite struct FrameAcknowledgerTests {
    @Test func `only frames that are durable are acknowledged, each count once`() {
        var acknowledger = FrameAcknowledger()
        #expect(acknowledger.next(FrameProgress(given: 0, durable: 0)) == nil)
        for _ in 0..<3 { acknowledger.countFrame() }
        #expect(acknowledger.next(FrameProgress(given: 13, durable: 9)) == nil)
        acknowledger.countFrame()
        #expect(acknowledger.next(FrameProgress(given: 15, durable: 13)) == 3)
        #expect(acknowledger.next(FrameProgress(given: 15, durable: 14)) == nil)
        #expect(acknowledger.next(FrameProgress(given: 15, durable: 15)) == 4)
        #expect(acknowledger.next(FrameProgress(given: 15, durable: 20)) == nil)
    }
}

import Analytics
import Market
import Testing

@testable import Analytics

@Suite struct DeliveryKeysTests {
    private func delivery(_ number: Int, content: UInt64 = 1) -> DeliveryKey {
        var digest = StableDigest()
        digest.add(Int64(number))
        return DeliveryKey(key: digest, content: content)
    }

    @Test func `a delivery counts once per feed, also after a checkpoint`() throws {
        let configuration = try EngineConfiguration(intervals: [Interval(parsing: "1m")])
        let engine = Engine(configuration)
        #expect(engine.takes(delivery(1), feed: 1) == .new)
        #expect(engine.takes(delivery(1), feed: 1) == .repeated)
        #expect(engine.takes(delivery(1), feed: 2) == .new)
        #expect(engine.takes(delivery(1, content: 2), feed: 1) == .reused)
        let restored = try Engine(configuration, restoring: engine.encode())
        #expect(restored.takes(delivery(1), feed: 1) == .repeated)
        #expect(restored.takes(delivery(1, content: 2), feed: 1) == .reused)
        #expect(restored.takes(delivery(2), feed: 1) == .new)
        #expect(restored.counters(feed: 1).duplicateFrames == 2 && restored.counters(feed: 2).duplicateFrames == 0)
    }

    @Test func `the latest keys are known, the oldest go first, the same after a checkpoint`() throws {
        var keys = DeliveryKeys()
        for number in 0..<DeliveryKeys.window + 3 { #expect(keys.insert(delivery(number)) == .new) }
        let configuration = try EngineConfiguration(intervals: [Interval(parsing: "1m")])
        let engine = Engine(configuration)
        for number in 0..<DeliveryKeys.window + 3 { _ = engine.takes(delivery(number), feed: 0) }
        let restored = try Engine(configuration, restoring: engine.encode())
        #expect(restored.encode() == engine.encode())
        #expect(restored.takes(delivery(3), feed: 0) == .repeated && keys.insert(delivery(3)) == .repeated)
        #expect(restored.takes(delivery(2), feed: 0) == .new && keys.insert(delivery(2)) == .new)
        #expect(restored.takes(delivery(3), feed: 0) == .new && keys.insert(delivery(3)) == .new)
    }
}

import Market
import Testing

@testable import Analytics

@Suite struct StreamPositionsStateTests {
    private func takes(_ engine: Engine, _ log: String, _ number: Int64, feed: UInt32 = 1) -> Bool {
        Array(log.utf8).withUnsafeBytes {
            engine.takes(StreamPosition(log: $0, number: StreamNumber(number)), feed: feed)
        }
    }

    @Test func `a frame counts once per feed and log, also after a checkpoint`() throws {
        let configuration = try EngineConfiguration(intervals: [Interval(parsing: "1m")])
        let engine = Engine(configuration)
        #expect(takes(engine, "t/0", 5) && takes(engine, "t/1", 5) && takes(engine, "t/0", 5, feed: 2))
        #expect(!takes(engine, "t/0", 5))
        engine.saw(log: Array("t/2".utf8), upTo: StreamNumber(9), feed: 1)
        engine.saw(log: Array("t/0".utf8), upTo: StreamNumber(2), feed: 1)
        let restored = try Engine(configuration, restoring: engine.encode())
        #expect(restored.positions(feed: 1) == engine.positions(feed: 1) && restored.encode() == engine.encode())
        #expect(!takes(restored, "t/0", 5) && !takes(restored, "t/2", 9) && takes(restored, "t/0", 6))
        #expect(takes(restored, "t/2", 30))
        #expect(restored.counters(feed: 1).duplicateFrames == 3 && restored.counters(feed: 2).duplicateFrames == 0)
    }
}

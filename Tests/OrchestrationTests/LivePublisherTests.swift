import Analytics
import Market
import Networking
import Serving
import Synchronization
import Testing

@testable import Orchestration

/// Counts the messages of each offer.
private final class CountingClient: LiveClient {
    private let counts = Mutex<[Int]>([])
    var offers: [Int] { counts.withLock { $0 } }

    func offer(_ frames: WebSocketFrames, _ runs: [Range<Int>]) -> Int {
        let count = runs.reduce(0) { $0 + $1.count }
        counts.withLock { $0.append(count) }
        return count
    }
    func flush() {}
}

@Suite struct LivePublisherTests {
    @Test func `small blocks are published whole, of a large one the latest of each instrument, and not too often`()
        throws
    {
        let stream = LiveStream()
        let client = CountingClient()
        stream.receive(Array(#"{"op":"subscribe","channels":["trades"]}"#.utf8), from: stream.open(client))
        let engine = Engine(try EngineConfiguration(intervals: [Interval(seconds: 60)]))
        let instruments = InstrumentTable()
        var publisher = LivePublisher(stream, engine.configuration)
        let step = Step(
            output: EngineOutput(engine.configuration),
            endOffset: 0)
        func block(_ rows: Int, of symbols: Int, atMs now: Int64) {
            let start = LivePublisher.Position(step)
            for row in 0..<rows {
                step.events.trades.append(
                    instrument: instruments.intern(Instrument(venue: "V", symbol: "S\(row % symbols)")),
                    eventTimeNs: 1, ingestTimeNs: 1, price: 1, size: 1, journalOffset: 0, frameIndex: 0)
            }
            publisher.publish(
                step, since: start, engine: engine, instruments: instruments, nowNs: (1000 + now) * 1_000_000)
        }
        block(5, of: 3, atMs: 0)
        block(LivePublisher.rowsMax, of: 3, atMs: 1)
        #expect(client.offers == [1, 5, LivePublisher.rowsMax])
        block(LivePublisher.rowsMax + 1, of: 7, atMs: 2)
        block(LivePublisher.rowsMax + 1, of: 7, atMs: 51)
        #expect(client.offers == [1, 5, LivePublisher.rowsMax, 7])
        block(LivePublisher.rowsMax + 1, of: 4, atMs: 52)
        #expect(client.offers == [1, 5, LivePublisher.rowsMax, 7, 4])
    }
}

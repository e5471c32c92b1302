import Analytics
import Market
import Platform
import Testing

/// The engine's rules, one by one.
struct EngineTests {
    /// An engine with one- and ten-second bars and two seconds of lateness, and what it has put out.
    private final class Bench {
        let engine: Engine
        let output: EngineOutput
        private var offset: Int64 = 0

        init(priceTypes: [PriceType] = [.trade], intervals: [Int64] = [1, 10]) throws {
            let configuration = try EngineConfiguration(
                intervals: intervals.map { Interval(seconds: $0) }, priceTypes: priceTypes)
            engine = Engine(configuration)
            output = EngineOutput(configuration)
        }

        /// Hands over one trade, its time in milliseconds.
        func trade(
            _ ms: Int64, _ price: Double, size: Double = 1, number: Int64 = ArrowColumn.missingInt64,
            ingestMs: Int64? = nil, instrument: UInt32 = 0
        ) {
            var event = TestEvent()
            event.instrument = instrument
            event.timeNs = ms * 1_000_000
            event.ingestNs = (ingestMs ?? ms) * 1_000_000
            event.price = price
            event.other = size
            event.number = number
            hand(event)
        }

        func quote(_ ms: Int64, _ bid: Double, _ ask: Double) {
            var event = TestEvent()
            event.isTrade = false
            event.timeNs = ms * 1_000_000
            event.ingestNs = event.timeNs
            event.price = bid
            event.other = ask
            hand(event)
        }

        private func hand(_ event: TestEvent) {
            var event = event
            event.offset = offset
            offset += 1
            let events = EventBatch()
            append(event, to: events)
            engine.process(events, feed: 0, into: output)
        }

        func heartbeat(_ ms: Int64) {
            engine.heartbeat(feed: 0, ingestTimeNs: ms * 1_000_000, journalOffset: offset, into: output)
            offset += 1
        }

        func end() {
            engine.end(feed: 0, journalOffset: offset, into: output)
            offset += 1
        }

        /// Final bars of an interval so far.
        func bars(_ interval: UInt8 = 0) -> [Bar] {
            (0..<output.bars.count).map { output.bars[$0] }.filter { $0.interval == interval }
        }

        var open: [Bar] {
            let batch = BarBatch(intervals: output.bars.intervals)
            engine.openBars(into: batch)
            return (0..<batch.count).map { batch[$0] }
        }

        func changed() -> [Bar] {
            let batch = BarBatch(intervals: output.bars.intervals)
            engine.changedBars(into: batch)
            return (0..<batch.count).map { batch[$0] }
        }
    }

    @Test func `a bar is emitted once, when the watermark reaches its end, with the offset that caused it`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5, size: 2)
        bench.trade(10_999, 7, size: 1)
        bench.trade(12_999, 6)
        #expect(bench.bars().isEmpty)
        bench.trade(13_000, 6)
        #expect(
            bench.bars() == [
                Bar(
                    instrument: 0, priceType: .trade, interval: 0, startNs: 10_000_000_000, open: 5, high: 7, low: 5,
                    close: 7, volume: 3, vwap: 17.0 / 3, trades: 2, isFinal: true, revision: 0, journalOffset: 3)
            ])
    }

    @Test func `open and close follow event time, ties follow arrival`() throws {
        let bench = try Bench()
        bench.trade(10_500, 5)
        bench.trade(10_700, 6)
        bench.trade(10_500, 8)
        bench.trade(10_700, 9)
        bench.trade(10_200, 4)
        bench.trade(10_200, 3)
        bench.end()
        let bar = try #require(bench.bars().first)
        #expect(bar.open == 4 && bar.close == 9 && bar.high == 9 && bar.low == 3 && bar.trades == 6)
    }

    @Test func `each change after the end was reached is a revision`() throws {
        let bench = try Bench()
        bench.trade(10_500, 5)
        bench.trade(10_600, 5)
        bench.trade(11_000, 6)
        bench.trade(10_900, 7)
        bench.trade(10_100, 4)
        let bar = try #require(bench.open.first { $0.interval == 0 && $0.startNs == 10_000_000_000 })
        #expect(bar.revision == 2 && !bar.isFinal && bar.close == 7 && bar.open == 4 && bar.journalOffset == 4)
        bench.end()
        #expect(bench.bars().map(\.revision) == [2, 0])
        #expect(bench.bars(1).map(\.revision) == [0])
    }

    @Test func `a late trade counts once and changes only bars that are still open`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5)
        bench.trade(15_000, 6)
        bench.trade(10_500, 9)
        #expect(bench.engine.counters(feed: 0).late == 1)
        bench.end()
        #expect(bench.bars().map(\.trades) == [1, 1])
        #expect(bench.bars(1).map(\.high) == [9])
        #expect(bench.engine.counters(feed: 0).trades == 3)
    }

    @Test func `a late trade does not bring back a bar that had no trade in time`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5)
        bench.trade(30_000, 5)
        bench.trade(12_000, 5)
        bench.end()
        #expect(bench.bars().map(\.startNs) == [10_000_000_000, 30_000_000_000])
    }

    @Test func `a time from the future does not make everything after it late`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5)
        bench.trade(90_000_000, 500, ingestMs: 10_001)
        bench.trade(10_100, 6)
        bench.end()
        let counters = bench.engine.counters(feed: 0)
        #expect(counters.future == 1 && counters.late == 0 && counters.trades == 3)
        #expect(bench.bars().map(\.high) == [6])
    }

    @Test func `heartbeats close bars after the grace, by the time that passed since the last trade`() throws {
        let bench = try Bench(intervals: [1])
        // The venue is fifteen minutes behind the clock here.
        bench.trade(10_000, 5, ingestMs: 910_000)
        bench.heartbeat(917_999)
        #expect(bench.bars().isEmpty)
        bench.heartbeat(918_000)
        #expect(bench.bars().map(\.journalOffset) == [2])
        bench.trade(12_000, 5, ingestMs: 918_500)
        #expect(bench.engine.counters(feed: 0).late == 0)
    }

    @Test func `a heartbeat before the first event changes nothing`() throws {
        let bench = try Bench()
        bench.heartbeat(1_000_000)
        bench.trade(10_000, 5)
        #expect(bench.engine.counters(feed: 0).late == 0 && bench.open.count == 2)
    }

    @Test func `after the end of a session an earlier recording may follow`() throws {
        let bench = try Bench()
        bench.trade(100_000, 5)
        bench.end()
        #expect(bench.engine.watermarkNs(feed: 0) == nil)
        bench.trade(10_000, 6)
        #expect(bench.engine.watermarkNs(feed: 0) == 8_000_000_000)
        bench.end()
        #expect(bench.bars().map(\.startNs) == [100_000_000_000, 10_000_000_000])
        #expect(bench.engine.counters(feed: 0).late == 0)
    }

    @Test func `a live feed that connects again keeps its open bars, a recording that starts closes them`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5)
        bench.engine.begin(feed: 0, continues: true, ingestTimeNs: 0, journalOffset: 1, into: bench.output)
        #expect(bench.open.count == 2 && bench.output.bars.count == 0)
        bench.engine.begin(feed: 0, continues: false, ingestTimeNs: 0, journalOffset: 2, into: bench.output)
        #expect(bench.open.isEmpty && bench.output.bars.count == 2 && bench.engine.openBarCount == 0)
    }

    @Test func `bars close by interval, then end, then order of opening`() throws {
        let bench = try Bench(intervals: [10, 1])
        bench.trade(11_000, 5, instrument: 7)
        bench.trade(10_900, 5, instrument: 7)
        bench.trade(10_000, 5, instrument: 3)
        bench.trade(11_500, 5, instrument: 3)
        bench.trade(60_000, 5, instrument: 3)
        let closed = (0..<bench.output.bars.count).map { bench.output.bars[$0] }
        #expect(closed.map(\.interval) == [0, 0, 1, 1, 1, 1])
        #expect(closed.map(\.instrument) == [7, 3, 7, 3, 7, 3])
        #expect(closed.map { $0.startNs / 1_000_000_000 } == [10, 10, 10, 10, 11, 11])
    }

    @Test func `quotes make bid and ask bars without volume, and a missing side is left out`() throws {
        let bench = try Bench(priceTypes: [.bid, .ask], intervals: [1])
        bench.quote(10_000, 5, 6)
        bench.quote(10_100, .nan, 7)
        bench.quote(10_200, 8, 7)
        bench.trade(10_300, 100)
        bench.end()
        let bars = bench.bars()
        #expect(bars.map(\.priceType) == [.bid, .ask])
        #expect(bars.map(\.trades) == [2, 3] && bars.map(\.close) == [8, 7])
        #expect(bars.allSatisfy { $0.volume == 0 && $0.vwap.isNaN })
        let counters = bench.engine.counters(feed: 0)
        #expect(counters.crossedQuotes == 1 && counters.quotes == 3 && counters.trades == 1)
    }

    @Test func `prices and sizes that are no numbers do not reach the bars`() throws {
        let bench = try Bench(intervals: [1])
        bench.trade(10_000, .nan)
        bench.trade(10_000, .infinity)
        bench.trade(10_100, 5, size: .nan)
        bench.trade(10_200, 6, size: 0)
        bench.end()
        let bar = try #require(bench.bars().first)
        #expect(bar.open == 5 && bar.close == 6 && bar.trades == 2 && bar.volume == 0 && bar.vwap.isNaN)
        #expect(bench.engine.counters(feed: 0).trades == 4)
    }

    @Test func `sums stay exact to the last bit over millions of trades`() throws {
        let bench = try Bench(intervals: [86_400])
        let events = EventBatch()
        let count = 300_000
        for row in 0..<count {
            events.trades.append(
                instrument: 0, eventTimeNs: Int64(row) * 1_000_000, ingestTimeNs: Int64(row) * 1_000_000, price: 1,
                size: 0.1, journalOffset: Int64(row), frameIndex: 0)
        }
        bench.engine.process(events, feed: 0, into: bench.output)
        // One tenth is not a double; the sum of so many differs from a plain addition's in the seventh digit.
        let volume = try #require(bench.open.first).volume
        #expect(volume == 0.1 * Double(count))
        #expect((0..<count).reduce(0.0) { sum, _ in sum + 0.1 } != volume)
    }

    @Test func `a trade number is seen once per instrument, whichever feed brings it`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5, number: 1)
        bench.trade(10_000, 5, number: 1, instrument: 1)
        let events = EventBatch()
        var event = TestEvent()
        event.timeNs = 10_000_000_000
        event.number = 1
        event.price = 5
        append(event, to: events)
        event.number = 2
        append(event, to: events)
        append(event, to: events)
        bench.engine.process(events, feed: 4, into: bench.output)
        #expect(events.trades.count == 1 && events.trades.tradeID[0] == 2)
        #expect(bench.engine.counters(feed: 4).duplicateTrades == 2)
        #expect(bench.engine.totals.trades == 3 && bench.engine.totals.duplicates == 2)
    }

    @Test func `equal prints without a number all survive`() throws {
        let bench = try Bench()
        for _ in 0..<5 { bench.trade(10_000, 5) }
        #expect(bench.engine.counters(feed: 0).trades == 5 && bench.open.first?.trades == 5)
    }

    @Test func `gaps are counted when they open and when they are filled`() throws {
        let bench = try Bench()
        for number: Int64 in [1, 2, 6, 7, 4] { bench.trade(10_000, 5, number: number) }
        var counters = bench.engine.counters(feed: 0)
        #expect(counters.gapsOpened == 2 && counters.gapsOpen == 2 && counters.missingTrades == 2)
        for number: Int64 in [3, 5, 8] { bench.trade(10_000, 5, number: number) }
        counters = bench.engine.counters(feed: 0)
        #expect(counters.gapsFilled == 2 && counters.gapsOpen == 0 && counters.missingTrades == 0)
    }

    @Test func `changed bars are told once each, and not after they closed`() throws {
        let bench = try Bench()
        bench.trade(10_000, 5)
        bench.trade(10_001, 6)
        #expect(bench.changed().map(\.close) == [6, 6])
        #expect(bench.changed().isEmpty)
        bench.trade(11_000, 7)
        #expect(bench.changed().map { $0.startNs / 1_000_000_000 } == [11, 10])
        bench.trade(11_500, 8)
        bench.trade(20_000, 9)
        #expect(bench.changed().map { $0.startNs / 1_000_000_000 }.sorted() == [10, 20, 20])
    }

    @Test(arguments: [0, 6, 40, 200])
    func `a checkpoint that was cut short, changed or made otherwise is refused`(length: Int) throws {
        let bench = try Bench()
        bench.trade(10_000, 5, number: 1)
        let state = bench.engine.encode()
        let configuration = bench.engine.configuration
        var error = #expect(throws: EngineStateError.self) {
            try Engine(configuration, restoring: Array(state.prefix(length)))
        }
        #expect(error?.code == .damaged)
        error = #expect(throws: EngineStateError.self) { try Engine(configuration, restoring: state + [0]) }
        #expect(error?.code == .damaged)
        let other = try EngineConfiguration(intervals: [Interval(seconds: 1)])
        error = #expect(throws: EngineStateError.self) { try Engine(other, restoring: state) }
        #expect(error?.code == .otherConfiguration)
        #expect(error?.description.contains("journal") == true)
    }

    @Test func `a configuration that cannot be is refused`() {
        #expect(throws: ConfigError.self) {
            try EngineConfiguration(intervals: [Interval(seconds: 60), Interval(parsing: "1m")])
        }
        #expect(throws: ConfigError.self) {
            try EngineConfiguration(intervals: [], indicators: [.init(parsing: "sma"), .init(parsing: "sma(20)")])
        }
        #expect(throws: ConfigError.self) { try EngineConfiguration(intervals: [], latenessNs: -1) }
    }

    @Test func `the benchmark makes bars and values`() {
        let report = AnalyticsBench.bars(rows: 40_000, instruments: 20, tradesPerSecond: 500, batchRows: 1000)
        #expect(report.rows == 40_000 && report.bars > 20 * 70 && report.indicatorValues > report.bars)
        #expect(report.rowsPerSecond > 0 && report.cpuNsPerRow > 0)
    }
}

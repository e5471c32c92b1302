import Analytics
import Market
import TestKit
import Testing

/// The engine against a plain model, and against itself cut and restarted at other places.
struct EnginePropertyTests {
    static func configuration(_ seed: UInt64) throws -> EngineConfiguration {
        let latenesses: [Int64] = [0, 500_000_000, 2_000_000_000, 61_000_000_000]
        return try EngineConfiguration(
            intervals: [Interval(seconds: 60), Interval(seconds: 1), Interval(seconds: 7), Interval(seconds: 3600)],
            priceTypes: seed % 2 == 0 ? [.trade, .bid, .ask] : [.ask, .trade],
            indicators: [
                IndicatorSpec(parsing: "sma(3)"), IndicatorSpec(parsing: "rsi(4)"), IndicatorSpec(parsing: "atr(2)"),
            ],
            latenessNs: latenesses[Int(seed / 2 % 4)])
    }

    @Test(arguments: UInt64(0)..<32)
    func `bars, values and drops are those of the plain model`(seed: UInt64) throws {
        let configuration = try Self.configuration(seed)
        var journal = RandomJournal(seed: seed)
        let records = journal.records(600)
        let reference = ReferenceEngine(configuration)
        for record in records { reference.process(record) }
        let (result, _) = try EngineRunner(configuration: configuration).run(records)
        #expect(result.keptTrades == reference.result.keptTrades)
        #expect(result.keptQuotes == reference.result.keptQuotes)
        #expect(result.bars == reference.result.bars)
        #expect(result.valueKeys == reference.result.valueKeys)
        let isClose = zip(result.values, reference.result.values).allSatisfy { abs($0 - $1) <= 1e-9 * max(1, abs($1)) }
        #expect(isClose)
        #expect(!result.bars.isEmpty && !result.values.isEmpty)
        for (feed, counters) in result.counters.enumerated() {
            #expect(
                [
                    counters.trades, counters.quotes, counters.duplicates, counters.late, counters.future,
                    counters.crossedQuotes,
                ] == reference.counts[UInt32(feed)])
        }
        let totals = result.counters.reduce(into: FeedCounters()) { $0 += $1 }
        #expect(totals.bars == result.bars.count && totals.indicatorValues == result.values.count)
    }

    @Test(arguments: UInt64(0)..<32)
    func `output and state are bit-identical whatever the batches and restarts`(seed: UInt64) throws {
        let configuration = try Self.configuration(seed)
        var journal = RandomJournal(seed: seed)
        let records = journal.records(600)
        let whole = try EngineRunner(configuration: configuration).run(records)
        let single = try EngineRunner(configuration: configuration, cuts: { true }).run(records)
        var random = SeededGenerator(seed: seed &+ 1000)
        let restarted = try EngineRunner(
            configuration: configuration, cuts: { random.next() % 5 == 0 }, restarts: { random.next() % 31 == 0 },
            shares: { random.next() % 10 != 0 }
        ).run(records)
        #expect(single.result == whole.result)
        #expect(single.state == whole.state)
        #expect(restarted.result == whole.result)
        #expect(restarted.state == whole.state)
    }

    @Test(arguments: UInt64(0)..<32)
    func `what coverage says is missing is what is missing`(seed: UInt64) throws {
        var journal = RandomJournal(seed: seed)
        var records = journal.records(600)
        for feed in UInt32(0)..<3 { records.append(TestRecord(feed: feed, offset: 600 + Int64(feed), kind: .end)) }
        let (result, _) = try EngineRunner(configuration: Self.configuration(seed)).run(records)
        let totals = result.counters.reduce(into: FeedCounters()) { $0 += $1 }
        let missing = result.coverage.filter { $0.kind == "sequence_gap" }.reduce(0) { $0 + $1.missing }
        let filled = result.coverage.filter { $0.kind == "backfill" }.reduce(0) { $0 + $1.missing }
        #expect(missing > 0 && filled > 0)
        #expect(missing - filled == totals.missingTrades)
        #expect(result.coverage.allSatisfy { $0.fromNs <= $0.toNs })
        let places = result.coverage.map { [$0.journalOffset, $0.frameIndex] }
        #expect(zip(places, places.dropFirst()).allSatisfy { $0[0] < $1[0] || ($0[0] == $1[0] && $0[1] < $1[1]) })
    }
}

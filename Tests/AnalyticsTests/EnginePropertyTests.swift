import Analytics
import Market
import TestKit
import Testing

/// The engine against a plain model, and against itself cut and restarted at other places.
struct EnginePropertyTests {
    /// Names that give even instruments a venue with trading hours, and the days of these.
    static let names = EngineNames(
        feed: { "\($0)" },
        instrument: { Instrument(venue: $0 % 2 == 0 ? "SHORT" : "OTHER", symbol: "\($0)") })
    static let calendar = """
        calendar SHORT
        name Trades for an hour and a half at night, around the times of the journal
        venues SHORT
        clock UTC UTC
        week mon tue wed thu fri sat sun
        hours 21:00-21:30 22:00-22:20
        auction 3
        holiday 2023-11-13
        """

    /// From 21:00 to 22:23 on the days around 2023-11-14, but for the 13th.
    static func sessions(_ instrument: UInt32) -> [(Int64, Int64)]? {
        let midnight: Int64 = 1_699_920_000_000_000_000
        let minute: Int64 = 60_000_000_000
        return instrument % 2 != 0
            ? nil
            : [-3, -2, 0, 1, 2].map { (midnight + ($0 * 1440 + 1260) * minute, midnight + ($0 * 1440 + 1343) * minute) }
    }

    static func configuration(_ seed: UInt64) throws -> EngineConfiguration {
        let latenesses: [Int64] = [0, 500_000_000, 2_000_000_000, 61_000_000_000]
        return try EngineConfiguration(
            intervals: [
                Interval(seconds: 60), Interval(seconds: 1), Interval(seconds: 7), .tradingDay, Interval(seconds: 3600),
            ],
            priceTypes: seed % 2 == 0 ? [.trade, .bid, .ask] : [.ask, .trade],
            indicators: [
                IndicatorSpec(parsing: "sma(3)"), IndicatorSpec(parsing: "rsi(4)"), IndicatorSpec(parsing: "atr(2)"),
            ],
            latenessNs: latenesses[Int(seed / 2 % 4)],
            calendars: VenueCalendars.standard.adding(text: calendar, file: "short.txt"))
    }

    @Test(arguments: UInt64(0)..<32)
    func `bars, values and drops are those of the plain model`(seed: UInt64) throws {
        let configuration = try Self.configuration(seed)
        var journal = RandomJournal(seed: seed)
        let records = journal.records(600)
        let reference = ReferenceEngine(configuration, sessions: Self.sessions)
        for record in records { reference.process(record) }
        let (result, _) = try EngineRunner(configuration: configuration, names: Self.names).run(records)
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
        let whole = try EngineRunner(configuration: configuration, names: Self.names).run(records)
        let single = try EngineRunner(configuration: configuration, names: Self.names, cuts: { true }).run(records)
        var random = SeededGenerator(seed: seed &+ 1000)
        let restarted = try EngineRunner(
            configuration: configuration, names: Self.names, cuts: { random.next() % 5 == 0 },
            restarts: { random.next() % 31 == 0 },
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
        let (result, _) = try EngineRunner(configuration: Self.configuration(seed), names: Self.names).run(records)
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

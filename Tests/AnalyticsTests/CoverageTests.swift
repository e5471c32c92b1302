import Market
import Platform
import TestKit
import Testing

@testable import Analytics

/// The gap ledger on small journals whose rows are known beforehand. Times are seconds.
@Suite struct CoverageTests {
    /// An engine that is fed record by record.
    private final class Bench {
        static let second: Int64 = 1_000_000_000
        let configuration: EngineConfiguration
        private(set) var engine: Engine
        let output: EngineOutput
        private var offset: Int64 = 0
        private var rows: [CoverageRow] = []
        private let names: EngineNames

        init(venue: String = "BINANCE") throws {
            configuration = try EngineConfiguration(intervals: [Interval(seconds: 3600)])
            names = EngineNames(feed: { "feed\($0)" }, instrument: { Instrument(venue: venue, symbol: "S\($0)") })
            engine = Engine(configuration, names: names)
            output = EngineOutput(configuration)
        }

        func begin(_ time: Double, epoch: Int64 = 1, line: String = "", continues: Bool = true, feed: UInt32 = 0) {
            engine.begin(
                feed: feed, continues: continues,
                connection: ConnectionLabel(line: line, epoch: epoch, source: "wss://x"),
                ingestTimeNs: ns(time), journalOffset: next(), into: output)
        }
        func lost(_ time: Double, epoch: Int64 = 1, line: String = "", reason: String = "reset") {
            engine.lost(
                feed: 0, connection: ConnectionLabel(line: line, epoch: epoch), reason: reason, ingestTimeNs: ns(time),
                journalOffset: next(), into: output)
        }
        func heartbeat(_ time: Double) {
            engine.heartbeat(feed: 0, ingestTimeNs: ns(time), journalOffset: next(), into: output)
        }
        func end() { engine.end(feed: 0, journalOffset: next(), into: output) }
        func trades(
            _ time: Double, _ numbers: [Int64], instrument: UInt32 = 0, lag: Double = 0, from page: String? = nil
        ) {
            let events = EventBatch()
            let offset = next()
            for (index, number) in numbers.enumerated() {
                events.trades.append(
                    instrument: instrument, eventTimeNs: ns(time), ingestTimeNs: ns(time + lag), price: 1, size: 1,
                    tradeID: number, journalOffset: offset, frameIndex: Int32(index))
            }
            let backfills = page.map { [BackfilledFrame(journalOffset: offset, source: $0)] } ?? []
            engine.process(events, backfills: backfills, feed: 0, into: output)
        }
        /// Events without numbers, so many a second.
        func flow(_ range: Range<Int>, every step: Int = 1, instrument: UInt32 = 0) {
            let events = EventBatch()
            for time in stride(from: range.lowerBound, to: range.upperBound, by: step) {
                events.trades.append(
                    instrument: instrument, eventTimeNs: ns(Double(time)), ingestTimeNs: ns(Double(time)), price: 1,
                    size: 1, journalOffset: next(), frameIndex: 0)
            }
            engine.process(events, feed: 0, into: output)
        }
        func restart() throws {
            engine = try Engine(configuration, names: names, restoring: engine.encode())
        }
        /// Rows since the last call: kind, from and to in seconds, first and last number.
        func told() -> [String] { take().map(Self.text) }
        func take() -> [CoverageRow] {
            defer { output.removeAll() }
            return CoverageRow.rows(of: output.coverage)
        }
        func ongoing() -> [String] {
            let batch = RecordBatch(Tables.coverage)
            engine.ongoingCoverage(journalOffset: offset, into: batch)
            return CoverageRow.rows(of: batch).map(Self.text)
        }
        private static func text(_ row: CoverageRow) -> String {
            let symbol = row.symbol.isEmpty ? "" : " \(row.symbol)"
            let ids = row.first == ArrowColumn.missingInt64 ? "" : " \(row.first)-\(row.last)"
            func seconds(_ ns: Int64) -> String { "\(Double(ns - start) / 1e9)" }
            return "\(row.kind)\(symbol) \(seconds(row.fromNs))..\(seconds(row.toNs))\(ids)"
        }
        /// Monday 2024-01-08, 00:00 UTC.
        static let start: Int64 = 1_704_672_000_000_000_000
        private func ns(_ time: Double) -> Int64 { Self.start + Int64(time * 1e9) }
        private func next() -> Int64 {
            offset += 1
            return offset
        }
    }

    // MARK: Connections

    @Test func `a lost connection and the next one leave a connection and the time between`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.trades(5, [1])
        bench.lost(10)
        #expect(bench.told() == ["connection 0.0..10.0"])
        #expect(bench.ongoing() == ["disconnected 10.0..10.0"])
        bench.heartbeat(15)
        #expect(bench.ongoing() == ["disconnected 10.0..15.0"])
        bench.begin(20, epoch: 2)
        let rows = bench.take()
        #expect(rows.map(\.kind) == ["disconnected"] && rows[0].detail == "reset")
        #expect(bench.ongoing() == ["connection 20.0..20.0"])
    }

    @Test func `a kill ends the connection at the last record`() throws {
        let bench = try Bench()
        bench.begin(0, epoch: 1)
        bench.lost(2, epoch: 1)
        bench.begin(3, epoch: 2)
        bench.trades(5, [1], lag: 0.5)
        bench.heartbeat(7)
        _ = bench.take()
        try bench.restart()
        bench.begin(30, epoch: 1)
        let rows = bench.take()
        #expect(rows.map(\.kind) == ["connection", "disconnected"])
        #expect(rows[0].toNs - Bench.start == 7_000_000_000 && rows[1].toNs - Bench.start == 30_000_000_000)
        #expect(rows[0].detail == "epoch 2, wss://x, \(ConnectionLedger.killed)")
    }

    @Test func `a successor that overlaps leaves no time without connection`() throws {
        let bench = try Bench()
        bench.begin(0, epoch: 1)
        bench.begin(100, epoch: 2)
        #expect(bench.ongoing().count == 2)
        bench.lost(110, epoch: 1)
        #expect(bench.told() == ["connection 0.0..110.0"])
        bench.lost(200, epoch: 2)
        #expect(bench.told() == ["connection 100.0..200.0"])
        bench.begin(201, epoch: 3)
        #expect(bench.told() == ["disconnected 200.0..201.0"])
    }

    @Test func `connections that never say that they are lost are at most two`() throws {
        let bench = try Bench()
        for epoch in 1...10 { bench.begin(Double(epoch), epoch: Int64(epoch)) }
        #expect(bench.told().count == 8 && bench.ongoing().count == 2)
    }

    @Test func `lines of one feed are told apart`() throws {
        let bench = try Bench()
        bench.begin(0, line: "1")
        bench.begin(1, line: "2")
        bench.lost(5, line: "1")
        bench.begin(8, epoch: 2, line: "1")
        let rows = bench.take()
        #expect(rows.map(\.kind) == ["connection", "disconnected"] && rows[1].detail == "line 1: reset")
    }

    @Test func `a recording covers its event times, and nothing is missing between two`() throws {
        let bench = try Bench()
        bench.begin(1_000_000, continues: false)
        bench.trades(20, [1, 2])
        bench.trades(10, [3])
        #expect(bench.ongoing() == ["connection 10.0..20.000000001"])
        bench.end()
        #expect(bench.told() == ["connection 10.0..20.000000001"])
        bench.begin(2_000_000, continues: false)
        bench.end()
        #expect(bench.told() == [] && bench.ongoing() == [])
    }

    @Test func `the loss of a connection that was never made changes nothing`() throws {
        let bench = try Bench()
        bench.lost(5)
        bench.begin(6)
        bench.lost(7, epoch: 99)
        #expect(bench.told() == [] && bench.ongoing() == ["connection 6.0..7.0"])
    }

    // MARK: Numbers

    @Test func `a hole counts as a gap once it had its time to fill`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.trades(1, [1, 2])
        bench.trades(2, [4])
        #expect(bench.engine.totals.gapsOpen == 1 && bench.engine.settledGaps == 0)
        bench.trades(3, [3])
        #expect(bench.engine.totals.gapsOpen == 0 && bench.engine.settledGaps == 0)
        bench.trades(4, [6])
        bench.trades(15, [7])
        #expect(bench.engine.totals.gapsOpen == 1 && bench.engine.settledGaps == 1)
        bench.trades(16, [5])
        #expect(bench.engine.settledGaps == 0)
    }

    @Test func `a hole is told after ten seconds, with the times around it`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.trades(1, [1, 2, 3])
        bench.trades(4, [7])
        bench.trades(13.9, [8])
        #expect(bench.told() == [])
        bench.heartbeat(14)
        #expect(bench.told() == ["sequence_gap S0 1.0..4.0 4-6"])
        bench.trades(20, [5])
        bench.heartbeat(29)
        #expect(bench.told() == [])
        bench.heartbeat(30)
        #expect(bench.told() == ["backfill S0 20.0..20.000000001 5-5"])
    }

    @Test func `disorder on the way is not told, and what stays open of a hole is`() throws {
        let bench = try Bench()
        bench.trades(1, [1, 4, 2, 3, 10, 6])
        bench.trades(12, [11])
        #expect(bench.told() == ["sequence_gap S0 1.0..1.0 5-5", "sequence_gap S0 1.0..1.0 7-9"])
    }

    @Test func `a page of history tells the hole and itself, once for each page`() throws {
        let bench = try Bench()
        bench.trades(1, [1])
        bench.trades(3, [10])
        bench.trades(2, [2, 3, 4, 5], lag: 2, from: "https://a?fromId=2")
        bench.trades(2.5, [6, 7, 8, 9, 10, 11], lag: 2, from: "https://a?fromId=6")
        bench.heartbeat(40)
        let rows = bench.take()
        #expect(rows.map { [$0.first, $0.last, $0.missing] } == [[2, 9, 8], [2, 5, 4], [6, 9, 4]])
        #expect(rows.map(\.kind) == ["sequence_gap", "backfill", "backfill"])
        #expect(rows[1].detail == "https://a?fromId=2" && rows[2].detail == "https://a?fromId=6")
    }

    @Test func `numbers below the lowest leave a hole to it`() throws {
        let bench = try Bench()
        bench.trades(10, [100])
        bench.trades(2, [50])
        bench.end()
        #expect(bench.told() == ["sequence_gap S0 2.0..10.0 51-99"])
    }

    @Test func `the greatest numbers there are do no harm`() throws {
        let bench = try Bench()
        bench.trades(1, [.min + 1])
        bench.trades(2, [.max])
        bench.trades(3, [.max - 1])
        bench.end()
        let rows = bench.take()
        #expect(rows.count == 1 && rows[0].missing == .max && rows[0].last == .max - 2)
    }

    @Test func `holes beyond what is remembered are told at once`() throws {
        let bench = try Bench()
        bench.trades(1, (0...Int64(SequenceLedger.holesMax)).map { $0 * 2 })
        #expect(bench.told().count == 0)
        bench.trades(1, [100_000])
        #expect(bench.told() == ["sequence_gap S0 1.0..1.0 1-1"])
    }

    // MARK: Silences

    private static let hour = 3600

    @Test func `a wait far beyond the usual is a silence, also while it lasts`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.flow(0..<3 * Self.hour, every: 2, instrument: 0)
        bench.heartbeat(Double(3 * Self.hour + 50))
        #expect(bench.ongoing() == ["connection 0.0..10850.0"])
        bench.heartbeat(Double(3 * Self.hour + 100))
        #expect(bench.ongoing() == ["connection 0.0..10900.0", "silence 10798.0..10900.0"])
        try bench.restart()
        bench.flow(3 * Self.hour + 120..<3 * Self.hour + 130)
        #expect(bench.told() == ["silence 10798.0..10920.0"])
    }

    @Test func `one instrument is silent while another goes on`() throws {
        let bench = try Bench()
        bench.begin(0)
        for minute in 0..<180 {
            bench.flow(minute * 60..<(minute + 1) * 60, instrument: 0)
            bench.flow(minute * 60..<(minute + 1) * 60, instrument: 1)
        }
        bench.flow(3 * Self.hour..<3 * Self.hour + 600, instrument: 0)
        bench.flow(3 * Self.hour + 600..<3 * Self.hour + 601, instrument: 1)
        #expect(bench.told() == ["silence S1 10799.0..11400.0"])
    }

    @Test func `what the feed did not receive is not the instrument's silence`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.flow(0..<3 * Self.hour)
        bench.lost(Double(3 * Self.hour))
        bench.begin(Double(4 * Self.hour), epoch: 2)
        bench.flow(4 * Self.hour..<4 * Self.hour + 10)
        #expect(bench.told() == ["connection 0.0..10800.0", "disconnected 10800.0..14400.0"])
    }

    @Test func `a frozen connection is a silence until it is lost`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.flow(0..<3 * Self.hour)
        bench.lost(Double(3 * Self.hour + 89))
        #expect(bench.told() == ["connection 0.0..10889.0", "silence 10799.0..10889.0"])
        bench.begin(Double(3 * Self.hour + 91), epoch: 2)
        bench.flow(3 * Self.hour + 92..<3 * Self.hour + 95)
        #expect(bench.told() == ["disconnected 10889.0..10891.0"])
    }

    @Test func `a closed market is no silence, an open one is`() throws {
        // Trading from 14:30 to 21:00 UTC on Monday and Tuesday.
        let bench = try Bench(venue: "US")
        let open = 14 * Self.hour + 1800
        bench.begin(0)
        bench.flow(open..<21 * Self.hour)
        bench.flow(24 * Self.hour + open..<24 * Self.hour + 18 * Self.hour)
        #expect(bench.told() == [])
        bench.flow(24 * Self.hour + 18 * Self.hour + 300..<24 * Self.hour + 21 * Self.hour)
        #expect(bench.told() == ["silence 151199.0..151500.0"])
        bench.heartbeat(Double(30 * 24 * Self.hour))
    }

    @Test func `nothing is called a silence before habits are known, nor where hours are not`() throws {
        let bench = try Bench(venue: "NOWHERE")
        bench.begin(0)
        bench.flow(0..<Self.hour)
        bench.flow(9 * Self.hour..<12 * Self.hour)
        bench.flow(24 * Self.hour..<30 * Self.hour)
        #expect(bench.told() == [])
        let known = try Bench()
        known.begin(0)
        known.flow(0..<600)
        known.flow(5000..<5600)
        #expect(known.told() == [])
    }

    @Test func `a thin instrument is left alone`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.flow(0..<40 * Self.hour, every: 1)
        _ = bench.told()
        bench.flow(0..<40 * Self.hour, every: 1500, instrument: 1)
        bench.flow(40 * Self.hour..<43 * Self.hour, instrument: 0)
        bench.flow(43 * Self.hour..<43 * Self.hour + 1, instrument: 1)
        #expect(bench.told() == [])
    }

    @Test func `a time far ahead does not make the rest of the day a silence`() throws {
        let bench = try Bench()
        bench.begin(0)
        bench.flow(0..<3 * Self.hour)
        bench.trades(1e6, [1], lag: Double(3 * Self.hour) - 1e6)
        bench.flow(3 * Self.hour..<3 * Self.hour + 10)
        #expect(bench.told() == [])
    }

    @Test func `habits need little memory and follow the market slowly`() throws {
        var profile = GapProfile()
        #expect(profile.limitNs(hour: 5, knowsHours: true) == nil)
        profile.learn(hour: 5, waitNs: 102_400_000_000)
        profile.learn(hour: 6, waitNs: 20_000_000_000)
        #expect(profile.limitNs(hour: 7, knowsHours: true) == 100_000_000_000)
        #expect(profile.limitNs(hour: 4, knowsHours: true) == 512_000_000_000)
        #expect(profile.limitNs(hour: 100, knowsHours: true) == 1_024_000_000_000)
        #expect(profile.limitNs(hour: 100, knowsHours: false) == nil)
        for _ in 0..<200 { profile.learn(hour: 5, waitNs: 1_000_000) }
        #expect(profile.limitNs(hour: 4, knowsHours: true)! <= 100_000_000_000)
        profile.learn(hour: 5, waitNs: .max)
        #expect(profile.limitNs(hour: 5, knowsHours: true)! > 0)
    }
}

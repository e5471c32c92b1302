import Feeds
import Market
import Platform
import TestKit
import Testing

@Suite struct SimulatorTests {
    private static let start = Timestamp(rfc3339: "2026-03-02T13:00:00Z")!

    private func run(
        seed: UInt64 = 1, rate: Double = 1500, from start: Timestamp = SimulatorTests.start, seconds: Int64,
        keepsRecords: Bool = false
    ) throws -> RecordingOutput {
        let output = RecordingOutput(keepsRecords: keepsRecords)
        let status = FeedStatus(name: "simulator")
        let end = Timestamp(nanoseconds: start.nanoseconds + seconds * 1_000_000_000)
        try SimulatorSource(seed: seed, rate: rate, start: start, end: end, firstTradeID: 1000)
            .run(into: output, status: status)
        #expect(status.snapshot.state == .finished && status.snapshot.done == status.snapshot.total)
        return output
    }

    @Test func `the same seed gives the same frames, another one others`() throws {
        let first = try run(seconds: 5, keepsRecords: true)
        #expect(try run(seconds: 5, keepsRecords: true).records == first.records)
        #expect(try run(seed: 2, seconds: 5, keepsRecords: true).texts != first.texts)
        #expect(first.frames > 300)
    }

    @Test func `every frame decodes: trades and quotes of twenty instruments on two venues`() throws {
        let output = try run(seconds: 60)
        #expect(output.events.deadLetters.count == 0 && output.events.ignored == 0)
        #expect(output.instruments.count == 20)
        #expect(Set((0..<20).map { output.instruments[$0].venue }) == ["SIMX", "SIMC"])
        let quotes = output.events.quotes
        #expect((0..<quotes.count).allSatisfy { quotes.bid[$0] < quotes.ask[$0] && quotes.bidSize[$0] > 0 })
        let share = Double(output.events.trades.count) / Double(output.events.trades.count + quotes.count)
        #expect(share > 0.38 && share < 0.42)
    }

    @Test func `ids of an instrument are contiguous`() throws {
        let trades = try run(seconds: 60).events.trades
        var next: [InstrumentID: Int64] = [:]
        for row in 0..<trades.count {
            #expect(trades.tradeID[row] == next[trades.instrument[row], default: 1000])
            next[trades.instrument[row]] = trades.tradeID[row] + 1
        }
    }

    @Test func `two to three percent come late, by at most a second and a half`() throws {
        let trades = try run(seconds: 120).events.trades
        var latest: [InstrumentID: Int64] = [:]
        var late = 0
        for row in 0..<trades.count {
            let instrument = trades.instrument[row], time = trades.eventTimeNs[row]
            let delay = trades.ingestTimeNs[row] - time
            #expect(delay > 0 && delay <= 1_540_000_000)
            if delay > 40_000_000 { late += 1 }
            latest[instrument] = max(latest[instrument] ?? 0, time)
        }
        let share = Double(late) / Double(trades.count)
        #expect(share > 0.02 && share < 0.03, "\(share)")
    }

    @Test func `a restart goes on at the same prices`() throws {
        let later = Timestamp(nanoseconds: Self.start.nanoseconds + 20_000_000_000)
        let whole = try run(seconds: 25), rest = try run(from: later, seconds: 5)
        func quotes(_ output: RecordingOutput) -> Set<String> {
            let rows = output.events.quotes
            return Set(
                (0..<rows.count).filter { rows.eventTimeNs[$0] >= later.nanoseconds }.map { row in
                    "\(output.instruments[rows.instrument[row]]) \(rows.eventTimeNs[row]) \(rows.bid[row]) \(rows.ask[row])"
                })
        }
        #expect(quotes(whole) == quotes(rest) && quotes(rest).count > 1500)
    }

    @Test func `the rate holds on average, is higher when a session opens, and bursts now and then`() throws {
        // Four minutes of every hour of a day.
        var perHour: [Int] = []
        for hour in 0..<24 {
            let start = Timestamp(nanoseconds: Self.start.nanoseconds + Int64(hour) * 3_600_000_000_000)
            let output = try run(rate: 200, from: start, seconds: 60)
            perHour.append(output.events.trades.count + output.events.quotes.count)
        }
        let mean = Double(perHour.reduce(0, +)) / 24 / 60
        #expect(mean > 170 && mean < 230, "\(mean)")
        #expect(Double(perHour.max()!) > 1.5 * Double(perHour.min()!))
    }

    @Test func `prices move with the market and stay near home`() throws {
        // One quote per instrument and hour, over 10 days.
        var logs: [[Double]] = []
        for hour in 0..<240 {
            let start = Timestamp(nanoseconds: Self.start.nanoseconds + Int64(hour) * 3_600_000_000_000)
            let output = try run(rate: 2000, from: start, seconds: 1)
            var prices: [String: Double] = [:]
            for row in 0..<output.events.quotes.count {
                prices[output.instruments[output.events.quotes.instrument[row]].description] = output.events.quotes.bid[row]
            }
            #expect(prices.count == 20)
            logs.append(prices.sorted { $0.key < $1.key }.map { _log($0.value) })
        }
        func moves(_ instrument: Int) -> [Double] {
            (1..<logs.count).map { logs[$0][instrument] - logs[$0 - 1][instrument] }
        }
        func product(_ left: [Double], _ right: [Double]) -> Double { zip(left, right).reduce(0) { $0 + $1.0 * $1.1 } }
        let first = moves(0)
        var correlations: [Double] = []
        for other in 1..<8 {
            let second = moves(other)
            let scale = (product(first, first) * product(second, second)).squareRoot()
            correlations.append(product(first, second) / scale)
        }
        #expect(correlations.allSatisfy { $0 > 0.1 && $0 < 0.95 }, "\(correlations)")
        for instrument in 0..<20 {
            let values = logs.map { $0[instrument] }
            #expect(values.max()! - values.min()! < 1.5 && values.max()! - values.min()! > 0.02)
        }
    }

    /// Natural logarithm, good to 1e-9.
    private func _log(_ x: Double) -> Double {
        let ratio = (x.significand - 1) / (x.significand + 1)
        var power = ratio, sum = 0.0
        for index in 0..<30 {
            sum += power / Double(2 * index + 1)
            power *= ratio * ratio
        }
        return 2 * sum + Double(x.exponent) * 0.693_147_180_559_945_3
    }
}

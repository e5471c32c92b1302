import Foundation
import Market
import Platform
import Testing

@testable import Feeds

@Suite struct TransactionStreamTests {
    /// 2026-01-30, a Friday, 15:00 UTC.
    private let friday: Int64 = 1_769_785_200_000_000_000
    private func stream(
        rate: Double = 1000, bad: Double = 0, repeats: Double = 0, seed: UInt64 = 1
    ) -> TransactionStream {
        TransactionStream(seed: seed, rate: rate, badShare: bad, repeatShare: repeats)
    }
    private func decoded(_ stream: TransactionStream, from startNs: Int64, slots: Int64) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.rows(.transactions, $0) }
        for slot in startNs / TransactionStream.slotNs..<startNs / TransactionStream.slotNs + slots {
            for frame in stream.frames(slot) { result.decode(frame) }
        }
        return result
    }

    @Test func `the same seed gives the same stream wherever it starts, another seed another one`() {
        let slot = friday / TransactionStream.slotNs
        let first = stream()
        _ = first.frames(slot - 5)
        #expect(first.frames(slot) == stream().frames(slot))
        #expect(first.frames(slot) != stream(seed: 2).frames(slot))
        #expect(first.frames(slot) != first.frames(slot + 1))
    }

    @Test func `the rate is kept and every row is good`() {
        let result = decoded(stream(), from: friday, slots: 100)
        #expect(result.deadLetters == [])
        // 10,000 expected; five deviations.
        #expect(abs(result.transactions.count - 10_000) < 500)
        let times = (0..<result.events.transactions.count).map {
            result.events.transactions.integer(Tables.transactions.place("event_time_ns"), row: $0)
        }
        #expect(times == times.sorted() && times.allSatisfy { (friday..<friday + 10_000_000_000).contains($0) })
    }

    @Test func `popular symbols are ordered more, and an exchange mostly while it is open`() {
        func counts(_ startNs: Int64, _ column: String) -> [String: Int] {
            let rows = decoded(stream(), from: startNs, slots: 100).events.transactions
            var counts: [String: Int] = [:]
            for row in 0..<rows.count {
                counts[rows.text(Tables.transactions.place(column), row: row), default: 0] += 1
            }
            return counts
        }
        let byExchange = counts(friday, "exchange")
        #expect(byExchange["NASDAQ", default: 0] > 10 * byExchange["JPX", default: 0])
        let atNight = counts(friday - 14 * 3_600_000_000_000, "exchange")  // 01:00 UTC
        #expect(atNight["JPX", default: 0] > 5 * atNight["NASDAQ", default: 0])
        let bySymbol = counts(friday, "symbol")
        #expect(bySymbol["NVDA", default: 0] > 5 * bySymbol["PEP", default: 1])
        #expect(bySymbol.keys.contains("MET^E") && bySymbol.keys.contains("BRK.B"))
    }

    @Test func `bad and repeated rows come in their shares`() {
        let result = decoded(stream(bad: 0.05, repeats: 0.1), from: friday, slots: 100)
        #expect((300...700).contains(result.deadLetters.count))
        #expect(Set(result.reasons).count >= 5)
        let identifiers = result.transactions.map { $0.split(separator: " ")[1] }
        #expect((700...1300).contains(identifiers.count - Set(identifiers).count))
    }

    @Test func `history is filled, then it goes on live, and a restart goes on where the table ends`() throws {
        let feed = try TransactionsFeed(
            Options(TransactionsFeed.spec, assignments: ["rate=100", "history=30s", "bad=0", "repeats=0"]))
        func run(afterNs: Int64?, fromNs: Int64, forNs: Int64) throws -> [String] {
            let now = ManualTime(fromNs)
            let sink = RecordingSink()
            let clock = SimulatorClock(
                nowNs: { now.value },
                sleep: { ns in
                    now.value += ns
                    if now.value > fromNs + forNs { sink.cancel() }
                })
            try feed.makeSource(afterNs: afterNs, clock: clock).run(into: sink, status: FeedStatus(name: "t"))
            return sink.wait { _ in true }.filter { $0.hasPrefix("frame ") }
        }
        let whole = try run(afterNs: nil, fromNs: friday, forNs: 20_000_000_000)
        let rows = whole.joined().split(separator: "\n").count
        #expect((4500...5500).contains(rows))
        let first = try run(afterNs: nil, fromNs: friday, forNs: 5_000_000_000)
        let second = try run(
            afterNs: friday + 5_000_000_000, fromNs: friday + 7_000_000_000, forNs: 13_000_000_000)
        #expect(first + second.drop { first.contains($0) } == whole)
        #expect(throws: ConfigError.self) {
            try TransactionsFeed(Options(TransactionsFeed.spec, assignments: ["bad=2"]))
        }
    }
}

/// A time that a test moves.
private final class ManualTime: @unchecked Sendable {  // one thread
    var value: Int64
    init(_ value: Int64) { self.value = value }
}

import Foundation
import Market
import Platform
import Testing

@testable import Feeds

@Suite struct SimulatorFeedTests {
    private static let nowNs: Int64 = 1_760_000_000_123_456_789

    private func feed(_ assignments: String...) throws -> SimulatorFeed {
        try SimulatorFeed(Options(SimulatorFeed.spec, assignments: assignments))
    }

    /// Runs until the clock shows `untilNs` after its start.
    private func run(
        _ feed: SimulatorFeed, _ clock: WaitedClock, forNs spanNs: Int64, resume: SimulatorState? = nil,
        status: FeedStatus = FeedStatus(name: "demo")
    ) throws -> RecordedOutput.Log {
        let endNs = clock.nowNs + spanNs
        let output = RecordedOutput { _ in clock.nowNs >= endNs }
        try feed.makeSource(resume: resume, clock: clock.simulatorClock).run(into: output, status: status)
        return output.recorded
    }

    @Test func `history comes first with the times at which it would have arrived, then frames in real time`() throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let status = FeedStatus(name: "demo")
        let log = try run(try feed("history=2m"), clock, forNs: 5_000_000_000, status: status)
        let times = log.frames.map(\.ingestTimeNs)
        #expect(log.feeds == ["demo"])
        #expect(log.beginsNs == [Self.nowNs - 120_000_000_000])
        #expect(log.settings.count == 1)
        #expect(log.ends == 0)
        #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
        let first = try #require(times.first)
        #expect(first - (Self.nowNs - 120_000_000_000) < 500_000_000)
        #expect(times.count { $0 < Self.nowNs } > 500)
        #expect(times.count { $0 >= Self.nowNs } > 30)
        #expect(status.snapshot.state == .stopped)
        #expect(status.snapshot.frames == Int64(log.frames.count))
        #expect(status.snapshot.done == status.snapshot.total && status.snapshot.total > 119_000_000_000)
        let events = DeliveredTrades(log.frames).decoded.events
        #expect((0..<events.trades.count).allSatisfy { events.trades.eventTimeNs[$0] < events.trades.ingestTimeNs[$0] })
        #expect((0..<events.quotes.count).allSatisfy { events.quotes.eventTimeNs[$0] < events.quotes.ingestTimeNs[$0] })
    }

    @Test func `live frames wait for their moment and no longer`() throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let log = try run(try feed("history=0s", "rate=400"), clock, forNs: 10_000_000_000)
        let events = DeliveredTrades(log.frames).decoded.events
        let lags = (0..<events.quotes.count).map { events.quotes.ingestTimeNs[$0] - events.quotes.eventTimeNs[$0] }
        #expect(lags.count > 1000)
        // 2 to 40 ms on the way, up to 25 ms gathered, up to 20 ms until the source looks again.
        #expect(lags.allSatisfy { $0 >= 0 && $0 < 90_000_000 })
        #expect(lags.reduce(0, +) / Int64(lags.count) < 45_000_000)
    }

    @Test func `a restart goes on without a hole in the ids and without a jump of prices`() throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let feed = try feed("history=5m", "bursts=0")
        var frames = try run(feed, clock, forNs: 3_000_000_000).frames
        for _ in 0..<3 {
            let before = DeliveredTrades(frames)
            for (instrument, ids) in before.ids {
                #expect(ids.sorted() == Array(1...Int64(ids.count)), "all that happened was delivered: \(instrument)")
            }
            let state = before.state
            let more = try run(feed, clock, forNs: 20_000_000_000, resume: state).frames
            let after = DeliveredTrades(more)
            #expect(after.ids.count == 20)
            for (instrument, ids) in after.ids {
                let last = try #require(state.lastTrades[instrument])
                #expect(ids.min() == last.tradeID + 1, "\(instrument)")
                let price = try #require(after.firstPrice[instrument])
                #expect(abs(price / last.price - 1) < 0.01, "\(instrument)")
            }
            let trades = after.decoded.events.trades
            #expect((0..<trades.count).allSatisfy { trades.eventTimeNs[$0] > state.lastEventTimeNs })
            frames += more
        }
    }

    @Test func `a pause shorter than the history is filled`() throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let feed = try feed("history=10m")
        let state = SimulatorState(lastEventTimeNs: Self.nowNs - 60_000_000_000, lastTrades: [:])
        let log = try run(feed, clock, forNs: 1_000_000_000, resume: state)
        let first = try #require(log.frames.first)
        #expect(abs(first.ingestTimeNs - state.lastEventTimeNs) < 500_000_000)
    }

    @Test(arguments: [0, 7_000_000_000 as Int64])
    func `a cancelled source stops at once, with what it held back and without an end`(afterNs: Int64) throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let log = try run(try feed("history=0s", "rate=1000"), clock, forNs: afterNs)
        #expect(clock.nowNs - (Self.nowNs + afterNs) <= 20_000_000)
        #expect(clock.waitsNs.allSatisfy { $0 <= 20_000_000 })
        #expect(log.ends == 0)
        for (instrument, ids) in DeliveredTrades(log.frames).ids {
            #expect(ids.sorted() == Array(1...Int64(ids.count)), "\(instrument)")
        }
    }

    @Test func `a source cancelled while filling the past delivers nothing from the future of its past`() throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let output = RecordedOutput { $0.frames.count >= 200 }
        try feed("history=1h").makeSource(resume: nil, clock: clock.simulatorClock)
            .run(into: output, status: FeedStatus(name: "demo"))
        let log = output.recorded
        #expect(log.frames.count >= 200 && log.frames.count < 210)
        #expect(log.frames.allSatisfy { $0.ingestTimeNs < Self.nowNs - 3_500_000_000_000 })
        #expect(clock.waitsNs.isEmpty)
        for ids in DeliveredTrades(log.frames).ids.values { #expect(ids.sorted() == Array(1...Int64(ids.count))) }
    }

    @Test func `a quiet market sends heartbeats, and waits where the clock is behind the last event`() throws {
        let clock = WaitedClock(nowNs: Self.nowNs)
        let state = SimulatorState(lastEventTimeNs: Self.nowNs + 30_000_000_000, lastTrades: [:])
        let log = try run(try feed("rate=0.01"), clock, forNs: 20_000_000_000, resume: state)
        #expect(log.frames.isEmpty)
        #expect((15...20).contains(log.heartbeatsNs.count))
        #expect(log.beginsNs == [Self.nowNs])
    }

    @Test func `settings name the decoder and say that the session continues`() throws {
        let settings = try SessionSettings(text: try feed().settings)
        #expect(settings == SessionSettings(decoder: "simulator", values: ["continues": "true"]))
    }

    @Test(arguments: ["rate=0", "rate=6000000", "history=900d", "bursts=10ms"])
    func `options of no use are refused by name`(assignment: String) throws {
        let name = String(assignment.prefix { $0 != "=" })
        let error = #expect(throws: ConfigError.self) { try feed(assignment) }
        #expect(error?.message.contains("`\(name)`") == true)
    }
}

import Analytics
import Foundation
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

/// What every live feed does, whatever its venue. A feed joins by a `ConformingFeed`.
@Suite(.serialized) struct FeedConformanceTests {
    @Test(arguments: ConformingFeed.all)
    func `it connects, asks once for every instrument, and its trades come out as sent`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        #expect(running.venue.state.withLock { $0.asked.sorted() } == [0, 1])
        running.venue.trade(0, 3)
        running.venue.trade(1, 2)
        for frame in feed.noise { running.venue.send(frame) }
        running.venue.trade(0)
        running.expect(feed.expected(0, 1...4).union(feed.expected(1, 1...2)))
        let state = running.output.state
        #expect(state.begins.count == 1 && state.deadLetters.isEmpty)
        #expect(state.begins[0].contains(#""continues":"true""#) && state.begins[0].contains(#""epoch":"1""#))
        #expect(running.waitForStatus { $0.state == .live }.state == .live)
        running.stop()
        #expect(running.venue.state.withLock { $0.historyRequests } == 0)
    }

    @Test(arguments: ConformingFeed.all)
    func `what is not valid becomes a dead letter and disturbs nothing else`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        running.venue.trade(0)
        running.venue.send(feed.malformed)
        running.venue.trade(0)
        running.expect(feed.expected(0, 1...2))
        let state = running.output.state
        #expect(state.deadLetters.map(\.payload) == [feed.malformed] && state.deadLetters.map(\.reason) == [.malformed])
        #expect(state.begins.count == 1)
        running.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `after a lost connection it connects again, asks again, and goes on`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        for round in 1...3 as ClosedRange<Int64> {
            running.venue.waitUntilAsked(connections: Int(round))
            running.venue.trade(0)
            running.expect(feed.expected(0, 1...round))
            if round < 3 { running.venue.hangUp() }
            running.venue.wait("the old connection is gone") { $0.connections.count <= 1 }
            if round < 3 { running.venue.wait("a new connection") { $0.opened == Int(round) + 1 } }
        }
        #expect(running.venue.state.withLock { $0.asked.sorted() } == [0, 0, 0, 1, 1, 1])
        let begins = running.output.state.begins
        #expect(begins.count == 3 && zip(begins, 1...).allSatisfy { $0.contains("\"epoch\":\"\($1)\"") })
        #expect(running.waitForStatus { $0.state == .live }.reconnects == 2)
        running.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `a silent connection is stale and made anew`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed) { $0.staleNs = 300_000_000 }
        running.venue.waitUntilAsked(connections: 3)
        #expect(running.output.wait { $0.begins.count >= 3 }.begins.count >= 3)
        running.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `an idle line writes heartbeats`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed) { $0.heartbeatNs = 50_000_000 }
        #expect(running.output.wait { $0.heartbeats >= 3 }.heartbeats >= 3)
        running.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `too many attempts are waited out`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed) { $0.throttledNs = 10_000_000_000 }
        // The first connection comes up; then the venue has had enough.
        running.venue.waitUntilAsked()
        running.venue.state.withLock { $0.refusals = 1_000_000 }
        running.venue.hangUp()
        let status = running.waitForStatus { $0.detail.contains("429") }
        #expect(status.state == .degraded && !status.detail.contains(feed.secret))
        Thread.sleep(forTimeInterval: 0.5)
        #expect(running.venue.state.withLock { $0.refused } == 1, "one attempt, then ten seconds of peace")
        running.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `it tries again after a refusal and recovers by itself`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        running.venue.state.withLock { $0.refusals = 2 }
        running.venue.hangUp()
        running.venue.waitUntilAsked(connections: 2)
        running.venue.trade(1)
        running.expect(feed.expected(1, 1...1))
        running.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `a stop says goodbye, ends soon, and does not end the session`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        running.venue.trade(0)
        running.expect(feed.expected(0, 1...1))
        let watch = Stopwatch()
        running.output.cancel()
        running.venue.wait("the connection is gone") { $0.connections.isEmpty }
        running.stop()
        #expect(watch.seconds < Patience.seconds)
        #expect(running.status.snapshot.state == .stopped && running.output.state.ends == 0)
        // Also while it waits for the next attempt.
        let waiting = try RunningFeed(feed) { $0.reconnect.firstNs = 60_000_000_000 }
        waiting.venue.waitUntilAsked()
        waiting.venue.hangUp()
        _ = waiting.waitForStatus { $0.state == .degraded }
        waiting.stop()
    }

    @Test(arguments: ConformingFeed.all)
    func `no secret is in what it writes`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        running.stop()
        #expect(!running.output.state.begins.joined().contains(feed.secret))
    }

    // MARK: Venues that number their trades

    @Test(arguments: ConformingFeed.all.filter { $0.history != nil })
    func `trades that got lost are fetched from the history, page by page`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        running.venue.state.withLock { $0.pageSize = 40 }
        running.venue.trade(0, 10)
        running.venue.trade(1, 5)
        running.venue.trade(0, 100, lost: true)
        running.venue.trade(0, 10)
        running.expect(feed.expected(0, 1...120).union(feed.expected(1, 1...5)))
        let counters = running.output.state.counters
        #expect(counters.gapsOpen == 0 && counters.missingTrades == 0)
        #expect(running.venue.state.withLock { $0.historyRequests } >= 3)
        #expect(running.output.state.deadLetters.isEmpty)
        running.stop()
    }

    @Test(arguments: ConformingFeed.all.filter { $0.history != nil })
    func `what was traded during an outage is fetched once it shows`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        running.venue.trade(0, 2)
        running.venue.trade(1, 2)
        running.expect(feed.expected(0, 1...2).union(feed.expected(1, 1...2)))
        running.venue.hangUp()
        running.venue.wait("the connection is gone") { $0.connections.isEmpty || $0.opened > 1 }
        running.venue.trade(0, 7, lost: true)
        running.venue.trade(1, 3, lost: true)
        running.venue.waitUntilAsked(connections: 2)
        running.venue.state.withLock { $0.historyRefusals = 1 }  // "too many requests", once
        running.venue.trade(0)
        running.venue.trade(1)
        running.expect(feed.expected(0, 1...10).union(feed.expected(1, 1...6)))
        running.stop()
    }

    @Test(arguments: ConformingFeed.all.filter { $0.history != nil })
    func `a gap that fills by itself is not asked for`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed)
        running.venue.waitUntilAsked()
        for number in [1, 4, 2, 3, 6, 5, 7] as [Int64] { running.venue.send(feed.trade(0, number), to: 0) }
        running.expect(feed.expected(0, 1...7))
        Thread.sleep(forTimeInterval: 0.4)
        #expect(running.venue.state.withLock { $0.historyRequests } == 0)
        running.stop()
    }

    @Test(arguments: ConformingFeed.all.filter(\.hasNumbers))
    func `a connection is replaced before its end without a trade missing or twice`(feed: ConformingFeed) throws {
        let running = try RunningFeed(feed) { policy in
            policy.lifetimeNs = 400_000_000
            policy.overlapNs = 200_000_000
        }
        running.venue.waitUntilAsked()
        for _ in 0..<400 {
            running.venue.trade(0)
            Thread.sleep(forTimeInterval: 0.005)
        }
        running.expect(feed.expected(0, 1...400))
        let state = running.output.state
        #expect(state.begins.count >= 3 && state.counters.gapsOpened == state.counters.gapsFilled)
        #expect(state.counters.duplicateTrades > 0, "both connections deliver for a while")
        #expect(running.venue.state.withLock { $0.historyRequests } == 0, "nothing was missing")
        #expect(running.status.snapshot.state == .live)
        running.stop()
    }
}

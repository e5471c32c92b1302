import Foundation
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

/// A feed that runs against a fake venue, with waits that suit a test.
final class RunningFeed {
    let venue: FakeVenue
    let output: ConformanceOutput
    let status: FeedStatus
    private let finished = DispatchSemaphore(value: 0)
    private let outcome = ErrorBox()

    private final class ErrorBox: Sendable {
        let value = Mutex<(any Error)?>(nil)
    }

    init(_ feed: ConformingFeed, _ change: (inout LiveSession.Policy) -> Void = { _ in }) throws {
        venue = try FakeVenue(feed)
        output = try ConformanceOutput()
        status = FeedStatus(name: feed.name)
        var (lines, client) = try feed.lines(venue)
        for place in lines.indices {
            lines[place].policy.reconnect.firstNs = 20_000_000
            lines[place].policy.reconnect.maxNs = 40_000_000
            lines[place].policy.throttledNs = 100_000_000
            change(&lines[place].policy)
        }
        var patience = GapFill.Patience()
        patience.retry = Reconnect.Policy(firstNs: 10_000_000, maxNs: 20_000_000)
        patience.graceNs = 100_000_000
        let source = WebSocketTransport(lines, client: client, patience: patience)
        let (output, status, outcome, finished) = (output, status, outcome, finished)
        Thread.detachNewThread {
            do {
                try source.run(into: output, status: status)
            } catch {
                outcome.value.withLock { $0 = error }
            }
            finished.signal()
        }
    }

    /// Stops the feed and waits for its end.
    func stop() {
        output.cancel()
        #expect(finished.wait(timeout: .now() + 2 * Patience.seconds) == .success)
        #expect(outcome.value.withLock { $0 } == nil)
        venue.stop()
    }

    func waitForStatus(_ fulfilled: (FeedStatus.Snapshot) -> Bool) -> FeedStatus.Snapshot {
        Patience.wait { fulfilled(status.snapshot) }
        return status.snapshot
    }

    /// Waits until trades were kept, and checks that they are those expected, each once.
    func expect(_ expected: Set<ConformanceOutput.Trade>, _ comment: Comment? = nil) {
        let trades = output.wait { $0.trades.count >= expected.count }.trades
        #expect(trades.count == expected.count && Set(trades) == expected, comment)
    }
}

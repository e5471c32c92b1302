import Foundation
import Platform
import Synchronization
import TestKit

@testable import Feeds

/// A consumer that runs on a sink in memory whose disk a test can hold up.
final class ConsumerRun: FeedOutput, Sendable {
    let sink = HeldSink()
    let status: FeedStatus
    private let cancelled = Atomic(false)
    private let ended = Atomic(false)
    private let finished = DispatchSemaphore(value: 0)
    private let outcome = Mutex<(any Error)?>(nil)

    /// - Parameter failsAtFrames: whether the sink takes no frame.
    init(_ source: any FeedSource, failsAtFrames: Bool = false) {
        status = FeedStatus(name: "in")
        sink.failsAtFrames = failsAtFrames
        Thread.detachNewThread { [self] in
            do {
                try source.run(into: self, status: status)
            } catch {
                outcome.withLock { $0 = error }
            }
            ended.store(true, ordering: .releasing)
            finished.signal()
        }
    }

    /// True once the source has ended.
    var hasEnded: Bool { ended.load(ordering: .acquiring) }

    func sink(feed name: String) throws -> any FrameSink { sink }
    var isCancelled: Bool { cancelled.load(ordering: .acquiring) }

    /// Ends the source and waits for that.
    ///
    /// - Returns: what it threw; false where it did not end.
    @discardableResult
    func stop() -> (ended: Bool, error: (any Error)?) {
        cancelled.store(true, ordering: .releasing)
        let ended = finished.wait(timeout: .now() + 2 * Patience.seconds) == .success
        return (ended, outcome.withLock { $0 })
    }

    /// Waits for so many frames and gives them without their first lines.
    func bodies(_ count: Int) -> [String] {
        Patience.wait { sink.frames.count >= count }
        return sink.frames.map { String($0.split(separator: "\n", maxSplits: 1).last ?? "") }
    }

    func waitForStatus(_ holds: (FeedStatus.Snapshot) -> Bool) -> FeedStatus.Snapshot {
        Patience.wait { holds(status.snapshot) }
        return status.snapshot
    }
}

extension Reconnect.Policy {
    /// Waits that suit a test.
    static let hasty = Reconnect.Policy(firstNs: 20_000_000, maxNs: 40_000_000)
}

internal import Feeds
internal import Platform
internal import Synchronization

/// Runs one source on a thread of its own, from its start to its end.
final class FeedRunner: Sendable {
    let status: FeedStatus
    private let output: JournalOutput
    private let thread = Mutex<NamedThread?>(nil)
    private let failure = Mutex<String?>(nil)
    private let finished = Atomic(false)

    init(status: FeedStatus, output: JournalOutput) {
        self.status = status
        self.output = output
    }

    /// Starts the source.
    func start(_ source: any FeedSource) {
        let thread = NamedThread("feed-\(status.name)") { [self] in
            do {
                try source.run(into: output, status: status)
                status.set(output.isCancelled ? .stopped : .finished)
            } catch {
                failure.withLock { $0 = "\(error)" }
                status.set(.degraded, "\(error)")
                if !output.isCancelled { Log.error("a feed ended", ["feed": status.name, "reason": "\(error)"]) }
            }
            finished.store(true, ordering: .releasing)
        }
        self.thread.withLock { $0 = thread }
    }

    /// True once the source has ended by itself or on demand.
    var isFinished: Bool { finished.load(ordering: .acquiring) }

    /// Why it ended, where that was an error.
    var error: String? { failure.withLock { $0 } }

    /// Asks the source to end.
    func cancel() { output.cancel() }

    /// Waits for the end.
    func join() { thread.withLock { $0 }?.join() }
}

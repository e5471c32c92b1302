internal import Journaling
internal import Lake
internal import Platform
internal import Synchronization

/// The flush thread: rows in memory to the lake, then the engine's state to a checkpoint.
final class FlushLoop: @unchecked Sendable {  // `waiting`, `isClosed` and `hasEnded` are guarded by `lock`
    /// What is to be flushed, and the state that belongs to it.
    struct Job: Sendable {
        /// First offset behind the rows.
        let endOffset: Offset
        /// State of the engine there.
        let checkpoint: [UInt8]
    }

    /// What the loop lets others know.
    struct Report: Sendable {
        /// Why the last attempt failed; nil while all is well.
        var failure: String?
        var lastFlushNs = Int64.min
        var lastFlushSeconds = 0.0
        /// First offset that is not in the lake.
        var flushedOffset: Offset = 0
        var rows: Int64 = 0
        var files: Int64 = 0
        var bytes: Int64 = 0
        /// Time spent so far on files, on commits, and on the step from memory to files in the views, in nanoseconds.
        var writeNs: Int64 = 0
        var commitNs: Int64 = 0
        var swapNs: Int64 = 0
        var flushes: Int64 = 0
        /// When the oldest rows that the lake does not have became visible; nil where it has all.
        var behindSinceNs: Int64?
    }

    private let store: HotStore
    private let checkpoints: any Checkpoints
    private let journal: Journal
    private let flushTime: Histogram
    private let state: Mutex<Report>
    private let lock = Lock()
    private let changed: Condition
    private var waiting: Job?
    private var isClosed = false
    private var isOver = false
    private let ending = Atomic(false)
    /// Failures in a row, once the end was asked for, after which a flush is given up; they are `pauseAtEndNs` apart.
    private static let failuresAtEndMax = 10
    private static let pauseAtEndNs: Int64 = 100_000_000

    init(
        _ store: HotStore, checkpoints: any Checkpoints, journal: Journal, metrics: Metrics, from offset: Offset
    ) {
        self.store = store
        self.checkpoints = checkpoints
        self.journal = journal
        changed = Condition(lock)
        flushTime = metrics.histogram("tapedeck_flush_seconds", help: "Time of a flush to the lake.")
        state = Mutex(Report(flushedOffset: offset))
        retainJournal(from: offset)
    }

    var report: Report { state.withLock { $0 } }

    /// Asks for a flush. A job that still waits is replaced: this one covers its rows.
    func submit(_ job: Job) {
        lock.withLock {
            waiting = job
            changed.broadcast()
        }
    }

    /// Tells that rows became visible.
    func noteRows() {
        let nowNs = Timestamp.now().nanoseconds
        state.withLock { if $0.behindSinceNs == nil { $0.behindSinceNs = nowNs } }
    }

    /// From now on, what fails for longer than a second is given up; the journal keeps it for the next start.
    func end() { ending.store(true, ordering: .releasing) }

    /// Lets the thread end when nothing waits any more.
    func close() {
        lock.withLock {
            isClosed = true
            changed.broadcast()
        }
    }

    /// Nobody waits for the thread any more, also where it has not ended.
    func abandon() { lock.withLock { isOver = true } }

    /// True once the thread has ended, or given up.
    var hasEnded: Bool { lock.withLock { isOver } }

    /// Runs until closed and done.
    func run() {
        defer { lock.withLock { isOver = true } }
        while let job = next() {
            guard persist({ try flush(job) }) else { return }
        }
    }

    private func next() -> Job? {
        while true {
            let lacksArchive = store.lacksArchive
            let (job, isOver): (Job?, Bool) = lock.withLock {
                if lacksArchive, waiting == nil, !isClosed {
                    changed.wait(untilNs: Stopwatch.monotonicNs() + Self.archivePauseNs)
                }
                while !lacksArchive, waiting == nil, !isClosed { changed.wait() }
                defer { waiting = nil }
                return (waiting, isClosed)
            }
            if job != nil || isOver { return job }
            // Where it still cannot be had, the next flush or the next pause tries again.
            try? store.showArchive()
        }
    }

    /// Between attempts to show an archive that is away.
    private static let archivePauseNs: Int64 = 5_000_000_000

    private func flush(_ job: Job) throws {
        let startedNs = Timestamp.now().nanoseconds
        let watch = Stopwatch()
        let report = try store.flush(upTo: job.endOffset - 1)
        try checkpoints.save(job.checkpoint, offset: job.endOffset)
        retainJournal(from: job.endOffset)
        flushTime.record(ns: watch.elapsedNs)
        let hasMore = store.hotRows > 0
        state.withLock { state in
            state.lastFlushNs = Timestamp.now().nanoseconds
            state.lastFlushSeconds = watch.seconds
            state.flushedOffset = job.endOffset
            state.rows += report.rows
            state.files += report.tables.reduce(0) { $0 + Int64($1.files) }
            state.bytes += report.bytes
            state.writeNs += report.writeNs
            state.commitNs += report.commitNs
            state.swapNs += report.swapNs
            state.flushes += 1
            state.behindSinceNs = hasMore ? startedNs : nil
        }
        if report.rows > 0 {
            Log.debug(
                "flushed to the lake",
                ["rows": report.rows, "bytes": report.bytes, "seconds": watch.seconds, "offset": job.endOffset])
        }
    }

    /// Keeps in the journal what comes after any of the checkpoints: the newest may turn out damaged.
    private func retainJournal(from offset: Offset) {
        do {
            journal.retain(from: min(offset, try checkpoints.oldestOffset() ?? offset))
        } catch {
            Log.warning("the checkpoints cannot be listed; the journal keeps what it has", ["reason": "\(error)"])
        }
    }

    /// Tries until it works: a full disk or a busy target makes the store lag, and never loses anything.
    ///
    /// - Returns: false where it was given up.
    private func persist(_ body: () throws -> Void) -> Bool {
        var pauseNs: Int64 = 100_000_000
        var failuresAtEnd = 0
        while true {
            do {
                try body()
                let failed = state.withLock { state in
                    defer { state.failure = nil }
                    return state.failure != nil
                }
                if failed { Log.info("the lake works again") }
                return true
            } catch {
                let isNew = state.withLock { state in
                    defer { state.failure = "\(error)" }
                    return state.failure == nil
                }
                if isNew {
                    Log.warning("cannot flush to the lake; nothing is lost, trying again", ["reason": "\(error)"])
                }
                if isEnding {
                    failuresAtEnd += 1
                    if failuresAtEnd == Self.failuresAtEndMax {
                        Log.error("could not flush before the end; the next start does it", ["reason": "\(error)"])
                        return false
                    }
                }
                pause(ns: pauseNs)
                pauseNs = min(pauseNs * 2, 5_000_000_000)
            }
        }
    }

    private var isEnding: Bool { ending.load(ordering: .acquiring) }

    /// Waits before the next try; not for long once the end was asked for.
    private func pause(ns: Int64) {
        let watch = Stopwatch()
        while watch.elapsedNs < (isEnding ? Self.pauseAtEndNs : ns) { Pause.wait(ns: 20_000_000) }
    }
}

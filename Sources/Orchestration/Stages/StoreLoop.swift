internal import Analytics
internal import Journaling
internal import Lake
internal import Market
internal import Platform
internal import Synchronization

/// The store thread: steps into hot tables, flushes to the lake, checkpoints.
final class StoreLoop: Sendable {
    /// What the store lets others know.
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
        /// Receive time of the oldest step that the lake does not have; nil where it has all.
        var behindSinceNs: Int64?
    }

    private let store: HotStore
    private let steps: BoundedQueue<Step>
    private let checkpoints: CheckpointStore
    private let journal: Journal
    private let flushTime: Histogram
    private let appendTime: Histogram
    private let state: Mutex<Report>
    private let ending = Atomic(false)
    /// Failures in a row, once the end was asked for, after which a step is given up; they are `pauseAtEndNs` apart.
    private static let failuresAtEndMax = 10
    private static let pauseAtEndNs: Int64 = 100_000_000

    init(
        _ store: HotStore, steps: BoundedQueue<Step>, checkpoints: CheckpointStore, journal: Journal, metrics: Metrics,
        from offset: Offset
    ) {
        self.store = store
        self.steps = steps
        self.checkpoints = checkpoints
        self.journal = journal
        flushTime = metrics.histogram("tapedeck_flush_seconds", help: "Time of a flush to the lake.")
        appendTime = metrics.histogram("tapedeck_hot_append_seconds", help: "Time to make a step visible to queries.")
        state = Mutex(Report(flushedOffset: offset))
        retainJournal(from: offset)
    }

    var report: Report { state.withLock { $0 } }

    /// From now on, what fails for longer than a second is given up; the journal keeps it for the next start.
    func end() { ending.store(true, ordering: .releasing) }

    /// Runs until the queue is closed and empty.
    func run() {
        while let step = steps.pop() {
            if step.rows > 0 {
                state.withLock { if $0.behindSinceNs == nil { $0.behindSinceNs = Timestamp.now().nanoseconds } }
            }
            guard store(step) else {
                // Whoever waits for room in the queue must get on, to see that this is the end.
                while steps.pop() != nil {}
                return
            }
        }
    }

    /// - Returns: false where it was given up.
    private func store(_ step: Step) -> Bool {
        guard persist("make a step visible", { try append(step) }) else { return false }
        if let checkpoint = step.checkpoint {
            guard persist("flush to the lake", { try flush(step, checkpoint) }) else { return false }
        }
        step.completion?()
        return true
    }

    private func append(_ step: Step) throws {
        guard let dictionaries = step.dictionaries else { preconditionFailure("a step without dictionaries") }
        let watch = Stopwatch()
        let batches: [any ColumnarBatch] = [
            step.frames, step.events.deadLetters, step.events.trades, step.events.quotes, step.output.bars,
            step.output.indicators,
        ]
        try store.append(batches, openBars: step.openBars, dictionaries, upTo: step.endOffset - 1)
        appendTime.record(ns: watch.elapsedNs)
    }

    private func flush(_ step: Step, _ checkpoint: [UInt8]) throws {
        let watch = Stopwatch()
        let report = try store.flush(upTo: step.endOffset - 1)
        try checkpoints.save(checkpoint, offset: step.endOffset)
        retainJournal(from: step.endOffset)
        flushTime.record(ns: watch.elapsedNs)
        state.withLock { state in
            state.lastFlushNs = Timestamp.now().nanoseconds
            state.lastFlushSeconds = watch.seconds
            state.flushedOffset = step.endOffset
            state.rows += report.rows
            state.files += report.tables.reduce(0) { $0 + Int64($1.files) }
            state.bytes += report.bytes
            state.behindSinceNs = nil
        }
        if report.rows > 0 {
            Log.debug(
                "flushed to the lake",
                ["rows": report.rows, "bytes": report.bytes, "seconds": watch.seconds, "offset": step.endOffset])
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
    private func persist(_ what: String, _ body: () throws -> Void) -> Bool {
        var pauseNs: Int64 = 100_000_000
        var failuresAtEnd = 0
        while true {
            do {
                try body()
                let failed = state.withLock { state in
                    defer { state.failure = nil }
                    return state.failure != nil
                }
                if failed { Log.info("the store works again", ["operation": what]) }
                return true
            } catch {
                let isNew = state.withLock { state in
                    defer { state.failure = "\(error)" }
                    return state.failure == nil
                }
                if isNew {
                    Log.warning("cannot \(what); nothing is lost, trying again", ["reason": "\(error)"])
                }
                if isEnding {
                    failuresAtEnd += 1
                    if failuresAtEnd == Self.failuresAtEndMax {
                        Log.error("could not \(what) before the end; the next start does it", ["reason": "\(error)"])
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

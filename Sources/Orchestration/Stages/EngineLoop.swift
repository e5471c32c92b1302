internal import Analytics
internal import Journaling
internal import Lake
internal import Market
internal import Platform
internal import Synchronization

/// The engine thread: reads durable blocks, shows steps to queries, publishes live, asks for flushes.
final class EngineLoop: @unchecked Sendable {  // what varies belongs to the engine thread
    /// When steps are cut and flushes asked for.
    struct Policy: Sendable {
        /// Longest time that events wait before queries see them, in nanoseconds.
        var visibleNs: Int64 = 50_000_000
        /// Rows beyond which a step is shown at once.
        var stepRows = 131_072
        /// Time between flushes, in nanoseconds.
        var flushNs: Int64 = 60_000_000_000
        /// Rows beyond which a flush is asked for at once.
        var flushRows = 1_000_000

        /// Rows in memory beyond which the engine waits for the flush.
        var hotRowsMax: Int64 { 2 * Int64(flushRows) + Int64(min(flushRows, stepRows)) }
    }

    private let stage: EngineStage
    private let reader: JournalReader
    private let journal: Journal
    private let store: HotStore
    private let flusher: FlushLoop
    private let appendTime: Histogram
    private let policy: Policy
    private var publisher: LivePublisher
    private let report: EngineReport
    private let step: Step
    private let position: Atomic<Offset>
    private let flushWanted = Atomic(false)
    private let draining = Atomic(false)
    private var coverageWatch = Stopwatch()
    private static let ongoingNs: Int64 = 1_000_000_000

    init(
        _ stage: EngineStage, journal: Journal, store: HotStore, flusher: FlushLoop, policy: Policy,
        publisher: LivePublisher, report: EngineReport, metrics: Metrics
    ) throws {
        self.stage = stage
        self.journal = journal
        self.store = store
        self.flusher = flusher
        self.policy = policy
        self.publisher = publisher
        self.report = report
        appendTime = metrics.histogram("tapedeck_hot_append_seconds", help: "Time to make a step visible to queries.")
        reader = try journal.makeReader(from: stage.offset)
        step = stage.makeStep()
        position = Atomic(stage.offset)
    }

    /// First offset that the engine has not processed yet; from the end of its thread on, the largest there is.
    var offset: Offset { position.load(ordering: .relaxed) }

    /// Asks for a flush of everything that is durable now.
    func requestFlush() { flushWanted.store(true, ordering: .releasing) }

    /// Asks the thread to end once it has processed everything that is durable, with a flush.
    func drain() { draining.store(true, ordering: .releasing) }

    /// Runs until drained; closes the flush loop.
    func run() {
        defer {
            position.store(.max, ordering: .relaxed)
            flusher.close()
        }
        var stepWatch = Stopwatch()
        var flushWatch = Stopwatch()
        var rowsSinceFlush = 0
        // Queries see the open bars of the last run before anything new arrives.
        if stage.engine.openBarCount > 0 { show() }
        while true {
            let block: JournalBlock?
            do {
                block = try reader.next(timeoutNs: 20_000_000)
            } catch {
                report.fail("the journal cannot be read: \(error)")
                Log.error("the engine stopped: the journal cannot be read", ["reason": "\(error)"])
                return
            }
            if let block {
                let start = LivePublisher.Position(step)
                if step.rows == 0 { stepWatch = Stopwatch() }
                stage.process(block, into: step)
                position.store(stage.offset, ordering: .relaxed)
                publisher.publish(step, since: start, engine: stage.engine, instruments: stage.instruments)
            }
            let isCaughtUp = block == nil && stage.offset >= journal.durableOffset
            let isEnding = isCaughtUp && draining.load(ordering: .acquiring)
            let isAsked = isCaughtUp && flushWanted.exchange(false, ordering: .acquiringAndReleasing)
            let isFull = step.rows >= policy.stepRows || stepWatch.elapsedNs >= policy.visibleNs
            guard isEnding || isAsked || isFull else { continue }
            report.update(stage)
            rowsSinceFlush += step.rows
            let isDue = rowsSinceFlush >= policy.flushRows || flushWatch.elapsedNs >= policy.flushNs
            // Records that made no rows count as seen too; a flush covers what is seen.
            if step.rows > 0 || stage.offset > store.visibleOffset + 1 { show() }
            if isEnding || isAsked || (isDue && rowsSinceFlush > 0) {
                flusher.submit(FlushLoop.Job(endOffset: stage.offset, checkpoint: stage.encode()))
                rowsSinceFlush = 0
                flushWatch = Stopwatch()
            }
            stepWatch = Stopwatch()
            if isEnding || !hasRoom() { return }
        }
    }

    /// Makes the step visible and empties it.
    private func show() {
        let watch = Stopwatch()
        let open = BarBatch(intervals: step.output.bars.intervals, texts: step.output.bars.texts)
        stage.engine.openBars(into: open)
        if step.rows > 0 { flusher.noteRows() }
        store.append(
            step.batches, openBars: open, ongoing: ongoingCoverage(), stage.dictionaries(), upTo: step.endOffset - 1)
        step.removeAll()
        appendTime.record(ns: watch.elapsedNs)
    }

    /// The stretches of coverage that go on; made anew once a second, and where some ended.
    private func ongoingCoverage() -> RecordBatch? {
        guard step.output.coverage.count > 0 || coverageWatch.elapsedNs >= Self.ongoingNs else { return nil }
        coverageWatch = Stopwatch()
        let ongoing = RecordBatch(Tables.coverage, texts: step.output.bars.texts)
        stage.engine.ongoingCoverage(journalOffset: max(0, stage.offset - 1), into: ongoing)
        return ongoing
    }

    /// Bounds the memory: while the lake cannot take the rows, what comes stays in the journal.
    ///
    /// - Returns: false where the flush thread has given up, at the end.
    private func hasRoom() -> Bool {
        while store.hotRows > policy.hotRowsMax {
            if flusher.hasEnded { return false }
            Pause.wait(ns: 1_000_000)
        }
        return true
    }
}

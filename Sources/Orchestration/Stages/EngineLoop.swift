internal import Analytics
internal import Journaling
internal import Market
internal import Platform
internal import Synchronization

/// The engine thread: reads durable blocks, hands steps to the store, publishes live.
final class EngineLoop: @unchecked Sendable {  // `stage`, `reader` and `publisher` belong to the engine thread
    /// When steps are cut and flushes asked for.
    struct Policy: Sendable {
        /// Longest time that events wait before queries see them, in nanoseconds.
        var visibleNs: Int64 = 100_000_000
        /// Rows beyond which a step is handed over at once.
        var stepRows = 131_072
        /// Time between flushes, in nanoseconds.
        var flushNs: Int64 = 60_000_000_000
        /// Rows beyond which a flush is asked for at once.
        var flushRows = 2_000_000
    }

    private let stage: EngineStage
    private let reader: JournalReader
    private let journal: Journal
    private let steps: BoundedQueue<Step>
    private let policy: Policy
    private var publisher: LivePublisher
    private let report: EngineReport
    private let flushWanted = Atomic(false)
    private let draining = Atomic(false)

    init(
        _ stage: EngineStage, journal: Journal, steps: BoundedQueue<Step>, policy: Policy, publisher: LivePublisher,
        report: EngineReport
    ) throws {
        self.stage = stage
        self.journal = journal
        self.steps = steps
        self.policy = policy
        self.publisher = publisher
        self.report = report
        reader = try journal.makeReader(from: stage.offset)
    }

    /// Asks for a flush of everything that is durable now.
    func requestFlush() { flushWanted.store(true, ordering: .releasing) }

    /// Asks the thread to end once it has processed everything that is durable, with a flush.
    func drain() { draining.store(true, ordering: .releasing) }

    /// Runs until drained; closes the queue of steps.
    func run() {
        defer { steps.close() }
        var step = stage.makeStep()
        var stepWatch = Stopwatch()
        var flushWatch = Stopwatch()
        var rowsSinceFlush = 0
        if stage.engine.openBarCount > 0 {
            // Queries see the open bars of the last run before anything new arrives.
            handOver(step)
            step = stage.makeStep()
        }
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
                publisher.publish(step, since: start, engine: stage.engine, instruments: stage.instruments)
            }
            let isCaughtUp = block == nil && stage.offset >= journal.durableOffset
            let isEnding = isCaughtUp && draining.load(ordering: .acquiring)
            let isAsked = isCaughtUp && flushWanted.exchange(false, ordering: .acquiringAndReleasing)
            let isFull = step.rows >= policy.stepRows || stepWatch.elapsedNs >= policy.visibleNs
            guard isEnding || isAsked || isFull else { continue }
            rowsSinceFlush += step.rows
            let isDue = rowsSinceFlush >= policy.flushRows || flushWatch.elapsedNs >= policy.flushNs
            if isEnding || isAsked || (isDue && rowsSinceFlush > 0) {
                step.checkpoint = stage.encode()
                rowsSinceFlush = 0
                flushWatch = Stopwatch()
            }
            report.update(stage)
            if step.rows > 0 || step.checkpoint != nil {
                handOver(step)
                step = stage.makeStep()
            }
            stepWatch = Stopwatch()
            if isEnding { return }
        }
    }

    private func handOver(_ step: Step) {
        let open = BarBatch(intervals: step.output.bars.intervals)
        stage.engine.openBars(into: open)
        step.openBars = open
        step.dictionaries = stage.dictionaries()
        steps.push(step)
    }
}

internal import Analytics
internal import Journaling
internal import Kafka
internal import Platform
internal import Synchronization

/// Puts what a journal holds into the topic of its pipeline: everything, and in the end each record once.
///
/// It keeps a checkpoint of how far the brokers have everything, and begins there after whatever went wrong: what is sent
/// again is the same records under the same offsets, which readers drop (docs/distributed.md).
/// - Threading: `run` on a thread of its own; all else from any thread.
final class Forwarder: Sendable {
    /// What it has done, and whether it works.
    struct Report: Sendable {
        /// First offset that the brokers may not have.
        var offset: Offset = 0
        /// Records, blocks and bytes given to brokers since the start.
        var frames: Int64 = 0
        var copies: Int64 = 0
        var messages: Int64 = 0
        var bytes: Int64 = 0
        /// What keeps it from working; nil where nothing does.
        var problem: String?
        /// All that was durable at this time had arrived, on the monotonic clock.
        var completeNs = Stopwatch.monotonicNs()
    }

    private let journal: Journal
    private let topic: JournalTopic
    private let configuration: EngineConfiguration
    private let feedNames: FeedNames
    private let checkpoints: CheckpointStore
    private let number: UInt64
    private let state: Mutex<Report>
    private let routed: Atomic<Offset>
    private let isDraining = Atomic(false)
    private let isEnding = Atomic(false)

    /// Time between checkpoints, and how long nothing is told of quiet partitions.
    private static let checkpointNs: Int64 = 1_000_000_000
    private static let tickNs: Int64 = 1_000_000_000
    private static let answerMs: Int32 = 5000
    private static let retryNs: [Int64] = [200_000_000, 1_000_000_000, 5_000_000_000]

    /// - Throws: where the checkpoints of earlier runs cannot be read.
    init(
        _ journal: Journal, to topic: JournalTopic, _ configuration: EngineConfiguration, feedNames: FeedNames,
        checkpoints: CheckpointStore
    ) throws {
        self.journal = journal
        self.topic = topic
        self.configuration = configuration
        self.feedNames = feedNames
        self.checkpoints = checkpoints
        number = try ProducerNumber.of(journal: journal.path)
        state = Mutex(Report())
        routed = Atomic(0)
        let offset = try restored().offset
        routed.store(offset, ordering: .relaxed)
        state.withLock { $0.offset = offset }
    }

    var report: Report { state.withLock { $0 } }

    /// First offset that was not looked at yet.
    var routedOffset: Offset { routed.load(ordering: .relaxed) }

    /// A router as it was when the brokers had everything before its offset.
    ///
    /// - Parameter output: where it is to put records; nil to follow the journal alone.
    func restored(output: (any RoutedRecords)? = nil) throws -> FrameRouter {
        let router = FrameRouter(
            TopicPartitioning(count: topic.partitions), configuration, feedNames: feedNames, output: output)
        if let kept = try checkpoints.newest(notBeyond: journal.durableOffset), kept.offset >= journal.oldestOffset {
            do {
                if try router.restore(kept.state, topic: topic.name) { return router }
                Log.warning("the journal goes to another topic than before: all that it holds is sent there")
            } catch {
                Log.warning("the checkpoint cannot be used: the journal is sent again", ["reason": "\(error)"])
            }
        }
        router.offset = journal.oldestOffset
        return router
    }

    // MARK: Ends

    /// Lets it end once the brokers have all that is durable.
    func drain() { isDraining.store(true, ordering: .releasing) }

    /// Lets it end now.
    func end() { isEnding.store(true, ordering: .releasing) }

    private var isCancelled: Bool { isEnding.load(ordering: .acquiring) }

    // MARK: Work

    /// Works until it is ended.
    func run() {
        var failures = 0
        while !isCancelled {
            let before = report.offset
            do {
                try forward()
                return
            } catch is CancellationError {
                return
            } catch {
                failures = report.offset > before ? 0 : failures + 1
                note(problem: "\(error)", isNew: failures <= 1)
            }
            let pause = Stopwatch()
            while pause.elapsedNs < Self.retryNs[min(failures, Self.retryNs.count - 1)], !isCancelled {
                Pause.wait(ns: 20_000_000)
            }
        }
    }

    private func note(problem: String, isNew: Bool) {
        state.withLock { $0.problem = problem }
        if isNew { Log.warning("the topic cannot be written to; messages stay in the journal", ["reason": problem]) }
    }

    /// Forwards from the last checkpoint on.
    private func forward() throws {
        let producer = try KafkaIdempotentProducer(try topic.producerSettings())
        defer { producer.close() }
        try prepare(producer)
        let start = try restored()
        let sender = TopicSender(
            producer, topic: topic, journal: number, from: start.offset,
            feedName: { [feedNames] in feedNames.name($0) },
            unless: { [self] in isCancelled })
        let router = try restored(output: sender)
        let reader = try journal.makeReader(from: router.offset)
        var session = Session(router, sender, saved: router.offset)
        while !isCancelled {
            let block = try reader.next(timeoutNs: min(sender.dueInNs ?? 20_000_000, 20_000_000))
            if let block { router.route(block) }
            try sender.check()
            routed.store(router.offset, ordering: .relaxed)
            let isDone = block == nil && isDraining.load(ordering: .acquiring) && router.offset >= journal.durableOffset
            // In the end every partition knows how far event time came.
            if isDone || session.tickWatch.elapsedNs >= Self.tickNs {
                router.tick()
                session.tickWatch = Stopwatch()
            }
            if let due = sender.dueInNs, due == 0 { try sender.sendAll(end: router.offset) }
            if isDone || session.watch.elapsedNs >= Self.checkpointNs { try checkpoint(&session) }
            if isDone { return }
        }
    }

    /// One run of `forward`.
    private struct Session {
        let router: FrameRouter
        let sender: TopicSender
        /// Offset of the last checkpoint.
        var saved: Offset
        var watch = Stopwatch()
        var tickWatch = Stopwatch()
        var counted = Report()
        /// Behind what was durable at a time.
        var target: (offset: Offset, timeNs: Int64)

        init(_ router: FrameRouter, _ sender: TopicSender, saved: Offset) {
            self.router = router
            self.sender = sender
            self.saved = saved
            target = (saved, Stopwatch.monotonicNs())
        }
    }

    /// Makes the topic where it is missing, and looks whether it is as it must be.
    private func prepare(_ producer: KafkaIdempotentProducer) throws {
        if try producer.topics(timeoutMs: Self.answerMs)[topic.name] == nil {
            let wanted = KafkaTopic(
                topic.name, partitions: topic.partitions, copies: topic.copies,
                settings: [("max.message.bytes", "\(JournalTopic.messageBytesMax)")])
            do {
                try producer.make([wanted], timeoutMs: Self.answerMs)
            } catch {
                throw PipelineError("the topic `\(topic.name)` is not there and cannot be made: \(error)")
            }
        }
        let watch = Stopwatch()
        while true {
            if let found = try producer.topics(timeoutMs: Self.answerMs)[topic.name] {
                guard found != topic.partitions else { return }
                throw PipelineError(
                    "the topic `\(topic.name)` has \(found) partitions, not \(topic.partitions): write `partitions: "
                        + "\(found)`, or the name of another topic")
            }
            // Brokers tell of a new topic a little later.
            guard watch.seconds < 5, !isCancelled else {
                throw PipelineError("the topic `\(topic.name)` was made, but no broker knows it yet")
            }
            Pause.wait(ns: 50_000_000)
        }
    }

    /// Waits until the brokers have everything that was routed, and remembers that.
    private func checkpoint(_ session: inout Session) throws {
        let (router, sender) = (session.router, session.sender)
        try sender.sendAll(end: router.offset)
        try sender.flush()
        if router.offset > session.saved {
            try checkpoints.save(router.encode(topic: topic.name), offset: router.offset)
            session.saved = router.offset
            if let oldest = try checkpoints.oldestOffset() { journal.retain(from: oldest) }
        }
        session.watch = Stopwatch()
        let before = session.counted
        session.counted.frames = router.frames
        session.counted.copies = router.copies
        session.counted.messages = sender.messages
        session.counted.bytes = sender.bytes
        let now = session.counted
        let reached = router.offset >= session.target.offset ? session.target.timeNs : nil
        if reached != nil { session.target = (journal.durableOffset, Stopwatch.monotonicNs()) }
        state.withLock { report in
            report.offset = router.offset
            report.problem = nil
            report.frames += now.frames - before.frames
            report.copies += now.copies - before.copies
            report.messages += now.messages - before.messages
            report.bytes += now.bytes - before.bytes
            if let reached { report.completeNs = reached }
        }
    }
}

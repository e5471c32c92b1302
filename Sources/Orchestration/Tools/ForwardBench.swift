internal import Feeds
internal import Journaling
internal import Kafka
internal import Platform
internal import Synchronization

/// Measures how a feed process brings its journal to Kafka: brokers inside this process, over TCP.
public enum ForwardBench {
    /// What was measured.
    public struct Report: Sendable {
        public var frames: Int64 = 0
        /// From the first record read until the brokers have all.
        public var seconds = 0.0
        /// User and system time of the process, brokers included.
        public var cpuSeconds = 0.0
        /// Processor time of the thread that routes, packs and sends alone, in nanoseconds per frame.
        public var forwardNsPerFrame = 0.0
        /// Bytes of a frame's payload, and of messages per frame.
        public var frameBytes = 0.0
        public var topicBytesPerFrame = 0.0
        /// Frames that were sent to further partitions, per frame.
        public var copiesPerFrame = 0.0
        /// Processor time by thread, in nanoseconds per frame.
        public var cpuNsPerFrame: [(thread: String, ns: Double)] = []
    }

    /// Fills a journal with frames of 1000 instruments, and forwards it.
    ///
    /// - Parameters:
    ///   - folder: for journal and state; not to be there yet.
    ///   - tradesMax: trades of a frame at most; they are of different instruments.
    /// - Throws: `PipelineError`, `JournalError`, `KafkaError`.
    public static func run(folder: String, frames: Int, tradesMax: Int, partitions: Int = 12) throws -> Report {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic("journal", partitions: partitions)
        let configuration = try PipelineConfiguration.parse(
            """
            pipeline: bench
            data: \(folder)
            bars: [1s, 1m, 1h]
            journal: { kafka: { brokers: ["\(cluster.brokers)"], topic: journal, partitions: \(partitions) } }
            state: \(folder)/state
            """, file: nil, components: Registry.components)
        guard let topic = configuration.journal.topic else { throw PipelineError("the configuration has a topic") }
        let journal = try Journal(path: configuration.journal.path)
        defer { journal.close() }
        var report = Report(frames: Int64(frames))
        report.frameBytes = Double(try fill(journal, frames, tradesMax)) / Double(frames)
        let names = FeedNames()
        names.load(from: journal)
        let forwarder = try Forwarder(
            journal, to: topic, try configuration.engine(), feedNames: names,
            checkpoints: CheckpointStore(folder: folder + "/forwarded"))
        let before = Dictionary(uniqueKeysWithValues: ThreadTimes.byName())
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        let thread = NamedThread("forward") {
            forwarder.drain()
            forwarder.run()
            forwardNs.store(Stopwatch.threadCPUNs(), ordering: .relaxed)
        }
        while forwarder.report.offset < journal.durableOffset {
            if let problem = forwarder.report.problem { throw PipelineError(problem) }
            Pause.wait(ns: 1_000_000)
        }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerFrame = ThreadTimes.byName().map { name, ns in
            (name, Double(ns - (before[name] ?? 0)) / Double(frames))
        }
        thread.join()
        report.forwardNsPerFrame = Double(forwardNs.load(ordering: .relaxed)) / Double(frames)
        let done = forwarder.report
        report.copiesPerFrame = Double(done.copies) / Double(frames)
        report.topicBytesPerFrame = Double(done.bytes) / Double(frames)
        return report
    }

    private static let forwardNs = Atomic<Int64>(0)

    /// Appends a session of frames.
    ///
    /// - Returns: bytes of their payloads.
    static func fill(_ journal: Journal, _ frames: Int, _ tradesMax: Int) throws -> Int {
        let feed = try journal.feed(named: "synthetic")
        try unsafe Array(SyntheticTrades.settings.utf8).withUnsafeBytes { settings in
            _ = try unsafe journal.append(.begin, feed: feed, ingestTime: .now(), payload: settings)
        }
        var market = SyntheticTrades()
        defer { market.free() }
        var bytes = 0
        for _ in 0..<frames {
            let time = Timestamp(nanoseconds: market.eventTimeNs + 50_000_000)
            _ = try unsafe market.next(atMost: tradesMax) { frame in
                bytes += frame.count
                _ = try unsafe journal.append(.data, feed: feed, ingestTime: time, payload: frame)
            }
        }
        try journal.waitUntilDurable(journal.nextOffset - 1)
        return bytes
    }
}

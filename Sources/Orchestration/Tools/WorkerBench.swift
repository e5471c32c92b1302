internal import Journaling
internal import Kafka
internal import Objects
internal import Platform
internal import Serving

/// Measures a worker on a topic that is full: brokers inside this process, over TCP.
public enum WorkerBench {
    /// What was measured.
    public struct Report: Sendable {
        public var frames: Int64 = 0
        public var trades: Int64 = 0
        /// From the start of the worker until it has opened all partitions.
        public var openSeconds = 0.0
        /// From then on until its engines have processed all, and until it is all stored as well.
        public var seconds = 0.0
        public var storedSeconds = 0.0
        /// User and system time of the process meanwhile, brokers included.
        public var cpuSeconds = 0.0
        /// Bytes of the states of all partitions.
        public var stateBytes: Int64 = 0
        /// Processor time by thread, in nanoseconds per trade.
        public var cpuNsPerTrade: [(thread: String, ns: Double)] = []
    }

    /// Fills a topic with frames of 1000 instruments, and has one worker take all of it. The brokers keep 5 MiB of a partition.
    ///
    /// - Parameters:
    ///   - folder: for all data; not to be there yet.
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
            sinks: [{ lake: { path: \(folder)/lake } }]
            """, file: nil, components: Registry.components)
        try fill(configuration, frames, tradesMax)
        var report = Report(frames: Int64(frames))
        let worker = try Worker(configuration)
        var watch = Stopwatch()
        worker.start()
        while worker.loop.state.partitions.count < partitions {
            if let failure = worker.loop.state.failure { throw PipelineError(failure) }
            Pause.wait(ns: 1_000_000)
        }
        report.openSeconds = watch.seconds
        let before = Dictionary(ThreadTimes.byName()) { $0 + $1 }
        let cpuNs = Stopwatch.processCPUNs()
        watch = Stopwatch()
        while !isDone(worker, partitions) {
            if let failure = worker.loop.state.failure { throw PipelineError(failure) }
            Pause.wait(ns: 1_000_000)
        }
        report.seconds = watch.seconds
        let status = worker.status
        report.trades = status.engine.trades
        let times = Dictionary(ThreadTimes.byName()) { $0 + $1 }
        worker.stop()
        report.storedSeconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerTrade = times.sorted { $0.key < $1.key }.map { name, ns in
            (name, Double(ns - (before[name] ?? 0)) / Double(max(1, report.trades)))
        }
        let store = try WorkerSettings(configuration).states
        var after = ""
        repeat {
            let page = try store.list(prefix: "", after: after, limit: 1000)
            report.stateBytes += page.objects.reduce(0) { $0 + $1.bytes }
            after = page.next ?? ""
        } while !after.isEmpty
        return report
    }

    private static func isDone(_ worker: Worker, _ partitions: Int) -> Bool {
        let state = worker.loop.state
        return state.partitions.count == partitions && state.isCurrent
            && state.partitions.allSatisfy { $0.lagMessages == 0 && $0.pipeline.engine.lagFrames == 0 }
    }

    private static func fill(_ configuration: PipelineConfiguration, _ frames: Int, _ tradesMax: Int) throws {
        guard let topic = configuration.journal.topic else { throw PipelineError("the configuration has a topic") }
        let journal = try Journal(path: configuration.journal.path)
        defer { journal.close() }
        _ = try ForwardBench.fill(journal, frames, tradesMax)
        let names = FeedNames()
        names.load(from: journal)
        let forwarder = try Forwarder(
            journal, to: topic, try configuration.engine(), feedNames: names,
            checkpoints: CheckpointStore(folder: configuration.dataFolder + "/forwarded"))
        let thread = NamedThread("forward") {
            forwarder.drain()
            forwarder.run()
        }
        while forwarder.report.offset < journal.durableOffset {
            if let problem = forwarder.report.problem { throw PipelineError(problem) }
            Pause.wait(ns: 1_000_000)
        }
        thread.join()
    }
}

internal import Analytics
internal import Feeds
internal import Kafka
internal import Platform

/// Measures the Kafka feed on a topic that is full: brokers inside this process, over TCP, the whole pipeline behind.
public enum KafkaBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        public var bytesPerMessage = 0.0
        /// From the first message in the journal to the last.
        public var seconds = 0.0
        /// The same until all rows are in the lake.
        public var secondsToLake = 0.0
        /// User and system time of the process, brokers included, until all rows are in the lake.
        public var cpuSeconds = 0.0
        /// Processor time by thread, in nanoseconds per message.
        public var cpuNsPerRow: [(thread: String, ns: Double)] = []
    }

    private static let partitions = 16
    private static let topic = "trades"

    /// Reads messages of one trade each. The brokers keep 5 MiB of a partition: a million messages fit.
    ///
    /// - Parameter folder: for journal, lake and state; not to be there yet.
    /// - Throws: `PipelineError`, `KafkaError`, and what the pipeline throws.
    public static func run(folder: String, rows: Int) throws -> Report {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic(topic, partitions: partitions)
        var report = Report(rows: Int64(rows))
        report.bytesPerMessage = Double(try fill(cluster, rows)) / Double(rows)
        let settings = try PipelineConfiguration.parse(
            """
            pipeline: bench
            data: \(folder)
            feeds: [kafka: { brokers: ["\(cluster.brokers)"], topics: [\(topic)], format: trades }]
            bars: [1s, 1m, 1h]
            indicators: [sma(20), rsi(14), atr(14)]
            serve: { listen: 127.0.0.1:0 }
            """, file: nil, components: Registry.components)
        let pipeline = try Pipeline(settings)
        defer { pipeline.stop() }
        pipeline.start()
        let before = Dictionary(uniqueKeysWithValues: ThreadTimes.byName())
        let cpuNs = Stopwatch.processCPUNs()
        try pipeline.startFeeds()
        func frames() throws -> Int64 {
            if let error = pipeline.feedErrors.first { throw PipelineError(error) }
            return pipeline.feedState("kafka")?.frames ?? 0
        }
        while try frames() == 0 { Pause.wait(ns: 1_000_000) }
        let watch = Stopwatch()
        while try frames() < report.rows { Pause.wait(ns: 2_000_000) }
        report.seconds = watch.seconds
        guard pipeline.flush() else { throw PipelineError("the rows could not be stored") }
        report.secondsToLake = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerRow = ThreadTimes.byName().map { name, ns in
            (name, Double(ns - (before[name] ?? 0)) / Double(rows))
        }
        let engine = pipeline.report.snapshot
        guard Int64(engine.totals.trades) == report.rows, engine.deadLetters == 0 else {
            throw PipelineError(
                "\(engine.totals.trades) of \(report.rows) rows arrived, \(engine.deadLetters) dead letters")
        }
        return report
    }

    /// Sends the messages, in turn to the partitions.
    ///
    /// - Returns: their bytes.
    private static func fill(_ cluster: KafkaMockCluster, _ rows: Int) throws -> Int {
        var settings = KafkaSettings()
        for (name, text) in [
            ("bootstrap.servers", cluster.brokers), ("compression.type", "lz4"), ("linger.ms", "20"),
            ("queue.buffering.max.messages", "500000"), ("batch.num.messages", "10000"),
        ] { try settings.set(name, text) }
        let producer = try KafkaProducer(settings)
        let startNs = Timestamp.now().nanoseconds
        var bytes = 0
        for row in 0..<rows {
            // Each partition has instruments of its own, so that their trades stay in order.
            let partition = row % partitions
            let text =
                "{\"symbol\":\"NASDAQ:C\(partition)S\(row / partitions % 64)\",\"event_time_ns\":\(startNs + Int64(row)),"
                + "\"price\":\(10 + row * 37 % 900).\(10 + row * 13 % 90),\"size\":\(1 + row * 7 % 500)}"
            var message = text
            try message.withUTF8 { value in
                bytes += value.count
                try unsafe producer.send(
                    UnsafeRawBufferPointer(value), topic: topic, partition: Int32(partition))
            }
        }
        try producer.flush(timeoutMs: 60_000)
        return bytes
    }
}

internal import Kafka
internal import Platform

/// Measures the Kafka feed on a topic that is full: brokers inside this process, over TCP.
public enum KafkaBench {
    private static let partitions = 16
    private static let topic = "trades"

    /// Reads messages of one trade each. The brokers keep 5 MiB of a partition: a million messages fit.
    ///
    /// - Parameter folder: for journal, lake and state; not to be there yet.
    /// - Throws: `PipelineError`, `KafkaError`, and what the pipeline throws.
    public static func run(folder: String, rows: Int) throws -> FeedBench.Report {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic(topic, partitions: partitions)
        let bytes = try fill(cluster, rows)
        var report = try FeedBench.run(
            folder: folder, feed: "kafka: { brokers: [\"\(cluster.brokers)\"], topics: [\(topic)], format: trades }",
            name: "kafka", rows: rows)
        report.bytesPerMessage = Double(bytes) / Double(rows)
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
            let partition = row % partitions
            var message = FeedBench.trade(row, lane: partition, lanes: partitions, startNs: startNs)
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

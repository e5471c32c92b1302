internal import Databases
internal import Delivery
internal import Kafka
internal import Market
internal import Platform
internal import Stores

/// Measures the Kafka sink: rows of trades in a database in memory, brokers inside this process, over TCP.
public enum KafkaSinkBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        public var rowsPerMessage = 0.0
        /// Of messages' values, before Kafka compresses them.
        public var bytesPerRow = 0.0
        /// From the first query to the last commit.
        public var seconds = 0.0
        /// User and system time of the process, brokers included.
        public var cpuSeconds = 0.0
        /// Processor time of the sink's thread for reading, ordering and encoding a row alone, in nanoseconds.
        public var encodeNsPerRow = 0.0
        /// Processor time by thread, in nanoseconds per row.
        public var cpuNsPerRow: [(thread: String, ns: Double)] = []
    }

    private static let partitions = 12

    /// Delivers trades of 64 instruments, 20 to a frame.
    ///
    /// - Parameter format: as the sink's option.
    /// - Throws: `DatabaseError`, `KafkaError`, `DeliveryError`.
    public static func run(rows: Int, format: String) throws -> Report {
        let trades = try BenchTradeUnits(rows: rows)
        var report = Report(rows: Int64(rows))
        try encode(try trades.unit(0), MessageFormat(rawValue: format) ?? .json, &report)
        let cluster = try KafkaMockCluster()
        for (topic, count) in [("trades", partitions), ("offsets", 1), ("rejected", 1)] {
            try cluster.createTopic("tapedeck.\(topic)", partitions: count)
        }
        let options = try Options(KafkaSink.spec, assignments: ["brokers=\(cluster.brokers)", "format=\(format)"])
        let target = try KafkaSink.make(options, SinkContext(pipeline: "bench", sink: "kafka", folder: ""))
        defer { target.close() }
        try target.open([Tables.trades])
        let before = Dictionary(uniqueKeysWithValues: ThreadTimes.byName())
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for unit in 0..<trades.count { _ = try target.deliver(try trades.unit(unit)) }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerRow = ThreadTimes.byName().map { name, ns in
            (name, Double(ns - (before[name] ?? 0)) / Double(rows))
        }
        return report
    }

    /// Encodes a unit, and sends nothing.
    private static func encode(_ unit: DeliveryUnit, _ format: MessageFormat, _ report: inout Report) throws {
        let messages = OutgoingMessages()
        let startNs = Stopwatch.threadCPUNs()
        let encoder = try format.messages(of: unit, messageBytesMax: 1_000_000)
        var (count, bytes) = (0, 0)
        while encoder.encode(into: messages, bytes: 16 << 20) != nil {
            count += messages.count
            bytes += messages.values.count
        }
        let rows = Double(max(1, encoder.rowCount))
        report.encodeNsPerRow = Double(Stopwatch.threadCPUNs() - startNs) / rows
        report.rowsPerMessage = rows / Double(max(1, count))
        report.bytesPerRow = Double(bytes) / rows
    }
}

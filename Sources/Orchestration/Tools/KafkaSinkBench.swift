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
        public var bytesPerMessage = 0.0
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
    /// As the sink cuts them.
    private static let unitRows = 500_000
    private static let rowsPerOffset = 20

    /// Delivers trades of 64 instruments, 20 to a frame, a message each.
    ///
    /// - Throws: `DatabaseError`, `KafkaError`, `DeliveryError`.
    public static func run(rows: Int) throws -> Report {
        let connection = try Database.duckDB().connect()
        try connection.execute(
            """
            CREATE TABLE trades AS SELECT 'BINANCE' AS venue, 'C' || n % 64 || 'USDT' AS symbol,
              to_timestamp(1769000000 + n / 50000) AS event_time, 1769000000000000000 + n * 20000 AS event_time_ns,
              to_timestamp(1769000001 + n / 50000) AS ingest_time, 1769000001000000000 + n // 20 * 400000 AS ingest_time_ns,
              10 + n * 37 % 90000 / 100 AS price, (1 + n * 7 % 50000) / 1000 AS size,
              CASE WHEN n % 2 = 0 THEN 'buy' ELSE 'sell' END AS side, 100000000 + n AS trade_id, NULL::VARCHAR AS conditions,
              n // \(rowsPerOffset) AS journal_offset, (n % \(rowsPerOffset))::INTEGER AS frame_index
            FROM (SELECT range AS n FROM range(\(rows)))
            """)
        func unit(_ first: Int) throws -> DeliveryUnit {
            let after = Int64(first / rowsPerOffset) - 1
            let last = Int64((min(rows, first + unitRows) - 1) / rowsPerOffset)
            return DeliveryUnit(
                table: Tables.trades, after: after, last: last, months: [],
                rows: try connection.query(
                    "SELECT * FROM trades WHERE journal_offset > \(after) AND journal_offset <= \(last)"))
        }
        var report = Report(rows: Int64(rows))
        try encode(try unit(0), &report)
        let cluster = try KafkaMockCluster()
        for (topic, count) in [("trades", partitions), ("offsets", 1), ("rejected", 1)] {
            try cluster.createTopic("tapedeck.\(topic)", partitions: count)
        }
        let options = try Options(KafkaSink.spec, assignments: ["brokers=\(cluster.brokers)"])
        let target = try KafkaSink.make(options, SinkContext(pipeline: "bench", sink: "kafka", folder: ""))
        defer { target.close() }
        try target.open([Tables.trades])
        let before = Dictionary(uniqueKeysWithValues: ThreadTimes.byName())
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for first in stride(from: 0, to: rows, by: unitRows) { _ = try target.deliver(try unit(first)) }
        report.seconds = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerRow = ThreadTimes.byName().map { name, ns in
            (name, Double(ns - (before[name] ?? 0)) / Double(rows))
        }
        return report
    }

    /// Encodes a unit, and sends nothing.
    private static func encode(_ unit: DeliveryUnit, _ report: inout Report) throws {
        let messages = OutgoingMessages()
        let startNs = Stopwatch.threadCPUNs()
        let encoder = try MessageEncoder(unit, messageBytesMax: 1_000_000)
        var (count, bytes) = (0, 0)
        while encoder.encode(into: messages, bytes: 16 << 20) != nil {
            count += messages.count
            bytes += messages.values.count
        }
        report.encodeNsPerRow = Double(Stopwatch.threadCPUNs() - startNs) / Double(max(1, count))
        report.bytesPerMessage = Double(bytes) / Double(max(1, count))
    }
}

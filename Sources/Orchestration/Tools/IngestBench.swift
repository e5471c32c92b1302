internal import Analytics
internal import Feeds
internal import Networking
internal import Platform

/// Measures pushes over loopback: clients that send batches of rows by HTTP and wait for each answer, which comes once
/// the journal has the batch on disk; the whole pipeline runs behind it.
public enum IngestBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        /// From the first byte sent to the last answer.
        public var seconds = 0.0
        /// The same until all rows are in the lake.
        public var secondsToLake = 0.0
        /// User and system time of the process, clients included, until all rows are in the lake.
        public var cpuSeconds = 0.0
        public var busy: Int64 = 0
        public var p50Ns: Int64 = 0
        public var p99Ns: Int64 = 0
        /// Processor time by thread, in nanoseconds per row.
        public var cpuNsPerRow: [(thread: String, ns: Double)] = []
    }

    /// Sends rows from several clients at once.
    ///
    /// - Parameters:
    ///   - folder: for journal, lake and state; not to be there yet.
    ///   - rows: rounded up to whole batches of every client.
    /// - Throws: `PipelineError`, `NetworkError`, and what the pipeline throws.
    public static func run(folder: String, rows: Int, clients: Int = 8, batch: Int = 1000) throws -> Report {
        let settings = try PipelineConfiguration.parse(
            """
            pipeline: bench
            data: \(folder)
            feeds: [push: { format: trades }]
            bars: [1s, 1m, 1h]
            indicators: [sma(20), rsi(14), atr(14)]
            serve: { listen: 127.0.0.1:0 }
            """, file: nil, components: Registry.components)
        let pipeline = try Pipeline(settings)
        defer { pipeline.stop() }
        pipeline.start()
        guard let port = Int(try pipeline.serve().split(separator: ":").last ?? "") else {
            throw PipelineError("the server has no port")
        }
        try pipeline.startFeeds()
        while pipeline.feedState("push")?.state != .idle { Pause.wait(ns: 1_000_000) }
        let batches = max(1, (rows + clients * batch - 1) / (clients * batch))
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        let sent = try PushClients.run(
            port: port,
            (0..<clients).map { client in { TradeBatches(client: client, batches: batches, rows: batch) } })
        var report = Report(rows: Int64(batches * clients * batch), seconds: watch.seconds)
        guard pipeline.flush() else { throw PipelineError("the rows could not be stored") }
        report.secondsToLake = watch.seconds
        report.cpuSeconds = Double(Stopwatch.processCPUNs() - cpuNs) / 1e9
        report.cpuNsPerRow = ThreadTimes.byName().map { ($0.name, Double($0.cpuNs) / Double(report.rows)) }
        report.busy = sent.busy
        report.p50Ns = sent.latency.quantileNs(0.5)
        report.p99Ns = sent.latency.quantileNs(0.99)
        let engine = pipeline.report.snapshot
        guard Int64(engine.totals.trades) == report.rows, engine.deadLetters == 0 else {
            throw PipelineError(
                "\(engine.totals.trades) of \(report.rows) rows arrived, \(engine.deadLetters) dead letters")
        }
        return report
    }
}

/// Requests of one client: a batch of trades over a hundred instruments of its own, whose times and trade ids are
/// written anew for every request.
private final class TradeBatches: PushClients.Sender {
    private static let instruments = 100
    private let request = Column<UInt8>()
    private let rows: Int
    private let batches: Int
    private var batch = 0
    /// Where times, ids and the key's number stand in the request.
    private var timePlaces: [Int] = []
    private var idPlaces: [Int] = []
    private var keyPlace = 0

    init(client: Int, batches: Int, rows: Int) {
        self.batches = batches
        self.rows = rows
        var body: [UInt8] = []
        var (times, identifiers): ([Int], [Int]) = ([], [])
        for row in 0..<rows {
            body += "{\"symbol\":\"NASDAQ:C\(client)S\(row % Self.instruments)\",\"event_time_ns\":".utf8
            times.append(body.count)
            let price = "\(10 + row * 37 % 900).\(10 + row * 13 % 90)"
            body += "0000000000000000000,\"price\":\(price),\"size\":\(1 + row * 7 % 500)".utf8
            body += ",\"side\":\"\(row % 2 == 0 ? "buy" : "sell")\",\"trade_id\":".utf8
            identifiers.append(body.count)
            body += "000000000}\n".utf8
        }
        var head = Array("POST /api/v1/ingest/push HTTP/1.1\r\nHost: localhost\r\nIdempotency-Key: \(client)-".utf8)
        keyPlace = head.count
        head += "000000000\r\nContent-Length: \(body.count)\r\n\r\n".utf8
        for byte in head + body { request.append(byte) }
        timePlaces = times.map { $0 + head.count }
        idPlaces = identifiers.map { $0 + head.count }
    }

    func next() -> Column<UInt8>? {
        guard batch < batches else { return nil }
        let startNs = Timestamp.now().nanoseconds
        for row in 0..<rows {
            write(startNs + Int64(row), at: timePlaces[row], digits: 19)
            // A number may not begin with zeros.
            write(
                Int64(100_000_000 + batch * (rows / Self.instruments) + row / Self.instruments), at: idPlaces[row],
                digits: 9)
        }
        write(Int64(batch), at: keyPlace, digits: 9)
        batch += 1
        return request
    }

    private func write(_ value: Int64, at place: Int, digits: Int) {
        var rest = value
        for digit in (place..<place + digits).reversed() {
            request[digit] = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10)
            rest /= 10
        }
    }
}

internal import Delivery
internal import Market
internal import Networking
internal import Platform
internal import Stores
internal import Synchronization

/// Measures the sinks of Google Cloud Pub/Sub and Amazon Kinesis: rows of trades in a database in memory, a service inside this
/// process that takes everything and looks at nothing, over HTTP.
public enum CloudSinkBench {
    /// What was measured.
    public struct Report: Sendable {
        public var rows: Int64 = 0
        /// From the first query to the last answer.
        public var seconds = 0.0
        /// User and system time of the process, service included.
        public var cpuSeconds = 0.0
        public var requests: Int64 = 0
        public var bytesPerRow = 0.0
    }

    /// - Throws: `DatabaseError`, `NetworkError`, `DeliveryError`.
    public static func pubSub(folder: String, rows: Int) throws -> Report {
        try run(folder: folder, rows: rows, PubSubSink.spec, ["project=bench"], PubSubSink.make) { _ in .json("{}") }
    }

    /// - Throws: `DatabaseError`, `NetworkError`, `DeliveryError`.
    public static func kinesis(folder: String, rows: Int) throws -> Report {
        let options = ["stream=bench", "region=eu-central-1", "access_key=bench", "secret_key=bench"]
        return try run(folder: folder, rows: rows, KinesisSink.spec, options, KinesisSink.make) { request in
            let outcomes = Array(repeating: #"{"SequenceNumber":"1","ShardId":"s"}"#, count: records(request.body))
            return .json("{\"FailedRecordCount\":0,\"Records\":[\(outcomes.joined(separator: ","))]}")
        }
    }

    /// Records of a request: each ends with its partition key.
    private static func records(_ body: [UInt8]) -> Int {
        let name = Array("\"PartitionKey\":".utf8)
        // Base64 has no quotes, so that only members begin with one.
        return body.indices.count { body[$0] == name[0] && body[$0...].starts(with: name) }
    }

    private static func run(
        folder: String, rows: Int, _ spec: Spec, _ options: [String],
        _ make: (Options, SinkContext) throws(ConfigError) -> any DeliveryTarget,
        _ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse
    ) throws -> Report {
        let trades = try BenchTradeUnits(rows: rows)
        let count = Atomic<Int64>(0), bytes = Atomic<Int64>(0)
        var server = HTTPServer.Options()
        server.port = 0
        server.maxBodyBytes = 16 << 20
        let service = try HTTPServer(options: server) { request, responder in
            count.add(1, ordering: .relaxed)
            bytes.add(Int64(request.body.count), ordering: .relaxed)
            responder.respond(answer(request))
        }
        defer { service.stop() }
        let target = try make(
            try Options(spec, assignments: options + ["endpoint=\(service.url)"]),
            SinkContext(pipeline: "bench", sink: "bench", folder: folder))
        defer { target.close() }
        try target.open([Tables.trades])
        let cpuNs = Stopwatch.processCPUNs()
        let watch = Stopwatch()
        for unit in 0..<trades.count { _ = try target.deliver(try trades.unit(unit)) }
        return Report(
            rows: Int64(rows), seconds: watch.seconds, cpuSeconds: Double(Stopwatch.processCPUNs() - cpuNs) / 1e9,
            requests: count.load(ordering: .relaxed),
            bytesPerRow: Double(bytes.load(ordering: .relaxed)) / Double(max(1, rows)))
    }
}

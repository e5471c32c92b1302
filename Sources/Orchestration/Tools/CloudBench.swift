internal import Foundation
internal import Networking
internal import Platform
internal import Synchronization

/// Measures the feeds of Google Cloud Pub/Sub and Amazon Kinesis on answers that are ready: a service inside this process,
/// over HTTP.
public enum CloudBench {
    private static let startNs: Int64 = 1_767_225_600_000_000_000

    /// Pulls messages of one trade each, a thousand at a time, and acknowledges them.
    ///
    /// - Parameter folder: for journal, lake and state; not to be there yet.
    /// - Throws: `PipelineError`, `NetworkError`, and what the pipeline throws.
    public static func pubSub(folder: String, rows: Int) throws -> FeedBench.Report {
        let answers = pages(rows, of: 1000) { page in
            let messages = page.map { row in
                "{\"ackId\":\"a\(row)\",\"message\":{\"data\":\"\(data(row, lane: 0, lanes: 1))\",\"messageId\":\"\(row)\","
                    + "\"publishTime\":\"2026-01-01T00:00:00.123Z\"}}"
            }
            return "{\"receivedMessages\":[\(messages.joined(separator: ","))]}"
        }
        let next = Atomic(0)
        let server = try serve { request in
            guard request.path.hasSuffix(":pull") else { return .json("{}") }
            let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
            return number < answers.count ? answers[number] : .json("{}")
        }
        defer { server.stop() }
        var report = try FeedBench.run(
            folder: folder,
            feed: "pubsub: { subscription: projects/p/subscriptions/s, format: trades, pulls: 4, "
                + "endpoint: \"\(server.url)\" }", name: "pubsub", rows: rows)
        report.bytesPerMessage = bytesPerRow(answers, rows)
        return report
    }

    /// Reads the records of sixteen shards, of one trade each.
    ///
    /// - Parameter folder: for journal, lake and state; not to be there yet.
    /// - Throws: `PipelineError`, `NetworkError`, and what the pipeline throws.
    public static func kinesis(folder: String, rows: Int) throws -> FeedBench.Report {
        let (shards, size) = (16, 10_000)
        // By shard, page after page; what a page is called is in the iterator that leads to it.
        let answers = (0..<shards).map { shard in
            let mine = Array(stride(from: shard, to: rows, by: shards))
            var page = 0
            return pages(mine.count, of: size) { range in
                page += 1
                let records = mine[range].map { row in
                    "{\"SequenceNumber\":\"\(1 + row)\",\"ApproximateArrivalTimestamp\":1.767225600123E9,"
                        + "\"Data\":\"\(data(row, lane: shard, lanes: shards))\",\"PartitionKey\":\"\(shard)\"}"
                }
                return "{\"MillisBehindLatest\":0,\"NextShardIterator\":\"\(shard):\(page)\","
                    + "\"Records\":[\(records.joined(separator: ","))]}"
            }
        }
        let list = (0..<shards).map { "{\"ShardId\":\"shard-\($0)\"}" }.joined(separator: ",")
        let server = try serve { request in
            let body = String(decoding: request.body, as: UTF8.self)
            switch request.headers["X-Amz-Target"]?.split(separator: ".").last {
            case "ListShards": return .json("{\"Shards\":[\(list)]}")
            case "GetShardIterator":
                let shard = body.split(separator: "shard-").last?.prefix { $0.isNumber } ?? ""
                return .json("{\"ShardIterator\":\"\(shard):0\"}")
            default:
                let isPlace = { (part: Substring) in part.contains(":") && part.first?.isNumber == true }
                let place = body.split(separator: "\"").first(where: isPlace) ?? "0:0"
                let numbers = place.split(separator: ":").compactMap { Int($0) }
                let (shard, page) = (numbers[0], numbers[1])
                guard page < answers[shard].count else {
                    return .json("{\"MillisBehindLatest\":0,\"NextShardIterator\":\"\(place)\",\"Records\":[]}")
                }
                return answers[shard][page]
            }
        }
        defer { server.stop() }
        var report = try FeedBench.run(
            folder: folder,
            feed: "kinesis: { stream: s, format: trades, region: eu-central-1, every: 200ms, access_key: bench, "
                + "secret_key: bench, endpoint: \"\(server.url)\" }", name: "kinesis", rows: rows)
        report.bytesPerMessage = bytesPerRow(answers.flatMap { $0 }, rows)
        return report
    }

    private static func data(_ row: Int, lane: Int, lanes: Int) -> String {
        let text = FeedBench.trade(row, lane: lane, lanes: lanes, startNs: startNs)
        return Data(text.utf8).base64EncodedString()
    }

    private static func pages(_ rows: Int, of size: Int, _ make: (Range<Int>) -> String) -> [HTTPResponse] {
        stride(from: 0, to: rows, by: size).map { .json(make($0..<min($0 + size, rows))) }
    }

    private static func bytesPerRow(_ answers: [HTTPResponse], _ rows: Int) -> Double {
        Double(answers.reduce(0) { $0 + $1.body.count }) / Double(rows)
    }

    private static func serve(_ answer: @escaping @Sendable (HTTPRequest) -> HTTPResponse) throws -> HTTPServer {
        var options = HTTPServer.Options()
        options.port = 0
        return try HTTPServer(options: options) { request, responder in responder.respond(answer(request)) }
    }
}

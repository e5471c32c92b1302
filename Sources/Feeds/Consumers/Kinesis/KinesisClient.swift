internal import Foundation
internal import Market
internal import Networking
internal import Platform

/// Asks Amazon Kinesis for shards and records of one stream.
///
/// - Source: Amazon Kinesis Data Streams API reference, 2013-12-02: `ListShards`, `GetShardIterator`, `GetRecords`.
/// - Threading: any thread.
final class KinesisClient: Sendable {
    /// Where to begin reading a shard.
    enum Start: Sendable, Equatable {
        /// With the oldest record that is kept.
        case earliest
        /// With the first record that arrived at this time or later, in nanoseconds since 1970 UTC.
        case at(ns: Int64)
        /// Behind a record.
        case after(StreamNumber)
    }

    struct Record: Sendable, Equatable {
        let number: StreamNumber
        let data: [UInt8]
        let partitionKey: String
        /// When it arrived, in nanoseconds since 1970 UTC; nil where it is not said.
        let arrivedNs: Int64?
    }

    /// What a read brought.
    struct Batch: Sendable {
        var records: [Record] = []
        /// What goes on behind it; nil where the shard is read to its end.
        var next: String?
        /// How far the last record is behind the newest of the shard, in milliseconds.
        var behindMs: Int64 = 0
    }

    /// Most records that one read gives.
    static let recordsMax = 10_000
    /// Most pages of the list of shards.
    private static let pagesMax = 1000

    private let service: AWSService
    private let stream: KinesisStream

    init(_ service: AWSService, _ stream: KinesisStream) {
        self.service = service
        self.stream = stream
    }

    /// All shards that the stream has, and those that it had when its oldest records were written.
    func shards(isCancelled: () -> Bool) throws(CloudError) -> [KinesisShard] {
        var shards: [KinesisShard] = []
        var token: String?
        for _ in 0..<Self.pagesMax {
            let member = token.map { "\"NextToken\":\(JSONText.quoted($0))" } ?? stream.member
            let page: ShardPage = try ask("ListShards", "{\(member)}", isCancelled)
            shards += page.Shards.map { shard in
                KinesisShard(
                    id: shard.ShardId, parents: [shard.ParentShardId, shard.AdjacentParentShardId].compactMap { $0 })
            }
            guard let next = page.NextToken, !next.isEmpty else { return shards }
            token = next
        }
        throw CloudError(.malformed, "the list of shards has no end", operation: "ListShards")
    }

    /// What the first read of a shard needs.
    func iterator(_ shard: String, _ start: Start, isCancelled: () -> Bool) throws(CloudError) -> String {
        let kind =
            switch start {
            case .earliest: "\"TRIM_HORIZON\""
            case .at(let ns): "\"AT_TIMESTAMP\",\"Timestamp\":\(Self.seconds(ns))"
            case .after(let number): "\"AFTER_SEQUENCE_NUMBER\",\"StartingSequenceNumber\":\"\(number)\""
            }
        let body = "{\(stream.member),\"ShardId\":\(JSONText.quoted(shard)),\"ShardIteratorType\":\(kind)}"
        let answer: Iterator = try ask("GetShardIterator", body, isCancelled)
        return answer.ShardIterator
    }

    /// The records behind an iterator, oldest first.
    func records(_ iterator: String, most: Int, isCancelled: () -> Bool) throws(CloudError) -> Batch {
        let member = stream.arn == nil ? "" : ",\(stream.member)"
        let body = "{\"ShardIterator\":\(JSONText.quoted(iterator)),\"Limit\":\(most)\(member)}"
        let answer = try service.call("GetRecords", body, isCancelled: isCancelled)
        do throws(KinesisPage.Problem) { return try KinesisPage.batch(answer) } catch {
            throw Self.malformed("GetRecords", error.message)
        }
    }

    // Members as the service names them.
    private struct ShardPage: Decodable {
        struct Shard: Decodable {
            let ShardId: String
            let ParentShardId: String?
            let AdjacentParentShardId: String?
        }
        let Shards: [Shard]
        let NextToken: String?
    }
    private struct Iterator: Decodable {
        let ShardIterator: String
    }

    private func ask<Answer: Decodable>(
        _ action: String, _ body: String, _ isCancelled: () -> Bool
    ) throws(CloudError) -> Answer {
        let bytes = try service.call(action, body, isCancelled: isCancelled)
        do { return try JSONDecoder().decode(Answer.self, from: Data(bytes)) } catch {
            throw Self.malformed(action, "not what the service's description says")
        }
    }

    private static func malformed(_ action: String, _ what: String) -> CloudError {
        CloudError(.malformed, "the answer holds \(what)", operation: action)
    }

    /// Seconds with milliseconds, which is as exact as the service is.
    private static func seconds(_ ns: Int64) -> String {
        let ms = max(0, ns / 1_000_000)
        let rest = String(ms % 1000)
        return "\(ms / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest)"
    }
}

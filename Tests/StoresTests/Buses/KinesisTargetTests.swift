import Delivery
import Foundation
import Market
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Stores

/// A stream that takes some records and not others.
private final class Stream: Sendable {
    struct Put: Decodable {
        struct Record: Decodable {
            let Data: Foundation.Data
            let PartitionKey: String
        }
        let Records: [Record]
        let StreamName: String?
    }
    struct State {
        var random = SeededGenerator(seed: 11)
        var lines: [(key: String, line: String)] = []
        var requests: [[String]] = []
    }
    let state = Mutex(State())
    let refusing: Double

    init(refusing: Double = 0) { self.refusing = refusing }

    func answer(_ asked: AnsweringServer.Asked) -> HTTPResponse? {
        guard asked.headers["X-Amz-Target"] == "Kinesis_20131202.PutRecords" else { return .json("{}") }
        guard let put = try? JSONDecoder().decode(Put.self, from: Data(asked.request.body)) else {
            return .json(#"{"__type":"SerializationException"}"#, status: 400)
        }
        return state.withLock { state in
            state.requests.append(put.Records.map(\.PartitionKey))
            let outcomes = put.Records.map { record in
                if Double.random(in: 0..<1, using: &state.random) < refusing {
                    return #"{"ErrorCode":"ProvisionedThroughputExceededException","ErrorMessage":"Rate exceeded"}"#
                }
                for line in String(decoding: record.Data, as: UTF8.self).split(separator: "\n") {
                    state.lines.append((record.PartitionKey, String(line)))
                }
                return #"{"SequenceNumber":"1","ShardId":"shardId-000000000000"}"#
            }
            return .json("{\"FailedRecordCount\":1,\"Records\":[\(outcomes.joined(separator: ","))]}")
        }
    }
}

@Suite struct KinesisTargetTests {
    private let folder = TemporaryFolder()

    private func target(_ service: AnsweringServer, _ stream: String = "market") throws -> KinesisTarget {
        let options = try Options(
            KinesisSink.spec,
            assignments: [
                "stream=\(stream)", "region=eu-central-1", "endpoint=\(service.url)", "access_key=AKID",
                "secret_key=never-shown",
            ])
        return KinesisTarget(
            try KinesisSinkSettings(options, environment: [:]),
            SinkContext(pipeline: "test", sink: "kinesis", folder: folder.path))
    }

    private func identity(_ line: String) -> [Int] {
        line.split(separator: "\"")[3].split(separator: "/")[2...3].map { Int($0) ?? -1 }
    }

    @Test(arguments: [0.0, 0.4])
    func `each row is a line, once, in the order of its key, whichever records are refused`(refusing: Double) throws {
        let stream = Stream(refusing: refusing)
        let service = try AnsweringServer { stream.answer($0) }
        let target = try target(service)
        try target.open([Tables.trades])
        var rows = try SampleRows()
        rows.textBytes = 200
        for first in stride(from: 0, to: 12_000, by: 4000) {
            #expect(try target.deliver(try rows.unit(first..<first + 4000, seed: 2)) == 4000)
        }
        #expect(target.committedOffset(Tables.trades) == 5999)
        let state = stream.state.withLock { $0 }
        #expect(state.lines.count == 12_000)
        for (_, lines) in Dictionary(grouping: state.lines, by: \.key) {
            let places = lines.map { identity($0.line) }
            #expect(places == places.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) })
        }
        // Of one key one record at a time.
        #expect(state.requests.allSatisfy { Set($0).count == $0.count && $0.count <= 500 })
        #expect(state.requests.count > 3)
        let line = try #require(state.lines.first { identity($0.line) == [77, 1] })
        let row = try #require(try JSONSerialization.jsonObject(with: Data(line.line.utf8)) as? [String: Any])
        #expect(row["tapedeck"] as? String == "test/trades/77/1/\(MessageIdentity.schema(Tables.trades))")
        #expect(row["journal_offset"] as? Int == 77 && row.count == Tables.trades.columns.count + 1)
        #expect(line.key == "\(row["venue"] ?? ""):\(row["symbol"] ?? "")")
    }

    @Test func `records are cut where requests end`() throws {
        let stream = Stream()
        let service = try AnsweringServer { stream.answer($0) }
        let target = try target(service)
        try target.open([Tables.trades])
        var rows = try SampleRows()
        rows.textBytes = 900_000
        #expect(try target.deliver(try rows.unit(0..<12)) == 12)
        let large = service.asked.filter { $0.request.body.count > 100_000 }
        #expect(!large.isEmpty && large.allSatisfy { $0.request.body.count < 7 << 20 })
        rows.textBytes = 1_048_000
        let sent = service.asked.count
        let error = #expect(throws: DeliveryError.self) { _ = try target.deliver(try rows.unit(12..<14)) }
        #expect(error?.kind == .row && service.asked.count == sent)
        try target.reject(Tables.trades, after: 5, last: 6, reason: "too large")
        let left = try #require(stream.state.withLock { $0.lines.last })
        #expect(left.key == "rejected" && left.line.hasPrefix(#"{"tapedeck":"test/rejected/6/0/","pipeline":"test","#))
        #expect(target.committedOffset(Tables.trades) == 6)
    }

    @Test func `a stream that takes nothing is told, without secrets`() throws {
        let stream = Stream(refusing: 1)
        let service = try AnsweringServer { stream.answer($0) }
        let target = try target(service)
        try target.open([Tables.trades])
        let error = #expect(throws: DeliveryError.self) { _ = try target.deliver(try SampleRows().unit(0..<10)) }
        #expect(error?.kind == .unavailable && error?.message.contains("Rate exceeded") == true)
        #expect(target.committedOffset(Tables.trades) == -1)
    }

    @Test func `a stream that is missing is told; who may only write need not look`() throws {
        let service = try AnsweringServer { _ in
            .json(#"{"__type":"ResourceNotFoundException","message":"none"}"#, status: 400)
        }
        let target = try target(service)
        let error = #expect(throws: DeliveryError.self) { try target.open([Tables.trades]) }
        #expect(error?.kind == .setup && error?.message.contains("aws kinesis create-stream") == true)
        let stream = Stream()
        service.answer { asked in
            asked.headers["X-Amz-Target"] == "Kinesis_20131202.DescribeStreamSummary"
                ? .json(#"{"__type":"AccessDeniedException","Message":"not you"}"#, status: 400) : stream.answer(asked)
        }
        try target.open([Tables.trades])
        #expect(try target.deliver(try SampleRows().unit(0..<10)) == 10)
        service.answer { _ in .json(#"{"__type":"UnrecognizedClientException","message":"never-shown"}"#, status: 400) }
        let refused = #expect(throws: DeliveryError.self) { try target.open([Tables.trades]) }
        #expect(refused?.kind == .setup && refused?.message.contains("never-shown") == false)
    }
}

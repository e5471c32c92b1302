import Foundation
import Market
import Networking
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

/// What earlier runs journaled, as a test says.
private struct Before: FeedMemory {
    var consumed = ConsumedBefore()
    func lastBars(source: String, interval: String) throws -> [Instrument: Int64] { [:] }
    func lastTransactionNs() throws -> Int64? { nil }
    func simulatorState() throws -> SimulatorState? { nil }
    func consumed(feed: String, unless isCancelled: () -> Bool) throws -> ConsumedBefore? { consumed }
}

@Suite struct KinesisFeedTests {
    private let secret = "a-very-secret-key"

    private func settings(_ cloud: AnsweringServer, _ more: [String] = []) throws -> KinesisSettings {
        let options =
            ["stream=st", "format=trades", "region=eu-central-1", "endpoint=\(cloud.url)", "readers=2"]
            + ["access_key=AKID", "secret_key=\(secret)", "session_token=tok-\(secret)"]
        var settings = try KinesisSettings(
            Options(KinesisFeed.spec, assignments: options + more), environment: [:])
        settings.policy.everyNs = 5_000_000
        settings.policy.retry = .hasty
        return settings
    }

    private func run(
        _ cloud: AnsweringServer, _ before: ConsumedBefore = ConsumedBefore(), _ more: [String] = []
    ) throws -> ConsumerRun {
        ConsumerRun(KinesisSource(try settings(cloud, more), resuming: Before(consumed: before)))
    }

    private func record(_ number: String, _ text: String) -> String {
        let data = Data(text.utf8).base64EncodedString()
        return #"{"SequenceNumber":"\#(number)","Data":"\#(data)","PartitionKey":"k","#
            + #""ApproximateArrivalTimestamp":1.769767200123E9}"#
    }

    private static func page(_ records: [String], next: String?) -> HTTPResponse {
        let following = next.map { "\"\($0)\"" } ?? "null"
        return .json(
            #"{"Records":[\#(records.joined(separator: ","))],"NextShardIterator":\#(following),"MillisBehindLatest":0}"#
        )
    }

    /// A stream of one shard whose reads a test answers by their number, from 0.
    private func service(_ reads: @escaping @Sendable (Int) -> HTTPResponse) throws -> AnsweringServer {
        let count = Atomic(0)
        return try AnsweringServer { asked in
            switch asked.action {
            case "ListShards": .json(#"{"Shards":[{"ShardId":"shard-1"}]}"#)
            case "GetShardIterator": .json(#"{"ShardIterator":"first"}"#)
            default: reads(count.wrappingAdd(1, ordering: .relaxed).oldValue)
            }
        }
    }

    private func positions(_ numbers: [String: String]) -> StreamPositions {
        var positions = StreamPositions()
        for (shard, number) in numbers {
            positions.advance(
                log: Array(StreamLog(stream: "st", partition: shard).name.utf8),
                to: StreamNumber(digits: Array(number.utf8))!)
        }
        return positions
    }

    @Test func `records are journaled with their place, and reads follow each other`() throws {
        let long = "49590338271490256608559692538361571095921575989136588898"
        let (one, two) = (record("9", "row 1"), record(long, "row 2"))
        let cloud = try service { number in
            Self.page(number == 0 ? [one] : number == 1 ? [two] : [], next: "i\(number)")
        }
        let run = try run(cloud)
        #expect(run.bodies(2) == ["row 1", "row 2"])
        #expect(
            run.sink.frames[1]
                == #"{"consumed":{"stream":"st","partition":"shard-1","position":"\#(long)","#
                + #""time_ns":1769767200123000000,"key":"k"}}"# + "\nrow 2")
        #expect(Patience.wait { cloud.asked("GetRecords").count > 3 })
        #expect(run.waitForStatus { $0.state == .idle }.detail == "1 shard")
        #expect(run.stop().ended)
        #expect(cloud.asked("ListShards").first?.text == #"{"StreamName":"st"}"#)
        let first = try #require(cloud.asked("GetShardIterator").first)
        #expect(first.fields["ShardIteratorType"] as? String == "TRIM_HORIZON")
        let iterators = cloud.asked("GetRecords").compactMap { $0.fields["ShardIterator"] as? String }
        #expect(iterators.prefix(4) == ["first", "i0", "i1", "i2"])
        #expect(cloud.asked.allSatisfy { $0.headers["Authorization"]?.contains("/kinesis/aws4_request") == true })
    }

    @Test func `after a restart a shard goes on behind the last record, and leaves out what it gets again`() throws {
        let records = [record("99", "old"), record("100", "last"), record("101", "new")]
        let cloud = try service { number in Self.page(number == 0 ? records : [], next: "i") }
        let run = try run(cloud, ConsumedBefore(positions: positions(["shard-1": "100"])))
        #expect(run.bodies(1) == ["new"])
        run.stop()
        let first = try #require(cloud.asked("GetShardIterator").first)
        #expect(first.fields["ShardIteratorType"] as? String == "AFTER_SEQUENCE_NUMBER")
        #expect(first.fields["StartingSequenceNumber"] as? String == "100")
        // The new session repeats how far the feed had come.
        #expect(run.sink.begins.first?.contains(#"\"position\":\"100\""#) == true)
    }

    @Test func `packed records are frames of their own, of which the last moves the place`() throws {
        let packed = Data(
            base64Encoded:
                "84mawgoCazAKAmsxGgsIABoHeyJ4IjowfRoLCAEaB3sieCI6MX0aCwgAGgd7IngiOjJ9Tjnp5KuIosEi/RtrqgWMyQ==")!
        let body = #"{"SequenceNumber":"7","Data":"\#(packed.base64EncodedString())","PartitionKey":"a"}"#
        let cloud = try service { number in Self.page(number == 0 ? [body] : [], next: "i") }
        let run = try run(cloud)
        #expect(run.bodies(3) == [#"{"x":0}"#, #"{"x":1}"#, #"{"x":2}"#])
        run.stop()
        let heads = run.sink.frames.map { $0.prefix { $0 != "\n" } }
        #expect(heads[0] == #"{"consumed":{"stream":"st","id":"shard-1/7/0","key":"k0"}}"#)
        #expect(heads[1] == #"{"consumed":{"stream":"st","id":"shard-1/7/1","key":"k1"}}"#)
        #expect(heads[2] == #"{"consumed":{"stream":"st","partition":"shard-1","position":"7","key":"k0"}}"#)
    }

    @Test func `where to begin is asked as configured, and stays what it was at the first start`() throws {
        let cloud = try service { _ in Self.page([], next: "i") }
        let first = try run(cloud, ConsumedBefore(), ["start=latest"])
        #expect(Patience.wait { !cloud.asked("GetRecords").isEmpty })
        first.stop()
        let asked = try #require(cloud.asked("GetShardIterator").first)
        #expect(asked.fields["ShardIteratorType"] as? String == "AT_TIMESTAMP")
        let seconds = try #require(asked.fields["Timestamp"] as? Double)
        #expect(abs(Date().timeIntervalSince1970 - seconds) < 60)
        let session = try #require(first.sink.begins.first)
        let second = try run(cloud, ConsumedBefore(settings: session), ["start=latest"])
        #expect(Patience.wait { cloud.asked("GetShardIterator").count > 1 })
        second.stop()
        #expect(cloud.asked("GetShardIterator").last?.fields["Timestamp"] as? Double == seconds)
        #expect(second.sink.begins.first == session)
        let third = try run(cloud, ConsumedBefore(), ["start=2026-01-30T10:00:00.25Z"])
        #expect(Patience.wait { cloud.asked("GetShardIterator").count > 2 })
        third.stop()
        #expect(cloud.asked("GetShardIterator").last?.text.contains(#""Timestamp":1769767200.250}"#) == true)
    }

    @Test func `an expired iterator is replaced behind the last record`() throws {
        let (one, two) = (record("5", "row 1"), record("6", "row 2"))
        let cloud = try service { number in
            switch number {
            case 0: Self.page([one], next: "i")
            case 1: .amazon(400, "ExpiredIteratorException")
            default: Self.page([two], next: "i")
            }
        }
        let run = try run(cloud)
        #expect(run.bodies(2).prefix(2) == ["row 1", "row 2"])
        run.stop()
        #expect(cloud.asked("GetShardIterator").count == 2 && run.sink.frames.count == 2)
        #expect(cloud.asked("GetShardIterator").last?.fields["StartingSequenceNumber"] as? String == "5")
    }

    @Test func `where the last record is not known any more what is left is read, without repeating`() throws {
        let records = [record("100", "last"), record("200", "new")]
        let cloud = try AnsweringServer { asked in
            switch asked.action {
            case "ListShards": return .json(#"{"Shards":[{"ShardId":"shard-1"}]}"#)
            case "GetShardIterator":
                let isAfter = asked.text.contains("AFTER_SEQUENCE_NUMBER")
                return isAfter ? .amazon(400, "InvalidArgumentException") : .json(#"{"ShardIterator":"i"}"#)
            default: return Self.page(records, next: "i")
            }
        }
        let run = try run(cloud, ConsumedBefore(positions: positions(["shard-1": "100"])))
        #expect(run.bodies(1) == ["new"])
        run.stop()
        #expect(run.sink.frames.count == 1)
    }

    @Test(arguments: [
        (400, "ProvisionedThroughputExceededException"), (400, "LimitExceededException"), (500, "InternalFailure"),
        (503, "ServiceUnavailable"), (400, "AccessDeniedException"), (403, "InvalidSignatureException"),
        (400, "ExpiredTokenException"), (400, "InvalidArgumentException"), (400, "KMSThrottlingException"),
    ])
    func `a read that fails is said and tried again`(_ status: Int, _ name: String) throws {
        let one = record("5", "row 1")
        let secret = secret
        let cloud = try service { number in
            number < 6 ? .amazon(status, name, "not with \(secret)") : Self.page(number == 6 ? [one] : [], next: "i")
        }
        let run = try run(cloud)
        let seen = run.waitForStatus { $0.state == .degraded }
        #expect(seen.state == .degraded && seen.detail.contains("GetRecords: \(status) \(name)"))
        #expect(!seen.detail.contains(secret) && seen.detail.contains("***"))
        #expect(run.bodies(1) == ["row 1"])
        let after = run.waitForStatus { $0.state != .degraded }
        #expect(after.state == .live || after.state == .idle)
        #expect(run.stop().ended)
    }

    @Test func `a stream that does not exist is said`() throws {
        let cloud = try AnsweringServer { _ in .amazon(400, "ResourceNotFoundException", "Stream st not found") }
        let run = try run(cloud)
        let seen = run.waitForStatus { $0.state == .degraded }
        #expect(seen.detail.contains("ListShards: 400 ResourceNotFoundException: Stream st not found"))
        #expect(run.stop().ended)
    }

    @Test(arguments: [
        "", "[", "{}", "[]", "null", #"{"Records":5}"#, #"{"Records":[{}]}"#,
        #"{"Records":[{"SequenceNumber":"x","Data":""}]}"#, #"{"Records":[{"SequenceNumber":"","Data":""}]}"#,
        #"{"Records":[{"SequenceNumber":"-1","Data":""}]}"#, #"{"Records":[{"SequenceNumber":"1","Data":"%"}]}"#,
        #"{"Records":[{"SequenceNumber":"\#(String(repeating: "9", count: 200))","Data":""}]}"#,
        String(repeating: "[", count: 100_000),
    ])
    func `an answer that is none is said, and nothing of it is taken`(_ body: String) throws {
        let cloud = try service { number in .json(number < 3 ? body : #"{"Records":[],"NextShardIterator":"i"}"#) }
        let run = try run(cloud)
        #expect(run.waitForStatus { $0.state == .degraded }.detail.contains("GetRecords: the answer holds"))
        #expect(run.waitForStatus { $0.state == .idle }.state == .idle)
        #expect(run.stop().ended && run.sink.frames.isEmpty)
    }

    @Test func `a list of shards without end, or none, is an error`() throws {
        for body in ["{}", "[", #"{"Shards":[{}]}"#, #"{"Shards":[],"NextToken":"again"}"#] {
            let cloud = try AnsweringServer { _ in .json(body) }
            let client = try settings(cloud).client()
            let error = #expect(throws: CloudError.self) { try client.shards { false } }
            #expect(error?.kind == .malformed)
        }
        let cloud = try AnsweringServer { asked in
            .json(
                asked.text.contains("NextToken")
                    ? #"{"Shards":[{"ShardId":"b","ParentShardId":"a","AdjacentParentShardId":"c"}]}"#
                    : #"{"Shards":[{"ShardId":"a"}],"NextToken":"n"}"#)
        }
        let shards = try settings(cloud).client().shards { false }
        #expect(shards == [KinesisShard(id: "a", parents: []), KinesisShard(id: "b", parents: ["a", "c"])])
        #expect(cloud.asked.last?.text == #"{"NextToken":"n"}"#)
    }

    @Test(arguments: ["ListShards", "GetShardIterator", "GetRecords"])
    func `a question that is not answered is given up at the end`(_ action: String) throws {
        let cloud = try AnsweringServer { asked in
            switch asked.action {
            case action: nil
            case "ListShards": .json(#"{"Shards":[{"ShardId":"shard-1"}]}"#)
            default: .json(#"{"ShardIterator":"first"}"#)
            }
        }
        let run = try run(cloud)
        #expect(Patience.wait { !cloud.asked(action).isEmpty })
        let watch = Stopwatch()
        #expect(run.stop().ended && watch.seconds < Patience.seconds)
    }

    @Test func `a sink that fails ends the feed with its error`() throws {
        let one = record("5", "row 1")
        let cloud = try service { _ in Self.page([one], next: "i") }
        let run = ConsumerRun(KinesisSource(try settings(cloud), resuming: Before()), failsAtFrames: true)
        #expect(Patience.wait { run.hasEnded })
        #expect(run.stop().error is HeldSink.Failure)
    }

    @Test(arguments: [
        ["stream="], ["stream=a b"], ["stream=arn:aws:kinesis:eu-central-1:1:stream/"], ["start=sometime"],
        ["batch=0"], ["batch=10001"], ["readers=0"], ["every=100ms"], ["region="], ["region=Nowhere!"],
        ["endpoint=nonsense"], ["access_key=a"], ["secret_key=a"], ["session_token=a"],
        ["access_key=a", "secret_key=b", "profile=p"],
    ])
    func `options of no use are refused`(_ more: [String]) throws {
        let usual = ["stream=st", "format=trades", "region=eu-central-1"].filter { option in
            !more.contains { $0.prefix { $0 != "=" } == option.prefix { $0 != "=" } }
        }
        #expect(throws: ConfigError.self) {
            try KinesisSettings(Options(KinesisFeed.spec, assignments: usual + more), environment: [:])
        }
    }

    @Test func `an ARN names stream and region, and the environment what is not given`() throws {
        let arn = "arn:aws:kinesis:eu-west-3:123456789012:stream/st"
        let cloud = try AnsweringServer { _ in .json(#"{"Shards":[]}"#) }
        let settings = try KinesisSettings(
            Options(KinesisFeed.spec, assignments: ["stream=\(arn)", "format=trades"]),
            environment: [
                "AWS_ENDPOINT_URL_KINESIS": cloud.url, "AWS_ACCESS_KEY_ID": "AKID", "AWS_SECRET_ACCESS_KEY": "s",
                "AWS_REGION": "us-east-1",
            ])
        #expect(settings.stream.name == "st")
        _ = try settings.client().shards { false }
        let asked = try #require(cloud.asked.first)
        #expect(asked.text == #"{"StreamARN":"\#(arn)"}"#)
        #expect(asked.headers["Authorization"]?.contains("/eu-west-3/kinesis/") == true)
    }
}

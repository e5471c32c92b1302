import Kafka
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

@Suite struct KafkaPartsTests {
    private let partition = TopicPartition("t", 0)

    private func start(_ journaled: Int64?, _ committed: Int64?, by origin: String = "me") -> KafkaStart {
        KafkaStart(
            journaled: journaled,
            committed: committed.map { PartitionOffset(partition, $0, metadata: origin) }, origin: "me")
    }

    @Test func `reading goes on behind the journal, or behind another member that was further`() {
        #expect(start(nil, nil) == .configured && start(nil, -1001) == .configured && start(nil, 7) == .offset(7))
        #expect(start(5, nil) == .offset(6) && start(5, 3) == .offset(6) && start(5, 9) == .offset(6))
        #expect(start(5, 9, by: "other") == .offset(9) && start(5, 3, by: "other") == .offset(6))
        #expect(start(5, 9, by: "") == .offset(9))
    }

    @Test func `offsets are due once they are durable, and until the group keeps them`() {
        var commits = OffsetCommits()
        func due() -> [Int64] { commits.due.map { Int64($0.partition) * 1000 + $0.end } }
        commits.assign(0, journaled: nil, committed: nil)
        commits.assign(1, journaled: 6, committed: 3)
        #expect(due() == [1006])
        commits.give(0, offset: 0)
        commits.give(0, offset: 4)
        commits.look(FrameProgress(given: 2, durable: 1))
        #expect(due() == [1006])
        commits.give(1, offset: 8)
        commits.look(FrameProgress(given: 3, durable: 2))
        #expect(due() == [5, 1006])
        commits.commit(0, end: 5)
        commits.look(FrameProgress(given: 3, durable: 3))
        #expect(due() == [1009])
        commits.reset(1)
        #expect(due().isEmpty)
        // Another member was further: its offset is not taken back.
        commits.assign(2, journaled: 5, committed: 9)
        commits.give(2, offset: 6)
        commits.look(FrameProgress(given: 4, durable: 4))
        #expect(due().isEmpty)
        commits.give(2, offset: 9)
        commits.look(FrameProgress(given: 5, durable: 5))
        #expect(due() == [2010])
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `nothing is due that is not durable, and in the end all is`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var commits = OffsetCommits()
        for partition in 0..<3 { commits.assign(partition, journaled: nil, committed: nil) }
        var given: [(partition: Int, offset: Int64)] = []
        var next: [Int64] = [0, 0, 0]
        var durable = 0
        for _ in 0..<300 {
            switch Int.random(in: 0..<4, using: &random) {
            case 0, 1:
                let partition = Int.random(in: 0..<3, using: &random)
                next[partition] += Int64.random(in: 1...3, using: &random)
                given.append((partition, next[partition]))
                commits.give(partition, offset: next[partition])
            case 2: durable = Int.random(in: durable...given.count, using: &random)
            default:
                commits.look(FrameProgress(given: Int64(given.count), durable: Int64(durable)))
                for (partition, end) in commits.due {
                    let held = given[..<durable].last { $0.partition == partition }?.offset ?? -1
                    #expect(end <= held + 1)
                    if Bool.random(using: &random) { commits.commit(partition, end: end) }
                }
            }
        }
        let all = FrameProgress(given: Int64(given.count), durable: Int64(given.count))
        commits.look(all)
        for (partition, end) in commits.due { commits.commit(partition, end: end) }
        commits.look(all)
        #expect(commits.due.isEmpty)
    }

    @Test func `the feed's state says the worst first`() {
        var health = KafkaHealth()
        func state(_ silent: Int64 = 0, closed: String? = nil) -> (state: FeedStatus.State, detail: String) {
            health.state(silentNs: silent, staleNs: 10) { closed }
        }
        #expect(state().state == .connecting)
        health.partitions = 0
        #expect(state().state == .idle)
        health.partitions = 2
        #expect(state().state == .live && state(10).state == .stale && state(10, closed: "closed").state == .idle)
        health.commits = "no"
        #expect(state(10).state == .degraded && state().detail.contains("no"))
        health.topics["t"] = "unknown"
        #expect(state().detail == "topic `t`: unknown")
        health.outage = "down"
        #expect(state().detail.hasPrefix("down"))
    }

    @Test(arguments: ["", "plain", "with \"quotes\" \\ and\nlines", "ünïcode", "{}"])
    func `the fast way of writing a header gives the same bytes`(key: String) {
        let log = StreamLog(stream: "a\"b", partition: "7", generation: 2)
        for (number, time) in [(0, nil), (42, 0), (Int64.max, -5), (9, Int64.max)] as [(Int64, Int64?)] {
            var header = ConsumerHeader(.position(log, StreamNumber(number)), timeNs: time)
            header.key = key
            for value in ["", "value"] as [String?] + [nil] {
                header.hasValue = value != nil
                let frame = Column<UInt8>()
                Array(key.utf8).withUnsafeBytes { key in
                    let bytes = value.map { Array($0.utf8) }
                    if let bytes {
                        bytes.withUnsafeBytes {
                            ConsumerFrame(log).write(position: number, timeNs: time, key: key, value: $0, into: frame)
                        }
                    } else {
                        ConsumerFrame(log).write(position: number, timeNs: time, key: key, value: nil, into: frame)
                    }
                }
                #expect((0..<frame.count).map { frame[$0] } == header.line + Array((value ?? "").utf8))
            }
        }
    }

    private func message(_ text: String) -> String? {
        do {
            let node = try YAML.parse(text, file: "p.yaml")
            _ = try KafkaFeed(try Options(KafkaFeed.spec, node, file: "p.yaml"))
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test func `what librdkafka does not take is told with the line`() throws {
        let good = "brokers: [b:1]\ntopics: [t]\nformat: trades\n"
        #expect(message(good) == nil)
        let unknown = try #require(message(good + "settings:\n  - client.id=x\n  - fetch.wait.max=1\n"))
        #expect(unknown.hasPrefix("p.yaml:6:") && unknown.contains("fetch.wait.max"))
        let value = try #require(message(good + "settings: [fetch.wait.max.ms=soon]"))
        #expect(value.contains("fetch.wait.max.ms"))
        let owned = try #require(message(good + "settings: [enable.auto.commit=true]"))
        #expect(owned.contains("delivery rests on it"))
        let secret = try #require(message(good + "settings: [sasl.password=sesame]"))
        #expect(secret.contains("`password`") && !secret.contains("sesame"))
        #expect(try #require(message(good + "mechanism: PLAIN")).contains("username"))
        #expect(try #require(message(good + "username: me")).contains("mechanism"))
        #expect(try #require(message(good + "authorities: a.pem")).contains("tls: true"))
        #expect(try #require(message("brokers: [b]\ntopics: [\"a b\"]\nformat: trades")).contains("a b"))
        #expect(try #require(message("brokers: [b]\ntopics: [t, t]\nformat: trades")).contains("twice"))
        #expect(try #require(message("brokers: [b]\ntopics: [t]\nformat: what")).contains("format"))
    }
}

import Foundation
import Kafka
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

/// The feed against librdkafka's mock cluster, over TCP.
@Suite struct KafkaFeedTests {
    private func cluster(partitions: Int, _ topic: String = "t") throws -> KafkaMockCluster {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic(topic, partitions: partitions)
        return cluster
    }

    /// Every number once, and each partition in order.
    private func expectWhole(
        _ records: [ConsumerJournal.Record], _ numbers: Range<Int>, partitions: Int, isPart: Bool = false
    ) {
        if !isPart { #expect(records.map(\.value).sorted() == numbers.map { "v\($0)" }.sorted()) }
        for partition in 0..<partitions {
            let offsets = records.filter { $0.partition == partition }.map(\.offset)
            #expect(offsets == offsets.sorted() && Set(offsets).count == offsets.count)
        }
    }

    @Test func `messages are journaled as they came, with where they stood, each partition in order`() throws {
        let cluster = try cluster(partitions: 3)
        try cluster.send(0..<3000, partitions: 3)
        let journal = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count >= 3000 } && feed.waitForState(.live))
        try feed.stop()
        expectWhole(journal.records, 0..<3000, partitions: 3)
        let first = try #require(journal.records.first { $0.value == "v4" })
        #expect(first.partition == 1 && first.offset == 1 && first.header.contains(#""key":"k1""#))
        #expect(first.header.hasPrefix(#"{"consumed":{"stream":"t","partition":"1","position":"1","time_ns":1"#))
        #expect(journal.events.count == 2 && journal.events[1].hasSuffix("stopped"))
        #expect(try cluster.committed(partitions: 3) == [1000, 1000, 1000])
    }

    @Test func `the group is told of nothing that is not durable`() throws {
        let cluster = try cluster(partitions: 1)
        try cluster.send(0..<100, partitions: 1)
        let journal = ConsumerJournal()
        journal.durable = 0
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count == 100 })
        // Longer than offsets wait to be committed.
        Pause.wait(ns: 2_500_000_000)
        #expect(try cluster.committed(partitions: 1) == [nil])
        journal.durable = .max
        #expect(eventually { (try? cluster.committed(partitions: 1)) == [100] })
        try feed.stop()
    }

    @Test func `a restart goes on behind what the journal holds, wherever the group is`() throws {
        let cluster = try cluster(partitions: 2)
        try cluster.send(0..<400, partitions: 2)
        let journal = ConsumerJournal()
        var feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count == 400 })
        try feed.stop()
        // The group says 200 and 200; of what this journal held, 50 messages are gone, as from an older copy of it.
        journal.restart(losing: 50)
        try cluster.send(400..<500, partitions: 2)
        feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count >= 500 })
        try feed.stop()
        expectWhole(journal.records, 0..<500, partitions: 2)

        // The group says less than the journal holds: the program died before it told the group.
        cluster.fail(.offsetCommit, codes: Array(repeating: 25, count: 50))
        journal.restart()
        try cluster.send(500..<600, partitions: 2)
        feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count >= 600 })
        try feed.stop()
        journal.restart()
        feed = try RunningKafka(cluster.brokers, journal)
        try cluster.send(600..<700, partitions: 2)
        #expect(eventually { journal.records.count >= 700 })
        try feed.stop()
        expectWhole(journal.records, 0..<700, partitions: 2)
    }

    @Test func `a new journal goes on where the group stopped, a new group where the configuration says`() throws {
        let cluster = try cluster(partitions: 1)
        try cluster.send(0..<10, partitions: 1)
        let first = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, first)
        #expect(eventually { first.records.count == 10 })
        try feed.stop()
        try cluster.send(10..<20, partitions: 1)
        let second = ConsumerJournal(), third = ConsumerJournal()
        let taking = try RunningKafka(cluster.brokers, second)
        let latest = try RunningKafka(cluster.brokers, third, ["group=other", "start=latest"])
        #expect(eventually { second.records.count == 10 } && latest.waitForState(.live))
        try cluster.send(20..<30, partitions: 1)
        #expect(eventually { second.records.count == 20 && third.records.count == 10 })
        try taking.stop()
        try latest.stop()
        expectWhole(second.records, 10..<30, partitions: 1)
        expectWhole(third.records, 20..<30, partitions: 1)
    }

    /// Whether a message right before a partition moved is in both journals is the broker's choice: the mock refuses
    /// offsets while members join.
    @Test func `two members share the partitions, lose nothing when they move, and neither has a message twice`() throws
    {
        let cluster = try cluster(partitions: 4)
        let first = ConsumerJournal(), second = ConsumerJournal()
        var sent = 0
        // What the brokers have for sure: on a busy machine they may not answer in time.
        var values: Set<String> = []
        func send(_ count: Int) {
            let numbers = sent..<sent + count
            sent += count
            guard (try? cluster.send(numbers, partitions: 4)) != nil else { return }
            values.formUnion(numbers.map { "v\($0)" })
        }
        func isWhole() -> Bool { values.isSubset(of: (first.records + second.records).map(\.value)) }
        let one = try RunningKafka(cluster.brokers, first)
        send(400)
        #expect(eventually { first.records.count == 400 })
        let two = try RunningKafka(cluster.brokers, second)
        #expect(
            eventually {
                send(40)
                Pause.wait(ns: 100_000_000)
                return Set(second.records.map(\.partition)).count == 2
            })
        send(40)
        #expect(eventually(isWhole))
        // The first leaves in order: the second goes on behind what was journaled there.
        try one.stop()
        send(400)
        #expect(eventually(isWhole))
        // And comes back, with a journal that knows less than the group.
        first.restart()
        let again = try RunningKafka(cluster.brokers, first)
        let before = first.records.count
        #expect(
            eventually {
                send(40)
                Pause.wait(ns: 100_000_000)
                return first.records.count > before
            })
        try two.stop()
        #expect(eventually(isWhole))
        #expect(values.count >= 800)
        try again.stop()
        for journal in [first, second] {
            let values = journal.records.map(\.value)
            #expect(Set(values).count == values.count)
            expectWhole(journal.records, 0..<0, partitions: 4, isPart: true)
        }
        #expect(first.records.count + second.records.count < sent + sent / 2)
    }

    @Test func `brokers that are down make the feed degraded with the reason, and it goes on once they are back`()
        throws
    {
        let cluster = try cluster(partitions: 1)
        try cluster.send(0..<10, partitions: 1)
        cluster.setDown(true)
        let journal = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, journal, ["username=me", "password=sesame", "mechanism=PLAIN"])
        #expect(feed.waitForState(.degraded, "127.0.0.1"))
        #expect(!feed.status.snapshot.detail.contains("sesame"))
        try feed.stop()

        journal.restart()
        let other = try RunningKafka(cluster.brokers, journal)
        #expect(other.waitForState(.degraded, "refused"))
        cluster.setDown(false)
        #expect(eventually { journal.records.count == 10 } && other.waitForState(.live))
        cluster.setDown(true)
        #expect(other.waitForState(.degraded, "trying again"))
        cluster.setDown(false)
        #expect(other.waitForState(.live) && other.status.snapshot.reconnects >= 1)
        try cluster.send(10..<20, partitions: 1)
        #expect(eventually { journal.records.count == 20 })
        try other.stop()
        expectWhole(journal.records, 0..<20, partitions: 1)
        let kinds = journal.events.map { $0.prefix(6) }
        #expect(kinds.contains("lost 1") && kinds.filter { $0 == "begin " }.count == 2)
    }

    @Test func `errors of requests are got over`() throws {
        let cluster = try cluster(partitions: 1)
        cluster.fail(.joinGroup, codes: [15])
        cluster.fail(.fetch, codes: [6, 3, 6])
        cluster.fail(.offsetFetch, codes: [14, 14])
        cluster.fail(.offsetCommit, codes: [16, 14, 25])
        try cluster.send(0..<50, partitions: 1)
        let journal = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count >= 50 })
        #expect(eventually { (try? cluster.committed(partitions: 1)) == [50] })
        try feed.stop()
        expectWhole(journal.records, 0..<50, partitions: 1)
    }

    @Test func `a topic that is missing is told, and read once it is there`() throws {
        let cluster = try cluster(partitions: 1)
        cluster.setMissing("t", true)
        let journal = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(feed.waitForState(.degraded, "topic `t`"))
        cluster.setMissing("t", false)
        try cluster.send(0..<5, partitions: 1)
        #expect(eventually { journal.records.count == 5 } && feed.waitForState(.live))
        try feed.stop()
    }

    @Test func `offsets that no longer exist are told as lost, those of a topic made anew begin again`() throws {
        let cluster = try cluster(partitions: 2)
        // The mock keeps the latest 5 MiB of a partition.
        var settings = KafkaSettings()
        try settings.set("bootstrap.servers", cluster.brokers)
        try settings.set("batch.num.messages", "10")
        let producer = try KafkaProducer(settings)
        for _ in 0..<300 {
            try [UInt8](repeating: 65, count: 40_000).withUnsafeBytes {
                try producer.send($0, topic: "t", partition: 0)
            }
        }
        try producer.flush(timeoutMs: 20_000)
        try cluster.send(0..<2, partitions: 2)
        let journal = ConsumerJournal()
        // What earlier runs had read: little of one partition, of the other more than there is.
        for (partition, offset) in [(0, 5), (1, 5000)] {
            let header = ConsumerHeader(
                .position(StreamLog(stream: "t", partition: "\(partition)"), StreamNumber(Int64(offset))))
            try (header.line + Array("old".utf8)).withUnsafeBytes { try journal.frame($0, ingestTime: .now()) }
        }
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(feed.waitForState(.live, "offsets of t/0 were deleted before they were read"))
        #expect(
            eventually {
                journal.records.contains { $0.value == "v1" } && journal.records.contains { $0.value == "v0" }
            })
        try feed.stop()
        let anew = try #require(journal.records.first { $0.value == "v1" })
        #expect(anew.header.contains(#""partition":"1","generation":"1","position":"0""#))
        #expect(try cluster.committed(partitions: 2)[1] == 1)
    }

    @Test func `a null value is told from an empty one`() throws {
        let cluster = try cluster(partitions: 1)
        var settings = KafkaSettings()
        try settings.set("bootstrap.servers", cluster.brokers)
        let producer = try KafkaProducer(settings)
        try [UInt8]([0x6b]).withUnsafeBytes { try producer.send(nil, key: $0, topic: "t") }
        try [UInt8]([0xff, 0x00]).withUnsafeBytes { try producer.send($0, key: $0, topic: "t") }
        try producer.flush(timeoutMs: 10_000)
        let journal = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(eventually { journal.records.count == 2 })
        try feed.stop()
        #expect(journal.records[0].header.hasSuffix(",\"key\":\"k\",\"value\":null}}\n"))
        #expect(journal.records[1].header.hasSuffix(",\"key_base64\":\"/wA=\"}}\n"))
    }

    @Test func `a sink that fails ends the feed with its error, and nothing is committed beyond`() throws {
        let cluster = try cluster(partitions: 1)
        try cluster.send(0..<50, partitions: 1)
        let journal = ConsumerJournal()
        journal.fail(atFrame: 20)
        let feed = try RunningKafka(cluster.brokers, journal)
        #expect(feed.failure() is ConsumerJournal.Full)
        #expect(try cluster.committed(partitions: 1)[0] ?? 0 <= 20)
    }

    @Test func `silence is stale, and the clock moves on while all is read`() throws {
        let cluster = try cluster(partitions: 1)
        try cluster.send(0..<1, partitions: 1)
        let journal = ConsumerJournal()
        let feed = try RunningKafka(cluster.brokers, journal, ["stale=3s"])
        #expect(feed.waitForState(.stale, "nothing was received"))
        #expect(eventually { journal.heartbeatCount > 0 })
        try cluster.send(1..<2, partitions: 1)
        #expect(feed.waitForState(.live))
        try feed.stop()
    }
}

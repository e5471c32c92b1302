import Kafka
import Synchronization
import TestKit
import Testing

@Suite struct KafkaConsumerTests {
    /// Takes whatever it is given, from the beginning.
    private final class Member: KafkaConsumerDelegate {
        let partitions = Mutex<Set<TopicPartition>>([])

        func assigned(_ names: [TopicPartition], to consumer: KafkaConsumer) -> [PartitionOffset] {
            partitions.withLock { $0.formUnion(names) }
            return names.map { PartitionOffset($0, 0) }
        }

        func revoked(_ names: [TopicPartition], from consumer: KafkaConsumer, isLost: Bool) {
            partitions.withLock { $0.subtract(names) }
        }

        func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) {}
        func failed(_ error: KafkaError) {}
        var count: Int { partitions.withLock { $0.count } }
    }

    private static func join(_ cluster: KafkaMockCluster, _ member: Member, _ assignor: String) throws -> KafkaConsumer
    {
        var settings = KafkaSettings()
        for (name, text) in [
            ("bootstrap.servers", cluster.brokers), ("group.id", "group"), ("heartbeat.interval.ms", "100"),
            ("session.timeout.ms", "6000"), ("partition.assignment.strategy", assignor),
            ("enable.auto.commit", "false"),
        ] { try settings.set(name, text) }
        let consumer = try KafkaConsumer(settings, delegate: member)
        try consumer.subscribe(["rows"])
        return consumer
    }

    private static func polls(_ consumer: KafkaConsumer, _ batch: MessageBatch) -> Bool {
        consumer.poll(into: batch, timeoutMs: 20)
        return true
    }

    // What the group wants when the end comes is taken from the queue by the end.
    @Test(arguments: ["range", "cooperative-sticky"])
    func `a member leaves while it is asked to give partitions back`(assignor: String) throws {
        let cluster = try KafkaMockCluster()
        try cluster.createTopic("rows", partitions: 4)
        let batch = MessageBatch(capacity: 8)
        let first = Member(), second = Member()
        let leaving = try Self.join(cluster, first, assignor)
        #expect(Patience.wait { Self.polls(leaving, batch) && first.count == 4 })
        let staying = try Self.join(cluster, second, assignor)
        // The other one asks for its share; nobody listens here meanwhile.
        for _ in 0..<60 { staying.poll(into: batch, timeoutMs: 20) }
        #expect(leaving.close(timeoutMs: 60_000))
        #expect(first.count == 0)
        #expect(Patience.wait { Self.polls(staying, batch) && second.count == 4 })
        staying.close(timeoutMs: 60_000)
    }
}

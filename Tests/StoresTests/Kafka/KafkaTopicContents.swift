import Delivery
import Kafka
import Market
import Platform
import TestKit
import Testing

@testable import Stores

/// A message as it is read back.
struct TopicMessage: Hashable {
    let partition: Int32
    let key: String
    let value: String
    let header: String
}

/// A mock cluster with the topics of a sink.
struct SinkCluster {
    let cluster: KafkaMockCluster
    let partitions: Int
    let pipeline = "p"

    init(brokers: Int = 1, partitions: Int = 3, tables: [TableSchema] = [Tables.trades]) throws {
        cluster = try KafkaMockCluster(brokers: brokers)
        self.partitions = partitions
        // The mock makes no topics for those who ask.
        for table in tables { try cluster.createTopic("tapedeck.\(table.name)", partitions: partitions) }
        try cluster.createTopic("tapedeck.offsets", partitions: 1)
        try cluster.createTopic("tapedeck.rejected", partitions: 1)
    }

    /// A target with the usual options and some more, each as `name=value`.
    func target(_ more: [String] = []) throws -> KafkaTarget {
        let options = try Options(KafkaSink.spec, assignments: ["brokers=\(cluster.brokers)"] + more)
        return KafkaTarget(try KafkaSinkSettings(options), pipeline: pipeline)
    }

    /// What a topic holds, each partition in order.
    func messages(_ topic: String, partitions: Int) throws -> [TopicMessage] {
        var settings = KafkaSettings()
        try settings.set("bootstrap.servers", cluster.brokers)
        var found: [TopicMessage] = []
        try KafkaTopicReader(settings).read(topic, partitions: partitions, timeoutMs: 20_000) { message in
            func text(_ bytes: UnsafeRawBufferPointer?) -> String {
                bytes.map { String(decoding: $0, as: UTF8.self) } ?? ""
            }
            found.append(
                TopicMessage(
                    partition: message.source.partition, key: text(message.key), value: text(message.value),
                    header: message.header("tapedeck") ?? ""))
        }
        return found
    }

    func rows(_ table: TableSchema = Tables.trades) throws -> [TopicMessage] {
        try messages("tapedeck.\(table.name)", partitions: partitions)
    }

    /// The records of how far tables are, in order.
    func offsets() throws -> [String] {
        try messages("tapedeck.offsets", partitions: 1).map { "\($0.key) \($0.value)" }
    }
}

/// The kind of error that something throws; nil where it throws none.
func kind(_ body: () throws -> Void) -> DeliveryError.Kind? {
    do {
        try body()
        return nil
    } catch let error as DeliveryError {
        return error.kind
    } catch {
        Issue.record("\(error)")
        return nil
    }
}

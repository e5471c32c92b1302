internal import Kafka
internal import Market

/// The topics of a sink.
struct KafkaTopics {
    let prefix: String

    /// How far each table of each pipeline is; compacted, so that the last record of each stays.
    var offsets: String { prefix + "offsets" }
    /// What was not delivered, and why.
    var rejected: String { prefix + "rejected" }
    /// Rows of a table.
    func rows(_ table: TableSchema) -> String { prefix + table.name }

    /// All that `tables` need.
    func all(_ tables: [TableSchema], partitions: Int, copies: Int?) -> [KafkaTopic] {
        [
            KafkaTopic(offsets, partitions: 1, copies: copies, settings: [("cleanup.policy", "compact")]),
            KafkaTopic(rejected, partitions: 1, copies: copies),
        ] + tables.map { KafkaTopic(rows($0), partitions: partitions, copies: copies) }
    }
}

internal import Kafka
internal import Market

/// The topics of a sink, and what their messages' keys are.
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

    /// The columns of which a row's key is made: rows with the same key keep their order.
    static func key(_ table: TableSchema) -> [String] {
        let names = Set(table.columns.map(\.name))
        let candidates = [["venue", "symbol"], ["exchange", "symbol"], ["account"], ["feed"]]
        return candidates.first { choice in
            choice.allSatisfy { name in table.columns.contains { $0.name == name && !$0.isNullable } }
        } ?? candidates.first { $0.allSatisfy(names.contains) } ?? []
    }

    /// Stands for the columns of a table: another value says that they have changed.
    static func schema(_ table: TableSchema) -> String {
        var digest = StableDigest()
        for column in table.columns { digest.add("\(column.name) \(column.type)".utf8) }
        let text = String(digest.high & 0xffff_ffff, radix: 16)
        return String(repeating: "0", count: 8 - text.count) + text
    }
}

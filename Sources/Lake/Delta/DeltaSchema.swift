internal import Foundation
internal import Market
internal import Platform

/// The columns of a Delta table, as its log writes them.
///
/// - Source: Delta transaction log protocol, "Schema Serialization Format".
enum DeltaSchema {
    /// The schema of a table, partition column last.
    static func text(_ schema: TableSchema) -> String {
        var fields = schema.columns.map { field($0.name, typeName($0.type), nullable: $0.isNullable, $0.summary) }
        let day = schema.partition == .date ? "UTC date" : "First day of the UTC month"
        let summary = "\(day) of \(schema.timeColumn); the partition."
        fields.append(field(schema.partition.column, "date", nullable: false, summary))
        return "{\"type\":\"struct\",\"fields\":[\(fields.joined(separator: ","))]}"
    }

    private static func field(_ name: String, _ type: String, nullable: Bool, _ summary: String) -> String {
        "{\"name\":\(JSONText.quoted(name)),\"type\":\"\(type)\",\"nullable\":\(nullable),"
            + "\"metadata\":{\"comment\":\(JSONText.quoted(summary))}}"
    }

    private static func typeName(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp: "timestamp"
        case .date: "date"
        case .int32: "integer"
        case .int64: "long"
        case .float64: "double"
        case .boolean: "boolean"
        case .string: "string"
        case .binary: "binary"
        case .decimal(let scale): "decimal(\(TableSchema.ColumnType.decimalDigits),\(scale))"
        }
    }

    /// Name and type of each column; what a comment says does not matter.
    private struct Fields: Decodable, Equatable {
        struct Field: Decodable, Equatable {
            let name: String
            let type: String
        }
        let fields: [Field]
    }

    /// What is different between a log's schema and a table's; nil where they agree.
    static func difference(_ text: String, _ schema: TableSchema) -> String? {
        let decoder = JSONDecoder()
        guard let found = try? decoder.decode(Fields.self, from: Data(text.utf8)) else {
            return "its columns have types that are not used here"
        }
        guard let expected = try? decoder.decode(Fields.self, from: Data(Self.text(schema).utf8)) else { return nil }
        guard found != expected else { return nil }
        func list(_ fields: Fields) -> String { fields.fields.map { "\($0.name) \($0.type)" }.joined(separator: ", ") }
        return "its columns are (\(list(found))), expected (\(list(expected)))"
    }
}

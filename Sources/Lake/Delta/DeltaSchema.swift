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

    /// A column as a log has it; what a comment says does not matter.
    struct Field: Decodable, Equatable {
        let name: String
        let type: String
        let nullable: Bool
    }

    private struct Fields: Decodable {
        let fields: [Field]
    }

    /// Why columns cannot go together.
    struct Mismatch: Error {
        let reason: String
    }

    /// The columns of a log's schema; nil where one has a type of several parts, which is not used here.
    static func fields(_ text: String) -> [Field]? {
        try? JSONDecoder().decode(Fields.self, from: Data(text.utf8)).fields
    }

    /// A log's schema with the columns of a table that it lacks; nil where it lacks none.
    ///
    /// - Throws: where a column has another type, one that is lacking must have a value, or the table has one that must
    ///   have a value and is not known here.
    static func extended(_ text: String, by schema: TableSchema) throws(Mismatch) -> String? {
        guard let found = fields(text), let expected = fields(Self.text(schema)) else {
            throw Mismatch(reason: "its columns have types that are not used here")
        }
        func list(_ fields: [Field]) -> String { fields.map { "\($0.name) \($0.type)" }.joined(separator: ", ") }
        let types = Dictionary(found.map { ($0.name, $0.type) }) { first, _ in first }
        let known = Set(expected.map(\.name))
        let added = expected.filter { types[$0.name] == nil }
        let fits =
            expected.allSatisfy { types[$0.name] ?? $0.type == $0.type } && added.allSatisfy(\.nullable)
            && found.allSatisfy { known.contains($0.name) || $0.nullable }
        guard fits else {
            throw Mismatch(reason: "its columns are (\(list(found))), expected (\(list(expected)))")
        }
        guard !added.isEmpty else { return nil }
        let texts = added.compactMap { field in
            schema.columns.first { $0.name == field.name }.map {
                Self.field($0.name, typeName($0.type), nullable: true, $0.summary)
            }
        }
        return appending(texts, to: text)
    }

    /// Puts fields behind those of a schema, which stay as they are written.
    private static func appending(_ fields: [String], to text: String) -> String? {
        guard let end = text.lastIndex(of: "]") else { return nil }
        return text[..<end] + "," + fields.joined(separator: ",") + text[end...]
    }
}

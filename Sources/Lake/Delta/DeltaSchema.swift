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

    /// Why columns cannot go together.
    struct Mismatch: Error {
        let reason: String
        /// Columns that would have to become wider, as `size from integer to long`.
        var wider: [String] = []
    }

    /// A schema that was changed.
    struct Change {
        let text: String
        /// Columns that became wider, as `size from integer to long`.
        let widened: [String]
    }

    /// The columns of a log's schema; nil where it cannot be read.
    static func fields(_ text: String) -> [DeltaField]? {
        guard let object = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any] else {
            return nil
        }
        return DeltaField.list(object)
    }

    /// A log's schema with the columns of a table that it lacks, and with the wider types of others; nil where nothing is to do.
    ///
    /// - Parameter widens: whether columns may become wider.
    /// - Throws: where a column has another type, one that is lacking must have a value, or the table has one that must
    ///   have a value and is not known here.
    static func extended(_ text: String, by schema: TableSchema, widens: Bool) throws(Mismatch) -> Change? {
        guard let found = fields(text), let expected = fields(Self.text(schema)) else {
            throw Mismatch(reason: "its columns cannot be understood")
        }
        func list(_ fields: [DeltaField]) -> String {
            fields.map { "\($0.name) \($0.type.text)" }.joined(separator: ", ")
        }
        let types = Dictionary(found.map { ($0.name, $0.type) }) { first, _ in first }
        let known = Set(expected.map(\.name))
        let added = expected.filter { types[$0.name] == nil }
        let narrow = expected.filter { types[$0.name]?.canWiden(to: $0.type) ?? false }
        let fits =
            expected.allSatisfy { field in
                types[field.name] ?? field.type == field.type || narrow.contains { $0.name == field.name }
            } && added.allSatisfy(\.nullable) && found.allSatisfy { known.contains($0.name) || $0.nullable }
        guard fits else {
            throw Mismatch(reason: "its columns are (\(list(found))), expected (\(list(expected)))")
        }
        let wider = narrow.map { "\($0.name) from \(types[$0.name]?.text ?? "") to \($0.type.text)" }
        guard widens || narrow.isEmpty else { throw Mismatch(reason: "its columns are narrower", wider: wider) }
        guard !added.isEmpty || !narrow.isEmpty else { return nil }
        let texts = added.compactMap { field in
            schema.columns.first { $0.name == field.name }.map {
                Self.field($0.name, typeName($0.type), nullable: true, $0.summary)
            }
        }
        let widened = narrow.isEmpty ? text : Self.widened(text, narrow)
        return (texts.isEmpty ? widened : widened.flatMap { appending(texts, to: $0) }).map {
            Change(text: $0, widened: wider)
        }
    }

    /// Puts fields behind those of a schema, which stay as they are written.
    private static func appending(_ fields: [String], to text: String) -> String? {
        guard let end = text.lastIndex(of: "]") else { return nil }
        return text[..<end] + "," + fields.joined(separator: ",") + text[end...]
    }

    /// Gives columns of a schema other types, and notes those that they had.
    ///
    /// - Source: Delta transaction log protocol, "Type Change Metadata".
    private static func widened(_ text: String, _ fields: [DeltaField]) -> String? {
        guard var schema = try? JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any],
            var list = schema["fields"] as? [[String: Any]]
        else { return nil }
        for field in fields {
            guard let place = list.firstIndex(where: { $0["name"] as? String == field.name }),
                let before = list[place]["type"] as? String
            else { return nil }
            var metadata = list[place]["metadata"] as? [String: Any] ?? [:]
            let changes = metadata["delta.typeChanges"] as? [Any] ?? []
            metadata["delta.typeChanges"] = changes + [["fromType": before, "toType": field.type.text]]
            list[place]["type"] = field.type.text
            list[place]["metadata"] = metadata
        }
        schema["fields"] = list
        let options: JSONSerialization.WritingOptions = [.sortedKeys, .withoutEscapingSlashes]
        return (try? JSONSerialization.data(withJSONObject: schema, options: options)).map {
            String(decoding: $0, as: UTF8.self)
        }
    }
}

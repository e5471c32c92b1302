internal import Platform

/// A table in the terms of Apache Avro: a row is a record, its columns are the fields.
///
/// - Source: Apache Avro 1.11 specification: "Schema Declaration", "Logical Types", "Parsing Canonical Form for Schemas",
///   "Schema Fingerprints".
public struct AvroSchema: Sendable {
    /// The schema with what each column means, in JSON: what `docs/reference/avro` holds.
    public let text: String
    /// What decides how bytes are read, in the one form of which there are fingerprints.
    public let canonical: String
    /// CRC-64-AVRO of the canonical form.
    public let fingerprint: UInt64

    /// Begins the names of all records.
    private static let namespace = "tapedeck"

    public init(_ table: TableSchema) {
        let fields = table.columns.map { column in
            let type = column.isNullable ? "[\"null\", \(Self.type(column.type))]" : Self.type(column.type)
            let absence = column.isNullable ? ", \"default\": null" : ""
            let doc = JSONText.quoted(column.summary)
            return "    {\"name\": \"\(column.name)\", \"type\": \(type)\(absence), \"doc\": \(doc)}"
        }
        text = """
            {
              "type": "record",
              "name": "\(table.name)",
              "namespace": "\(Self.namespace)",
              "doc": \(JSONText.quoted("One row per \(table.summary).")),
              "fields": [
            \(fields.joined(separator: ",\n"))
              ]
            }

            """
        let plain = table.columns.map { column in
            let type = "\"\(Self.primitive(column.type))\""
            return "{\"name\":\"\(column.name)\",\"type\":\(column.isNullable ? "[\"null\",\(type)]" : type)}"
        }
        canonical =
            "{\"name\":\"\(Self.namespace).\(table.name)\",\"type\":\"record\",\"fields\":[\(plain.joined(separator: ","))]}"
        fingerprint = Self.fingerprint(of: canonical)
    }

    /// How values of a type are written.
    private static func primitive(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp, .int64: "long"
        case .date, .int32: "int"
        case .float64: "double"
        case .boolean: "boolean"
        case .string: "string"
        case .binary, .decimal: "bytes"
        }
    }

    private static func type(_ type: TableSchema.ColumnType) -> String {
        func logical(_ name: String, _ more: String = "") -> String {
            "{\"type\": \"\(primitive(type))\", \"logicalType\": \"\(name)\"\(more)}"
        }
        return switch type {
        case .timestamp: logical("timestamp-micros")
        case .date: logical("date")
        case .decimal(let scale):
            logical("decimal", ", \"precision\": \(TableSchema.ColumnType.decimalDigits), \"scale\": \(scale)")
        case .int32, .int64, .float64, .boolean, .string, .binary: "\"\(primitive(type))\""
        }
    }

    /// CRC-64-AVRO of a text.
    static func fingerprint(of text: String) -> UInt64 {
        let empty: UInt64 = 0xc15d_213a_a4d7_a795
        return text.utf8.reduce(empty) { value, byte in
            var rest = value ^ UInt64(byte)
            for _ in 0..<8 { rest = rest >> 1 ^ (rest & 1 == 0 ? 0 : empty) }
            return rest
        }
    }
}

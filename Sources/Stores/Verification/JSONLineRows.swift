internal import Databases
internal import Delivery
internal import Foundation
internal import Market
internal import Platform

/// Reads rows back that stand as JSON objects, one a line, with the names of the table's columns.
///
/// - Threading: one thread at a time.
final class JSONLineRows {
    private let connection: Connection
    private let path: String

    /// Bytes of a line at most: more than a message's.
    private static let lineBytesMax = 256 << 20

    init() throws(DeliveryError) {
        path = NSTemporaryDirectory() + "tapedeck-rows-\(UUID().uuidString).ndjson"
        do {
            connection = try Database.duckDB(DuckDBSettings(threads: 1)).connect()
        } catch {
            throw DeliveryError(.unavailable, error.message)
        }
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    /// Counts the rows of lines that go up to an offset, itself included.
    ///
    /// - Throws: `setup` where a line is no row of the table.
    func add(
        _ lines: [UInt8], of table: TableSchema, upTo last: Int64, to digests: inout RowDigests,
        goesOn: (Int64) -> Bool
    ) throws(DeliveryError) {
        guard !lines.isEmpty else { return }
        do throws(FileError) {
            let file = try File(path, .write)
            try file.truncate(to: 0)
            try file.write(lines, at: 0)
        } catch {
            throw DeliveryError(.unavailable, "\(error)")
        }
        do throws(DatabaseError) {
            try digests.add(try connection.query(Self.sql(table, path, upTo: last)), of: table, goesOn: goesOn)
        } catch {
            throw DeliveryError(.setup, "rows of \(table.name) cannot be read: \(error.message)")
        }
    }

    private static func sql(_ table: TableSchema, _ path: String, upTo last: Int64) -> String {
        let columns = RowDigests.columns(table)
        let types = columns.map { "\(SQLText.literal($0.name)): \(SQLText.literal(type($0)))" }
        let values = columns.map { column in
            let name = SQLText.identifier(column.name)
            return column.type == .binary ? "from_base64(\(name)) AS \(name)" : name
        }
        return "SELECT \(RowDigests.selection(table)) FROM (SELECT \(values.joined(separator: ", ")) FROM read_json("
            + "\(SQLText.literal(path)), format = 'newline_delimited', maximum_object_size = \(lineBytesMax), "
            + "columns = {\(types.joined(separator: ", "))})) WHERE journal_offset <= \(last)"
    }

    /// The type as which a value is read; decimals are texts with all their digits.
    private static func type(_ column: TableSchema.Column) -> String {
        switch column.type {
        case .int64, .timestamp: "BIGINT"
        case .int32: "INTEGER"
        case .float64: "DOUBLE"
        case .boolean: "BOOLEAN"
        case .date: "DATE"
        case .string, .binary, .decimal: "VARCHAR"
        }
    }
}

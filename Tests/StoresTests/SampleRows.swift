import Databases
import Delivery
import Market
import Platform
import TestKit
import Testing

/// Rows of any table, made by numbers.
struct SampleRows {
    let table: TableSchema
    let connection: Connection
    /// Rows that share a journal offset.
    var perOffset = 2
    /// Bytes of a column of free text, or of `conditions`.
    var textBytes = 0
    /// SQL for the column `feed`.
    var feed = "'feed' || n % 3"

    init(_ table: TableSchema = Tables.trades) throws {
        self.table = table
        connection = try Database.duckDB().connect()
    }

    /// One row per number.
    private var select: String {
        let columns = table.columns.map { column in
            let value = value(column)
            return (column.isNullable ? "CASE WHEN n % 5 = 0 THEN NULL ELSE \(value) END" : value)
                + " AS \"\(column.name)\""
        }
        return "SELECT \(columns.joined(separator: ", "))"
    }

    private func value(_ column: TableSchema.Column) -> String {
        switch column.name {
        case "journal_offset": return "n // \(perOffset)"
        case "frame_index": return "(n % \(perOffset))::INTEGER"
        case table.timeColumn: return "1700000000000000000 + n // \(perOffset)"
        case "feed": return feed
        case "conditions": return "'c\"\\' || chr(10) || n || repeat('x', \(textBytes))"
        default: break
        }
        switch column.type {
        case .timestamp: return "to_timestamp(1700000000 + n / 8)"
        case .date: return "DATE '2026-01-31' + (n % 100)::INTEGER"
        case .int32: return "(n * 3)::INTEGER"
        case .int64: return "n * 7 - 1"
        case .float64: return "n / 8"
        case .boolean: return "n % 2 = 0"
        case .string: return "'\(column.name)' || n % 3"
        case .binary: return "('b' || n)::BLOB"
        case .decimal(let scale): return "(n || '.00000001')::DECIMAL(18, \(scale))"
        }
    }

    /// SQL for the rows of some numbers, in an order drawn from `seed`, in their own order where it is nil.
    func text(_ numbers: Range<Int>, seed: UInt64? = nil) -> String {
        let order = seed.map { "ORDER BY hash(n + \($0))" } ?? "ORDER BY n"
        return "\(select) FROM (SELECT range AS n FROM range(\(numbers.lowerBound), \(numbers.upperBound))) \(order)"
    }

    func stream(_ numbers: Range<Int>, seed: UInt64? = nil) throws -> ResultStream {
        try connection.query(text(numbers, seed: seed))
    }

    /// The unit of some numbers.
    func unit(_ numbers: Range<Int>, seed: UInt64? = nil) throws -> DeliveryUnit {
        let first = numbers.lowerBound / perOffset, last = (numbers.upperBound - 1) / perOffset
        return DeliveryUnit(
            table: table, after: Int64(first) - 1, last: Int64(last), months: [], rows: try stream(numbers, seed: seed))
    }
}

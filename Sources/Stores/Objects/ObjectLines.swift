internal import Databases
internal import Delivery
internal import Market
internal import Platform

/// Makes the lines of a unit, an object's after the other: JSON objects in the order of their journal offsets.
final class ObjectLines {
    /// What an object is made of. All rows of an offset are in one.
    struct Part {
        let lines: Column<UInt8>
        let rows: Int64
        /// Offsets of the first and the last row.
        let first: Int64
        let last: Int64
        /// UTC date on which the first row's message was received; nil of tables that do not say.
        let date: CivilDate?
    }

    private let rows: OrderedRows
    private let json: JSONRows
    private let received: Int?
    private let bytesMax: Int
    private let lines = Column<UInt8>()
    private var next = 0
    private var openBatch: Int32 = -1

    /// Columns with the time of receipt, in nanoseconds.
    private static let receipts = ["ingest_time_ns", "fetched_at_ns"]

    /// - Parameter bytesMax: a part ends with the offset that reaches it.
    init(_ unit: DeliveryUnit, bytesMax: Int) throws(DeliveryError) {
        self.bytesMax = bytesMax
        received = unit.table.columns.firstIndex { Self.receipts.contains($0.name) }
        json = JSONRows(unit.rows.columns)
        rows = try OrderedRows(unit)
    }

    /// Whether rows of a table say when they were received.
    static func isDated(_ table: TableSchema) -> Bool { table.columns.contains { receipts.contains($0.name) } }

    /// The next part; nil at the end. Its lines are valid until the next call.
    func part() -> Part? {
        guard next < rows.rows.count else { return nil }
        lines.removeAll()
        let start = next
        let first = rows.rows[start]
        while next < rows.rows.count {
            let row = rows.rows[next]
            if next > start, lines.count >= bytesMax, row.offset != rows.rows[next - 1].offset { break }
            if row.batch != openBatch {
                openBatch = row.batch
                json.open(rows.batches[Int(row.batch)])
            }
            json.write(Int(row.row), to: lines)
            lines.append(UInt8(ascii: "\n"))
            next += 1
        }
        let date = received.map { column in
            let ns = rows.batches[Int(first.batch)].integer(row: Int(first.row), column: column)
            return CivilDate.split(Timestamp(nanoseconds: ns)).date
        }
        return Part(
            lines: lines, rows: Int64(next - start), first: first.offset, last: rows.rows[next - 1].offset, date: date)
    }
}

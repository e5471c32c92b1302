internal import Market
internal import Platform

/// A run of a table's rows in memory that does not move: rows are appended behind those that others read.
///
/// - Threading: one thread appends; others read rows that were published to them through a lock.
final class HotSegment: @unchecked Sendable {
    /// Rows that a segment holds at most; a row's place in a segment fits 16 bits.
    static let rowsMax = 65_536
    private static let bytesMax = 16 << 20

    /// The columns, with the dictionaries of the batch that the segment was made for.
    let columns: [ArrowColumn]
    /// The column of journal offsets, which rise.
    let offsets: Column<Int64>
    let rowsMax: Int
    /// Rows appended, published or not; for the appending thread.
    private(set) var count = 0

    /// A segment for the rows of a batch.
    ///
    /// - Parameter predecessor: the segment before it; each is larger than the one before, up to a limit.
    init(for batch: [ArrowColumn], row: Int, after predecessor: HotSegment?) {
        let rows = min(Self.rowsMax, (predecessor?.rowsMax ?? 1024) * 4)
        let largest = batch.reduce(0) { max($0, $1.byteCount(ofRow: row)) }
        let bytes = max(largest, min(Self.bytesMax, rows * 256))
        rowsMax = rows
        columns = batch.map { $0.makeEmpty(rows: rows, bytes: bytes) }
        offsets = Self.offsets(columns)
    }

    /// Memory that it takes.
    var byteCount: Int { columns.reduce(0) { $0 + $1.memoryBytes } }

    /// True where the segment is of the largest size, so that its memory serves any other one of the table.
    var isReusable: Bool { rowsMax == Self.rowsMax && columns.allSatisfy { $0.byteCapacity <= Self.bytesMax } }

    /// Takes all rows out, for those of another time.
    ///
    /// - Precondition: nobody else reads the segment.
    func removeAll() {
        for column in columns { column.removeAll() }
        count = 0
    }

    static func offsets(_ columns: [ArrowColumn]) -> Column<Int64> {
        guard case .int64(let offsets)? = columns.first(where: { $0.name == "journal_offset" })?.values else {
            preconditionFailure("a batch without journal offsets")
        }
        return offsets
    }

    /// Takes as many of the rows as there is room for.
    ///
    /// - Returns: how many it took.
    func append(_ rows: Range<Int>, of batch: [ArrowColumn]) -> Int {
        var taken = min(rows.count, rowsMax - count)
        for (target, source) in zip(columns, batch) where taken > 0 {
            taken = min(taken, target.rowsFitting(rows.lowerBound..<rows.lowerBound + taken, of: source))
        }
        guard taken > 0 else { return 0 }
        for (target, source) in zip(columns, batch) {
            target.append(rows.lowerBound..<rows.lowerBound + taken, of: source)
        }
        count += taken
        return taken
    }

    /// The first of `count` rows whose journal offset is above a bound; `count` where there is none.
    static func firstRow(above bound: Int64, in offsets: Column<Int64>, count: Int) -> Int {
        var low = 0
        var high = count
        while low < high {
            let middle = (low + high) / 2
            // Not through the subscript: the column's own count belongs to the appending thread.
            if unsafe offsets.pointer[middle] <= bound { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

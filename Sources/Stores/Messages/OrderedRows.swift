internal import Databases
internal import Delivery
internal import Market
internal import Platform

/// The rows of a unit in the order of their journal offsets, those of one offset by their place in the frame or their time.
struct OrderedRows {
    /// A row and what orders it.
    struct Row {
        let offset: Int64
        let rank: Int64
        let batch: Int32
        let row: Int32
    }

    let batches: [ResultBatch]
    let rows: [Row]

    /// Bytes of texts that are held at once; a unit of more is asked for in halves.
    static let bytesMax = 256 << 20

    /// - Parameter left: the feed whose rows are left out.
    /// - Throws: `row` where the rows are too much to be held.
    init(_ unit: DeliveryUnit, without left: String? = nil) throws(DeliveryError) {
        let columns = unit.table.columns.map(\.name)
        let feed = left.flatMap { _ in columns.firstIndex(of: "feed") }
        let name = Array((left ?? "").utf8)
        let scratch = Column<UInt8>()
        guard let offset = columns.firstIndex(of: "journal_offset") else {
            preconditionFailure("every table has a journal offset")
        }
        let rank = columns.firstIndex(of: "frame_index") ?? columns.firstIndex(of: unit.table.timeColumn) ?? offset
        var batches: [ResultBatch] = []
        var rows: [Row] = []
        var bytes = 0
        var isOrdered = true
        do {
            while let batch = try unit.rows.next() {
                for place in 0..<batch.count {
                    if let feed {
                        scratch.removeAll()
                        batch.appendText(row: place, column: feed, to: scratch)
                        if scratch.count == name.count, name.indices.allSatisfy({ scratch[$0] == name[$0] }) {
                            continue
                        }
                    }
                    let row = Row(
                        offset: batch.integer(row: place, column: offset),
                        rank: batch.integer(row: place, column: rank),
                        batch: Int32(batches.count), row: Int32(place))
                    if let last = rows.last, Self.isBefore(row, last) { isOrdered = false }
                    rows.append(row)
                }
                bytes += batch.textBytes
                batches.append(batch)
                guard bytes <= Self.bytesMax else {
                    throw DeliveryError(
                        .row,
                        "the rows from offset \(unit.after + 1) to \(unit.last) are more than \(Self.bytesMax >> 20) MiB"
                    )
                }
            }
        } catch let error as DeliveryError {
            throw error
        } catch let error as DatabaseError {
            throw DeliveryError(error.code == .conflict ? .conflict : .unavailable, error.message)
        } catch {
            throw DeliveryError(.unavailable, "\(error)")
        }
        if !isOrdered { rows.sort(by: Self.isBefore) }
        self.batches = batches
        self.rows = rows
    }

    /// The rows from `first` on that nothing orders among themselves.
    func equal(from first: Int) -> Range<Int> {
        var end = first + 1
        while end < rows.count, rows[end].offset == rows[first].offset, rows[end].rank == rows[first].rank { end += 1 }
        return first..<end
    }

    @inline(__always)
    private static func isBefore(_ left: Row, _ right: Row) -> Bool {
        left.offset != right.offset ? left.offset < right.offset : left.rank < right.rank
    }
}

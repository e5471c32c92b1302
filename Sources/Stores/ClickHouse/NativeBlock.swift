internal import Databases
internal import Market
internal import Platform

/// Rows of one month: what one request inserts, and the server takes as a whole or not at all.
///
/// - Threading: one thread at a time.
final class NativeBlock {
    private(set) var count = 0
    private let columns: [NativeColumn]

    init(_ columns: [NativeColumn]) { self.columns = columns }

    func append(_ rows: Range<Int>, of memories: [ColumnMemory]) {
        for (column, memory) in zip(columns, memories) { column.append(rows, of: memory) }
        count += rows.count
    }

    /// The block in the format `Native`: columns, rows, and the columns one after the other.
    func body(_ body: NativeBody) -> [UInt8] {
        body.append(varint: columns.count)
        body.append(varint: count)
        for column in columns { column.write(to: body) }
        return body.take()
    }
}

/// The rows of a unit, month by month.
///
/// - Threading: one thread at a time.
struct NativeBlocks {
    /// Rows of all months.
    private(set) var count = 0
    /// By the first nanosecond of the month; one block where the table is not partitioned.
    private(set) var blocks: [(startNs: Int64, block: NativeBlock)] = []

    /// Reads all rows.
    ///
    /// - Parameters:
    ///   - types: the server's type of each column of the rows.
    ///   - time: the place of the column of nanoseconds that decides; nil where the table is not partitioned.
    init(_ rows: ResultStream, types: [String], time: Int?) throws(DatabaseError) {
        let names = rows.columns.map(\.name)
        while let batch = try rows.next() {
            var memories: [ColumnMemory] = []
            for (place, name) in names.enumerated() {
                guard let memory = batch.memory(place) else {
                    throw DatabaseError(
                        .unsupported, "column \(name) has a form that is not delivered", operation: "deliver")
                }
                memories.append(memory)
            }
            for (startNs, range) in Self.runs(batch, memories, time: time) {
                if blocks.last?.startNs != startNs { makeLast(startNs, names, types, memories) }
                blocks[blocks.count - 1].block.append(range, of: memories)
            }
            count += batch.count
        }
    }

    /// Puts the block of a month at the end, where the next rows are likely to want it.
    private mutating func makeLast(_ startNs: Int64, _ names: [String], _ types: [String], _ memories: [ColumnMemory]) {
        if let place = blocks.firstIndex(where: { $0.startNs == startNs }) {
            blocks.swapAt(place, blocks.count - 1)
        } else {
            let columns = names.indices.map { NativeColumn(names[$0], type: types[$0], memories[$0]) }
            blocks.append((startNs, NativeBlock(columns)))
        }
    }

    /// Neighbouring rows of the same month, with the month's first nanosecond.
    private static func runs(
        _ batch: ResultBatch, _ memories: [ColumnMemory], time: Int?
    ) -> [(startNs: Int64, rows: Range<Int>)] {
        guard batch.count > 0 else { return [] }
        guard let time, let values = unsafe memories[time].values else { return [(0, 0..<batch.count)] }
        let times = unsafe values.assumingMemoryBound(to: Int64.self) + memories[time].first
        var runs: [(startNs: Int64, rows: Range<Int>)] = []
        var start = 0
        while start < batch.count {
            let month = TablePartition.month
            let span = unsafe month.spanNs(firstDay: month.firstDay(ofNs: times[start]))
            var end = start + 1
            while end < batch.count, unsafe span.contains(times[end]) { end += 1 }
            runs.append((span.lowerBound, start..<end))
            start = end
        }
        return runs
    }
}

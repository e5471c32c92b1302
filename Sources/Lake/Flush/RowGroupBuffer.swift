internal import Market
internal import Platform

/// The columns of a row group, gathered from memory parts in the order of the file; its memory is used again.
final class RowGroupBuffer {
    private let schema: TableSchema
    private let stored: [ArrowColumn]
    private var moments: [String: Column<Int64>] = [:]

    /// - Parameters:
    ///   - kinds: columns of the kinds to gather.
    ///   - rows: the most that a row group has.
    init(_ schema: TableSchema, like kinds: [ArrowColumn], rows: Int) {
        self.schema = schema
        stored = kinds.map { $0.makeEmpty(rows: rows, bytes: 0) }
        for column in schema.columns where column.nanoseconds != nil { moments[column.name] = Column(capacity: rows) }
    }

    /// All columns of the table for some rows of an order.
    func gather(_ order: RowOrder, _ range: Range<Int>, from parts: [HotPart]) -> [ArrowColumn] {
        let rows = order.rows[range]
        var gathered: [String: ArrowColumn] = [:]
        for (place, column) in stored.enumerated() {
            let newest = parts.last.map { column.withDictionary(of: $0.columns[place]) } ?? column
            Self.gather(rows, parts.map { $0.columns[place] }, into: newest)
            gathered[column.name] = newest
        }
        return schema.columns.map { column in
            guard let source = column.nanoseconds else {
                guard let values = gathered[column.name] else { preconditionFailure("no column \(column.name)") }
                return values
            }
            guard case .int64(let nanoseconds)? = gathered[source]?.values, let target = moments[column.name] else {
                preconditionFailure("no column \(source)")
            }
            Self.divide(nanoseconds, into: target)
            return ArrowColumn(column.name, .int64(target))
        }
    }

    private static func divide(_ nanoseconds: Column<Int64>, into target: Column<Int64>) {
        target.removeAll()
        target.reserve(nanoseconds.count)
        let (from, to) = unsafe (nanoseconds.pointer, target.pointer)
        for row in 0..<nanoseconds.count {
            let value = unsafe from[row]
            unsafe to[row] = (value - (value < 0 ? 999 : 0)) / 1000
        }
        target.truncateOrExtend(to: nanoseconds.count)
    }

    private static func gather(_ rows: ArraySlice<UInt32>, _ sources: [ArrowColumn], into target: ArrowColumn) {
        switch target.values {
        case .int64(let column): gather(rows, sources, into: column, \.int64)
        case .int32(let column): gather(rows, sources, into: column, \.int32)
        case .float64(let column): gather(rows, sources, into: column, \.float64)
        case .boolean(let column): gather(rows, sources, into: column, \.boolean)
        case .dictionary(let column, _): gather(rows, sources, into: column, \.indices)
        case .dictionary8(let column, _): gather(rows, sources, into: column, \.indices8)
        case .binary(let offsets, let bytes), .text(let offsets, let bytes):
            offsets.removeAll()
            bytes.removeAll()
            offsets.append(0)
            let columns = sources.map(\.bytes)
            for row in rows {
                let (from, content) = columns[Int(row >> 16)]
                let place = Int(row & 0xffff)
                let (start, end) = unsafe (from.pointer[place], from.pointer[place + 1])
                unsafe bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: content.pointer + Int(start), count: Int(end - start)))
                offsets.append(Int64(bytes.count))
            }
        }
    }

    private static func gather<T: BitwiseCopyable>(
        _ rows: ArraySlice<UInt32>, _ sources: [ArrowColumn], into target: Column<T>,
        _ values: (ArrowColumn) -> Column<T>
    ) {
        let bases = unsafe sources.map { unsafe values($0).pointer }
        target.removeAll()
        target.reserve(rows.count)
        let to = unsafe target.pointer
        unsafe bases.withUnsafeBufferPointer { bases in
            unsafe rows.withUnsafeBufferPointer { rows in
                for place in 0..<rows.count {
                    let row = unsafe rows[place]
                    unsafe to[place] = bases[Int(row >> 16)][Int(row & 0xffff)]
                }
            }
        }
        target.truncateOrExtend(to: rows.count)
    }
}

/// The values of a column whose kind is known.
extension ArrowColumn {
    fileprivate var int64: Column<Int64> {
        guard case .int64(let values) = values else { preconditionFailure("column \(name) changed its kind") }
        return values
    }
    fileprivate var int32: Column<Int32> {
        guard case .int32(let values) = values else { preconditionFailure("column \(name) changed its kind") }
        return values
    }
    fileprivate var float64: Column<Double> {
        guard case .float64(let values) = values else { preconditionFailure("column \(name) changed its kind") }
        return values
    }
    fileprivate var boolean: Column<UInt8> {
        guard case .boolean(let values) = values else { preconditionFailure("column \(name) changed its kind") }
        return values
    }
    fileprivate var indices: Column<UInt32> {
        guard case .dictionary(let values, _) = values else { preconditionFailure("column \(name) changed its kind") }
        return values
    }
    fileprivate var indices8: Column<UInt8> {
        guard case .dictionary8(let values, _) = values else { preconditionFailure("column \(name) changed its kind") }
        return values
    }
    fileprivate var bytes: (offsets: Column<Int64>, bytes: Column<UInt8>) {
        switch values {
        case .binary(let offsets, let bytes), .text(let offsets, let bytes): return (offsets, bytes)
        default: preconditionFailure("column \(name) changed its kind")
        }
    }
}

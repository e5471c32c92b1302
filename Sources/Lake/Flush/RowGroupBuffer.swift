internal import Market
internal import Platform

/// The columns of a row group, gathered from memory parts in the order of the file; its memory is used again.
final class RowGroupBuffer {
    /// Bytes of texts and binary values beyond which a row group ends.
    private static let bytesMax = 8 << 20

    private let schema: TableSchema
    private let rowsMax: Int
    private let stored: [ArrowColumn]
    private var moments: [String: Column<Int64>] = [:]
    private var dates: [String: Column<Int32>] = [:]
    /// Rows that were gathered last.
    private(set) var rows = 0

    /// - Parameters:
    ///   - kinds: columns of the kinds to gather.
    ///   - rowsMax: the most that a row group has.
    init(_ schema: TableSchema, like kinds: [ArrowColumn], rowsMax: Int) {
        self.schema = schema
        self.rowsMax = rowsMax
        stored = kinds.map { $0.makeEmpty(rows: 0, bytes: 0) }
        for column in schema.columns where column.nanoseconds != nil {
            if column.type == .date { dates[column.name] = Column() } else { moments[column.name] = Column() }
        }
    }

    /// All columns of the table for the next rows of an order, as many as make a row group.
    func gather(_ order: RowOrder, from start: Int, of parts: [HotPart]) -> [ArrowColumn] {
        let range = start..<start + rowCount(order, from: start, of: parts)
        rows = range.count
        let codes = unsafe UnsafeBufferPointer(rebasing: order.rows.buffer[range])
        var gathered: [String: ArrowColumn] = [:]
        for (place, column) in stored.enumerated() {
            let newest = parts.last.map { column.withDictionary(of: $0.columns[place]) } ?? column
            unsafe Self.gather(codes, parts.map { $0.columns[place] }, into: newest)
            gathered[column.name] = newest
        }
        return schema.columns.map { column in
            guard let source = column.nanoseconds else {
                guard let values = gathered[column.name] else { preconditionFailure("no column \(column.name)") }
                return values
            }
            guard case .int64(let nanoseconds)? = gathered[source]?.values else {
                preconditionFailure("no column \(source)")
            }
            if let target = dates[column.name] {
                Self.divide(nanoseconds, by: 86_400_000_000_000, into: target)
                return ArrowColumn(column.name, .int32(target))
            }
            guard let target = moments[column.name] else { preconditionFailure("no column \(column.name)") }
            Self.divide(nanoseconds, by: 1000, into: target)
            return ArrowColumn(column.name, .int64(target))
        }
    }

    /// Rows up to the limits of a row group, at least one.
    private func rowCount(_ order: RowOrder, from start: Int, of parts: [HotPart]) -> Int {
        let most = min(rowsMax, order.count - start)
        let wide = stored.indices.filter { place in
            switch stored[place].values {
            case .binary, .text: true
            default: false
            }
        }
        guard !wide.isEmpty else { return most }
        var bytes = 0
        for count in 0..<most {
            let code = order.rows[start + count]
            let part = parts[Int(code >> 16)]
            for place in wide { bytes += part.columns[place].byteCount(ofRow: Int(code & 0xffff)) }
            if bytes > Self.bytesMax { return max(1, count) }
        }
        return most
    }

    /// Rounded down.
    @inline(__always)
    private static func divide<T: FixedWidthInteger & BitwiseCopyable>(
        _ nanoseconds: Column<Int64>, by unit: Int64, into target: Column<T>
    ) {
        target.removeAll()
        target.reserve(nanoseconds.count)
        let (from, to) = unsafe (nanoseconds.pointer, target.pointer)
        for row in 0..<nanoseconds.count {
            let value = unsafe from[row]
            let whole = value / unit
            unsafe to[row] = T(truncatingIfNeeded: whole &* unit > value ? whole - 1 : whole)
        }
        target.truncateOrExtend(to: nanoseconds.count)
    }

    private static func gather(
        _ rows: UnsafeBufferPointer<UInt32>, _ sources: [ArrowColumn], into target: ArrowColumn
    ) {
        switch target.values {
        case .int64(let column): unsafe gather(rows, sources, into: column, \.int64)
        case .int32(let column): unsafe gather(rows, sources, into: column, \.int32)
        case .float64(let column): unsafe gather(rows, sources, into: column, \.float64)
        case .boolean(let column): unsafe gather(rows, sources, into: column, \.boolean)
        case .dictionary(let column, _): unsafe gather(rows, sources, into: column, \.indices)
        case .dictionary8(let column, _): unsafe gather(rows, sources, into: column, \.indices8)
        case .binary(let offsets, let bytes), .text(let offsets, let bytes):
            offsets.removeAll()
            bytes.removeAll()
            offsets.append(0)
            let columns = sources.map(\.bytes)
            for index in 0..<rows.count {
                let row = unsafe rows[index]
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
        _ rows: UnsafeBufferPointer<UInt32>, _ sources: [ArrowColumn], into target: Column<T>,
        _ values: (ArrowColumn) -> Column<T>
    ) {
        let bases = unsafe sources.map { unsafe values($0).pointer }
        target.removeAll()
        target.reserve(rows.count)
        let to = unsafe target.pointer
        unsafe bases.withUnsafeBufferPointer { bases in
            for place in 0..<rows.count {
                let row = unsafe rows[place]
                unsafe to[place] = bases[Int(row >> 16)][Int(row & 0xffff)]
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

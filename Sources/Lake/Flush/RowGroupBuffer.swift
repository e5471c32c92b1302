internal import Market
internal import Platform

/// The columns of a row group, gathered from memory parts in the order of the file; its memory is used again.
///
/// - Threading: one thread at a time; different columns on several threads at once.
final class RowGroupBuffer: @unchecked Sendable {  // by contract
    /// Bytes of texts and binary values beyond which a row group ends.
    private static let bytesMax = 8 << 20

    /// Where the values of a column come from.
    private enum Source {
        /// A stored column.
        case stored(Int, ArrowColumn)
        /// Nanoseconds of a stored column, rounded down to a unit.
        case moments(Int, Column<Int64>)
        case dates(Int, Column<Int32>)
    }

    private let schema: TableSchema
    private let rowsMax: Int
    private let sources: [Source]
    /// Stored columns whose values have no fixed width.
    private let wide: [Int]
    /// Rows that were taken last.
    private(set) var rows = 0
    private var taken: RowRuns?
    private var parts: [HotPart] = []

    /// - Parameters:
    ///   - kinds: columns of the kinds to gather.
    ///   - rowsMax: the most that a row group has.
    init(_ schema: TableSchema, like kinds: [ArrowColumn], rowsMax: Int) {
        self.schema = schema
        self.rowsMax = rowsMax
        let stored = kinds.map { $0.makeEmpty(rows: 0, bytes: 0) }
        func place(_ name: String) -> Int {
            guard let place = stored.firstIndex(where: { $0.name == name }) else {
                preconditionFailure("no column \(name)")
            }
            return place
        }
        sources = schema.columns.map { column in
            guard let nanoseconds = column.nanoseconds else {
                return .stored(place(column.name), stored[place(column.name)])
            }
            return column.type == .date
                ? .dates(place(nanoseconds), Column()) : .moments(place(nanoseconds), Column())
        }
        wide = stored.indices.filter { place in
            switch stored[place].values {
            case .binary, .text: true
            default: false
            }
        }
    }

    /// Takes the next rows of an order, as many as make a row group.
    ///
    /// - Returns: how many they are.
    func take(_ order: RowOrder, from start: Int, of parts: [HotPart]) -> Int {
        rows = rowCount(order, from: start, of: parts)
        self.parts = parts
        taken = RowRuns(order.rows, start..<start + rows)
        return rows
    }

    /// Gives back what rows were taken from.
    func letGo() {
        taken = nil
        parts = []
    }

    /// A column of the table with the rows that were taken; its memory is that of the next ones, too.
    func column(_ number: Int) -> ArrowColumn {
        guard let taken else { preconditionFailure("no rows were taken") }
        switch sources[number] {
        case .stored(let place, let column):
            let target = parts.last.map { column.withDictionary(of: $0.columns[place]) } ?? column
            gather(taken, place, into: target)
            return target
        case .moments(let place, let target):
            gather(taken, place, into: target, \.int64) { Self.floor($0, 1000) }
            return ArrowColumn(schema.columns[number].name, .int64(target))
        case .dates(let place, let target):
            gather(taken, place, into: target, \.int64) {
                Int32(truncatingIfNeeded: Self.floor($0, 86_400_000_000_000))
            }
            return ArrowColumn(schema.columns[number].name, .int32(target))
        }
    }

    /// Rows up to the limits of a row group, at least one.
    private func rowCount(_ order: RowOrder, from start: Int, of parts: [HotPart]) -> Int {
        let most = min(rowsMax, order.count - start)
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
    private static func floor(_ nanoseconds: Int64, _ unit: Int64) -> Int64 {
        let whole = nanoseconds / unit
        return whole &* unit > nanoseconds ? whole - 1 : whole
    }

    private func gather(_ rows: RowRuns, _ place: Int, into target: ArrowColumn) {
        switch target.values {
        case .int64(let column): gather(rows, place, into: column, \.int64)
        case .int32(let column): gather(rows, place, into: column, \.int32)
        case .float64(let column): gather(rows, place, into: column, \.float64)
        case .boolean(let column): gather(rows, place, into: column, \.boolean)
        case .dictionary(let column, _): gather(rows, place, into: column, \.indices)
        case .dictionary8(let column, _): gather(rows, place, into: column, \.indices8)
        case .binary(let offsets, let bytes), .text(let offsets, let bytes):
            offsets.removeAll()
            bytes.removeAll()
            offsets.append(0)
            let columns = parts.map { $0.columns[place].bytes }
            rows.forEach { part, row, count in
                let (from, content) = columns[part]
                let (start, shift) = unsafe (from.pointer[row], Int64(bytes.count) - from.pointer[row])
                let end = unsafe from.pointer[row + count]
                unsafe bytes.append(
                    contentsOf: UnsafeRawBufferPointer(start: content.pointer + Int(start), count: Int(end - start)))
                offsets.append(count: count) { unsafe from.pointer[row + 1 + $0] + shift }
            }
        }
    }

    /// Copies runs of rows.
    private func gather<T: BitwiseCopyable>(
        _ rows: RowRuns, _ place: Int, into target: Column<T>, _ values: (ArrowColumn) -> Column<T>
    ) {
        gather(rows, place, into: target, values) { $0 }
    }

    /// Converts runs of rows.
    @inline(__always)
    private func gather<T: BitwiseCopyable, Result: BitwiseCopyable>(
        _ rows: RowRuns, _ place: Int, into target: Column<Result>, _ values: (ArrowColumn) -> Column<T>,
        _ convert: (T) -> Result
    ) {
        let bases = unsafe parts.map { unsafe values($0.columns[place]).pointer }
        target.removeAll()
        target.reserve(rows.count)
        var to = unsafe target.pointer
        unsafe bases.withUnsafeBufferPointer { bases in
            rows.forEach { part, row, count in
                let from = unsafe bases[part] + row
                for place in 0..<count { unsafe to[place] = convert(from[place]) }
                unsafe to += count
            }
        }
        target.truncateOrExtend(to: rows.count)
    }
}

/// Rows of an order as runs of neighbours: what was sorted before lies side by side.
struct RowRuns {
    /// The first row of each run, as in an order, and where the run ends among all rows.
    private let firsts = Column<UInt32>()
    private let ends = Column<UInt32>()
    let count: Int

    init(_ rows: Column<UInt32>, _ range: Range<Int>) {
        count = range.count
        guard !range.isEmpty else { return }
        let codes = unsafe rows.pointer + range.lowerBound
        var next = unsafe codes[0]
        firsts.append(next)
        for place in 0..<range.count {
            let code = unsafe codes[place]
            // A row of the next part's beginning follows none.
            if code != next || (code & 0xffff == 0 && place > 0) {
                ends.append(UInt32(place))
                firsts.append(code)
            }
            next = code &+ 1
        }
        ends.append(UInt32(range.count))
    }

    /// Calls `body` with each run: its part, its first row there, its rows.
    @inline(__always)
    func forEach(_ body: (_ part: Int, _ row: Int, _ count: Int) -> Void) {
        var start = 0
        for run in 0..<firsts.count {
            let code = unsafe firsts.pointer[run]
            let end = unsafe Int(ends.pointer[run])
            body(Int(code >> 16), Int(code & 0xffff), end - start)
            start = end
        }
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

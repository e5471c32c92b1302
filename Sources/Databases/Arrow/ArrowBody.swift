internal import Platform

/// The values of one column in rows of several batches.
@safe
struct ArrowSource {
    private let columns: [ValueColumn]
    private let stride: Int
    private let place: Int
    private let rows: Column<ArrowRows.Row>

    /// - Parameters:
    ///   - columns: by batch, `stride` columns of each.
    ///   - place: of the column among them.
    init(_ columns: [ValueColumn], stride: Int, place: Int, rows: Column<ArrowRows.Row>) {
        self.columns = columns
        self.stride = stride
        self.place = place
        self.rows = rows
    }

    var count: Int { rows.count }

    /// Visits all rows: number, the column of its batch, place there.
    @inline(__always)
    func forEach(_ body: (_ number: Int, _ column: ValueColumn, _ row: Int) -> Void) {
        var batch: Int32 = -1
        var column = ValueColumn()
        for number in 0..<rows.count {
            let row = unsafe rows.pointer[number]
            if row.batch != batch {
                batch = row.batch
                column = columns[Int(batch) * stride + place]
            }
            body(number, column, Int(row.row))
        }
    }
}

/// The body of a batch in Arrow's format for other processes: buffers one behind the other, each filled up to a multiple of 8
/// bytes; and the numbers that say where they are.
@safe
struct ArrowBody {
    private let bytes: Column<UInt8>
    /// Where the body begins.
    private let start: Int
    /// Where the next buffer's numbers are.
    private var numbers: Int

    /// - Parameter numbers: where in `bytes` place and length of the first buffer are written, of the others behind it.
    init(_ bytes: Column<UInt8>, numbers: Int) {
        self.bytes = bytes
        self.numbers = numbers
        start = bytes.count
    }

    /// Writes a number over what stands at a place.
    func store(_ value: Int64, at place: Int) {
        unsafe UnsafeMutableRawPointer(bytes.pointer + place).storeBytes(of: value.littleEndian, as: Int64.self)
    }

    /// Notes the buffer from `first` to the end, and fills it up.
    private mutating func close(from first: Int) {
        store(Int64(first - start), at: numbers)
        store(Int64(bytes.count - first), at: numbers + 8)
        numbers += 16
        bytes.append(repeating: 0, count: -bytes.count & 7)
    }

    /// A buffer without bytes: no value is missing.
    mutating func appendNone() { close(from: bytes.count) }

    /// A buffer of values.
    @inline(__always)
    mutating func append<T: BitwiseCopyable>(_ count: Int, _ type: T.Type, _ value: (Int) -> T) {
        let first = grow(by: count * MemoryLayout<T>.stride)
        let end = unsafe UnsafeMutableRawPointer(bytes.pointer + first)
        for place in 0..<count {
            unsafe end.storeBytes(of: value(place), toByteOffset: place * MemoryLayout<T>.stride, as: T.self)
        }
        close(from: first)
    }

    /// Makes room at the end.
    ///
    /// - Returns: where it begins.
    private func grow(by count: Int) -> Int {
        let first = bytes.count
        bytes.reserve(count + 8)
        bytes.truncateOrExtend(to: first + count)
        return first
    }

    /// Which values are there, a bit each; nothing where all are, or where the column is not to tell.
    ///
    /// - Returns: missing values that are told.
    mutating func appendValidity(_ source: ArrowSource, isKept: Bool) -> Int {
        guard isKept else { return 0 }
        let first = bytes.count
        bytes.append(repeating: 0, count: (source.count + 7) / 8)
        let bits = unsafe bytes.pointer + first
        var missing = 0
        source.forEach { number, column, row in
            if column.isNull(row) { missing += 1 } else { unsafe bits[number / 8] |= 1 << UInt8(number % 8) }
        }
        if missing == 0 { bytes.truncateOrExtend(to: first) } else { close(from: first) }
        return missing
    }

    /// The values of a column, and the ends of texts before them.
    ///
    /// - Parameter isZeroing: whether values may be missing: zero stands for them.
    mutating func appendValues(_ source: ArrowSource, _ kind: ValueColumn.Kind, zeroing isZeroing: Bool) {
        switch kind {
        case .int64, .double, .microseconds: append(source, isZeroing, zero: UInt64(0))
        case .int32, .date: append(source, isZeroing, zero: UInt32(0))
        case .decimal: append(source, isZeroing, zero: Int128(0))
        case .boolean: appendBits(source, isZeroing)
        case .text, .binary: appendTexts(source, isZeroing)
        case .other: preconditionFailure("a table has no such columns")
        }
    }

    @inline(__always)
    private mutating func append<T: BitwiseCopyable>(_ source: ArrowSource, _ isZeroing: Bool, zero: T) {
        let first = grow(by: source.count * MemoryLayout<T>.stride)
        let end = unsafe UnsafeMutableRawPointer(bytes.pointer + first)
        source.forEach { number, column, row in
            let value = isZeroing && column.isNull(row) ? zero : column.load(row, T.self)
            unsafe end.storeBytes(of: value, toByteOffset: number * MemoryLayout<T>.stride, as: T.self)
        }
        close(from: first)
    }

    private mutating func appendBits(_ source: ArrowSource, _ isZeroing: Bool) {
        let first = bytes.count
        bytes.append(repeating: 0, count: (source.count + 7) / 8)
        let bits = unsafe bytes.pointer + first
        source.forEach { number, column, row in
            let isSet = !(isZeroing && column.isNull(row)) && column.bit(row)
            if isSet { unsafe bits[number / 8] |= 1 << UInt8(number % 8) }
        }
        close(from: first)
    }

    private mutating func appendTexts(_ source: ArrowSource, _ isZeroing: Bool) {
        let first = grow(by: (source.count + 1) * 4)
        var end: Int32 = 0
        let ends = unsafe UnsafeMutableRawPointer(bytes.pointer + first)
        unsafe ends.storeBytes(of: end, as: Int32.self)
        source.forEach { number, column, row in
            if !(isZeroing && column.isNull(row)) { end += unsafe Int32(column.bytes(row).count) }
            unsafe ends.storeBytes(of: end, toByteOffset: (number + 1) * 4, as: Int32.self)
        }
        close(from: first)
        let content = grow(by: Int(end))
        var place = unsafe UnsafeMutableRawPointer(bytes.pointer + content)
        source.forEach { _, column, row in
            if isZeroing && column.isNull(row) { return }
            let text = unsafe column.bytes(row)
            guard let base = text.baseAddress else { return }
            unsafe place.copyMemory(from: base, byteCount: text.count)
            unsafe place += text.count
        }
        close(from: content)
    }
}

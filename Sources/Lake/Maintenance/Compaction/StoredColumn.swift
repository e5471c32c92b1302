internal import Databases
internal import Market
internal import Platform

/// The values of a column that batches carry, read back from files.
///
/// - Threading: one thread at a time.
final class StoredColumn {
    private let column: TableSchema.Column
    let int64: Column<Int64>
    let int32: Column<Int32>
    let float64: Column<Double>
    let indices: Column<UInt32>
    let bytes: Column<UInt8>

    /// - Parameter rows: how many there will be at most.
    init(_ column: TableSchema.Column, rows: Int) {
        self.column = column
        let isWide = column.isWide
        func capacity(_ types: TableSchema.ColumnType...) -> Int { types.contains(column.type) ? rows : 0 }
        if case .decimal = column.type {
            int64 = Column(capacity: rows)
        } else {
            int64 = Column(capacity: isWide ? rows + 1 : capacity(.int64, .timestamp))
        }
        int32 = Column(capacity: capacity(.int32, .date))
        float64 = Column(capacity: capacity(.float64))
        indices = Column(capacity: isWide ? 0 : capacity(.string))
        bytes = Column(capacity: capacity(.boolean))
        if isWide { int64.append(0) }
    }

    /// The values as a batch has them.
    ///
    /// - Parameter dictionary: the texts that indices mean.
    func arrowColumn(_ dictionary: StringDictionary?) -> ArrowColumn {
        let values: ArrowColumn.Values =
            switch column.type {
            case .timestamp, .int64, .decimal: .int64(int64)
            case .date, .int32: .int32(int32)
            case .float64: .float64(float64)
            case .boolean: .boolean(bytes)
            case .binary: .binary(offsets: int64, bytes: bytes)
            case .string where column.isFreeText: .text(offsets: int64, bytes: bytes)
            case .string: .dictionary(indices: indices, dictionary ?? StringDictionary(values: []))
            }
        return ArrowColumn(column.name, values, nullable: column.isNullable)
    }

    /// Appends rows of a result.
    ///
    /// - Parameter texts: numbers the texts of a column of few.
    func append(_ memory: ColumnMemory, _ rows: Range<Int>, _ texts: NumberedTexts) {
        let range = memory.first + rows.lowerBound..<memory.first + rows.upperBound
        switch column.type {
        case .timestamp, .int64: append(memory, range, to: int64, missing: ArrowColumn.missingInt64)
        case .date, .int32: append(memory, range, to: int32, missing: .min)
        case .float64: append(memory, range, to: float64, missing: .nan)
        case .decimal:
            guard let values = unsafe memory.values else { return }
            for place in range {
                // Eighteen digits fit the lower half of a little-endian integer of 16 bytes.
                let value = unsafe values.loadUnaligned(fromByteOffset: place * 16, as: Int64.self)
                int64.append(memory.isPresent(place) ? value : ArrowColumn.missingInt64)
            }
        case .boolean:
            guard let values = unsafe memory.values else { return }
            for place in range {
                bytes.append(unsafe values.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8) & 1)
            }
        case .binary, .string:
            if case .bytes(isLarge: true) = memory.form {
                appendBytes(memory, range, texts, ends: Int64.self)
            } else {
                appendBytes(memory, range, texts, ends: Int32.self)
            }
        }
    }

    private func append<Value: BitwiseCopyable>(
        _ memory: ColumnMemory, _ range: Range<Int>, to target: Column<Value>, missing: Value
    ) {
        guard let values = unsafe memory.values?.assumingMemoryBound(to: Value.self) else { return }
        target.reserve(range.count)
        let to = unsafe target.pointer + target.count
        unsafe to.update(from: values + range.lowerBound, count: range.count)
        if unsafe memory.validity != nil {
            for place in range where !memory.isPresent(place) { unsafe to[place - range.lowerBound] = missing }
        }
        target.truncateOrExtend(to: target.count + range.count)
    }

    private func appendBytes<End: FixedWidthInteger & BitwiseCopyable>(
        _ memory: ColumnMemory, _ range: Range<Int>, _ texts: NumberedTexts, ends: End.Type
    ) {
        guard let ends = unsafe memory.values?.assumingMemoryBound(to: End.self) else { return }
        for place in range {
            let (start, end) = unsafe (Int(ends[place]), Int(ends[place + 1]))
            let value = unsafe UnsafeRawBufferPointer(
                start: memory.content.map { unsafe $0 + start }, count: end - start)
            if column.isWide {
                unsafe bytes.append(contentsOf: value)
                int64.append(Int64(bytes.count))
            } else if memory.isPresent(place) {
                indices.append(unsafe texts.number(value))
            } else {
                indices.append(ArrowColumn.missingIndex)
            }
        }
    }
}

extension TableSchema.Column {
    /// Whether values are bytes of any length that hardly repeat.
    var isWide: Bool { type == .binary || isFreeText }
}

extension ColumnMemory {
    /// Whether a value is there.
    fileprivate func isPresent(_ place: Int) -> Bool {
        guard let validity = unsafe validity else { return true }
        return unsafe validity.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8) & 1 != 0
    }
}

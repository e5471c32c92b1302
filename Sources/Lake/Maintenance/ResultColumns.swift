internal import Databases
internal import Glibc
internal import Market
internal import Platform

/// Rows of a query as the columns of a row group, for the writer of Parquet files; its memory is used again.
///
/// - Threading: one thread at a time.
final class ResultColumns {
    /// Bytes of texts and binary values beyond which a row group ends.
    private static let bytesMax = 8 << 20

    private let columns: [ResultColumnValues]
    private let rowsMax: Int
    private(set) var rows = 0

    /// - Parameter rowsMax: the most that a row group has.
    init(_ schema: TableSchema, rowsMax: Int) {
        columns = schema.columns.map { ResultColumnValues($0) }
        self.rowsMax = rowsMax
    }

    /// Takes rows of a batch, as many as fit.
    ///
    /// - Returns: how many it took; none where the row group is full.
    func append(_ batch: ResultBatch, from first: Int) throws(LakeError) -> Int {
        var taken = min(batch.count - first, rowsMax - rows)
        var room = Self.bytesMax - columns.reduce(0) { $0 + $1.byteCount }
        if rows > 0, room <= 0 { return 0 }
        for (place, column) in columns.enumerated() where column.isWide {
            guard let memory = batch.memory(place) else { continue }
            let fitting = ResultColumnValues.rowsFitting(memory, first..<first + taken, bytes: max(0, room))
            // A row group has at least one row.
            taken = rows == 0 ? max(1, fitting) : fitting
            room -= ResultColumnValues.bytes(memory, first..<first + taken)
        }
        guard taken > 0 else { return 0 }
        for (place, column) in columns.enumerated() {
            guard let memory = batch.memory(place) else {
                throw LakeError(.unsupported, "a column of files has an unknown type", operation: column.name)
            }
            column.append(memory, first..<first + taken)
        }
        rows += taken
        return taken
    }

    /// The columns of the row group.
    func arrowColumns() -> [ArrowColumn] { columns.map { $0.arrowColumn() } }

    func removeAll() {
        rows = 0
        for column in columns { column.removeAll() }
    }
}

/// The values of one column.
private final class ResultColumnValues {
    let name: String
    /// Whether values are bytes of any length that hardly repeat.
    let isWide: Bool
    private let column: TableSchema.Column
    private let int64 = Column<Int64>()
    private let int32 = Column<Int32>()
    private let float64 = Column<Double>()
    private let bytes = Column<UInt8>()
    private let texts = NumberedTexts()

    init(_ column: TableSchema.Column) {
        self.column = column
        name = column.name
        isWide = column.type == .binary || column.isFreeText
        if isWide { int64.append(0) }
    }

    /// Bytes of a wide column's values.
    var byteCount: Int { isWide ? bytes.count : 0 }

    func removeAll() {
        int64.removeAll()
        int32.removeAll()
        float64.removeAll()
        bytes.removeAll()
        texts.removeAll()
        if isWide { int64.append(0) }
    }

    func arrowColumn() -> ArrowColumn {
        let values: ArrowColumn.Values =
            switch column.type {
            case .timestamp, .int64, .decimal: .int64(int64)
            case .date, .int32: .int32(int32)
            case .float64: .float64(float64)
            case .boolean: .boolean(bytes)
            case .binary: .binary(offsets: int64, bytes: bytes)
            case .string where isWide: .text(offsets: int64, bytes: bytes)
            case .string: .dictionary(indices: texts.indices, texts.dictionary())
            }
        return ArrowColumn(name, values, nullable: column.isNullable)
    }

    func append(_ memory: ColumnMemory, _ rows: Range<Int>) {
        let range = memory.first + rows.lowerBound..<memory.first + rows.upperBound
        switch column.type {
        case .timestamp, .int64: append(memory, range, to: int64, missing: ArrowColumn.missingInt64)
        case .date, .int32: append(memory, range, to: int32, missing: .min)
        case .float64: append(memory, range, to: float64, missing: .nan)
        case .decimal:
            for place in range {
                // Eighteen digits fit the lower half of a little-endian integer of 16 bytes.
                let isThere = memory.isPresent(place)
                int64.append(
                    isThere
                        ? unsafe memory.values!.loadUnaligned(fromByteOffset: place * 16, as: Int64.self)
                        : ArrowColumn.missingInt64)
            }
        case .boolean:
            for place in range {
                bytes.append(unsafe memory.values!.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8) & 1)
            }
        case .binary, .string: appendBytes(memory, range)
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

    private func appendBytes(_ memory: ColumnMemory, _ range: Range<Int>) {
        for place in range {
            let span = Self.span(memory, place)
            let value = unsafe UnsafeRawBufferPointer(
                start: memory.content.map { unsafe $0 + span.lowerBound }, count: span.count)
            if isWide {
                unsafe bytes.append(contentsOf: value)
                int64.append(Int64(bytes.count))
            } else {
                unsafe texts.append(memory.isPresent(place) ? value : nil)
            }
        }
    }

    /// Where a value's bytes are in the content.
    private static func span(_ memory: ColumnMemory, _ place: Int) -> Range<Int> {
        guard let offsets = unsafe memory.values else { return 0..<0 }
        if case .bytes(isLarge: true) = memory.form {
            let ends = unsafe offsets.assumingMemoryBound(to: Int64.self)
            return unsafe Int(ends[place])..<Int(ends[place + 1])
        }
        let ends = unsafe offsets.assumingMemoryBound(to: Int32.self)
        return unsafe Int(ends[place])..<Int(ends[place + 1])
    }

    /// Bytes of rows.
    static func bytes(_ memory: ColumnMemory, _ rows: Range<Int>) -> Int {
        guard !rows.isEmpty else { return 0 }
        return span(memory, memory.first + rows.upperBound - 1).upperBound
            - span(memory, memory.first + rows.lowerBound).lowerBound
    }

    /// How many of the rows have so many bytes together.
    static func rowsFitting(_ memory: ColumnMemory, _ rows: Range<Int>, bytes: Int) -> Int {
        if Self.bytes(memory, rows) <= bytes { return rows.count }
        return (1...rows.count).first { Self.bytes(memory, rows.lowerBound..<rows.lowerBound + $0) > bytes }.map {
            $0 - 1
        } ?? rows.count
    }
}

extension ColumnMemory {
    /// Whether a value is there.
    fileprivate func isPresent(_ place: Int) -> Bool {
        guard let validity = unsafe validity else { return true }
        return unsafe validity.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8) & 1 != 0
    }
}

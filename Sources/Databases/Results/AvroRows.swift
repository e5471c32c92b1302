public import Market
public import Platform

/// Writes rows of a table as Avro records, straight from the memory of a result's columns.
///
/// - Shape: single-object encoding: `C3 01`, the fingerprint of the table's `AvroSchema` in eight bytes, the columns one behind the
///   other. A column that cannot be null and has no value, as in rows that are older than it, is 0, false or empty.
/// - Source: Apache Avro 1.11 specification, "Binary Encoding", "Single-object encoding".
/// - Threading: one thread at a time.
@safe
public final class AvroRows {
    private var columns: [ValueColumn]
    private let kinds: [ValueColumn.Kind]
    private let isNullable: [Bool]
    private let start: [UInt8]
    /// Bytes that a row takes at most, apart from its texts.
    private let fixedBytes: Int
    private let textColumns: [Int]

    /// For rows that have the columns of the table.
    ///
    /// - Throws: `unsupported` where a column has another type.
    public init(_ table: TableSchema, _ rows: ResultStream) throws(DatabaseError) {
        kinds = try ValueColumn.kinds(of: table, rows)
        isNullable = table.columns.map(\.isNullable)
        columns = kinds.map { _ in ValueColumn() }
        textColumns = kinds.indices.filter { [kinds] in [.text, .binary].contains(kinds[$0]) }
        let fingerprint = AvroSchema(table).fingerprint
        start = [0xc3, 0x01] + (0..<8).map { UInt8(truncatingIfNeeded: fingerprint >> (8 * $0)) }
        fixedBytes = start.count + kinds.count * (1 + AvroCursor.valueBytesMax)
    }

    /// Takes the rows that are written next.
    public func open(_ batch: ResultBatch) {
        for place in columns.indices { columns[place].open(batch, place) }
    }

    /// Bytes of a row of the batch at most.
    public func bytesMax(_ row: Int) -> Int {
        textColumns.reduce(fixedBytes) { unsafe $0 + columns[$1].bytes(row).count }
    }

    /// Bytes of the largest row of a batch at most.
    public func bytesMax(_ batch: ResultBatch) -> Int { fixedBytes + batch.textBytes }

    /// Appends a row.
    ///
    /// - Precondition: `open` was called.
    public func write(_ row: Int, to bytes: Column<UInt8>) {
        bytes.reserve(bytesMax(row))
        var cursor = unsafe AvroCursor(bytes.pointer + bytes.count)
        for byte in start { cursor.byte(byte) }
        for place in columns.indices {
            let column = columns[place]
            let isMissing = column.isNull(row)
            if isNullable[place] {
                // Which type of the union.
                cursor.integer(isMissing ? 0 : 1)
                if isMissing { continue }
            } else if isMissing {
                Self.write(missing: kinds[place], &cursor)
                continue
            }
            switch column.kind {
            case .int64, .microseconds: cursor.integer(column.load(row, Int64.self))
            case .int32, .date: cursor.integer(Int64(column.load(row, Int32.self)))
            case .double: cursor.double(column.load(row, Double.self))
            case .boolean: cursor.byte(column.bit(row) ? 1 : 0)
            case .decimal: cursor.decimal(Int64(truncatingIfNeeded: column.load(row, Int128.self)))
            case .text, .binary: unsafe cursor.bytes(column.bytes(row))
            case .other: preconditionFailure("a column without values has only missing ones")
            }
        }
        unsafe bytes.truncateOrExtend(to: cursor.end - bytes.pointer)
    }

    private static func write(missing kind: ValueColumn.Kind, _ cursor: inout AvroCursor) {
        switch kind {
        case .double: cursor.double(0)
        case .decimal: cursor.decimal(0)
        default: cursor.byte(0)
        }
    }
}

extension ValueColumn {
    /// The kind of each column of a table.
    ///
    /// - Throws: `unsupported` where the rows have other columns.
    static func kinds(of table: TableSchema, _ rows: ResultStream) throws(DatabaseError) -> [Kind] {
        var kinds: [Kind] = []
        for (place, column) in table.columns.enumerated() {
            let layout = place < rows.layouts.count ? rows.layouts[place] : nil
            let expected = Kind(column.type)
            guard let layout, layout.name == column.name, kind(of: layout) == expected,
                scale(of: layout) == scale(of: column.type)
            else {
                throw DatabaseError(
                    .unsupported, "column \(column.name) of \(table.name) is not of type \(column.type)",
                    operation: "read \(table.name)")
            }
            kinds.append(expected)
        }
        return kinds
    }

    private static func scale(of layout: ArrowLayout) -> Int {
        if case .decimal(let scale) = layout.kind { scale } else { 0 }
    }

    private static func scale(of type: TableSchema.ColumnType) -> Int {
        if case .decimal(let scale) = type { scale } else { 0 }
    }
}

extension ValueColumn.Kind {
    /// How values of a table's column come.
    init(_ type: TableSchema.ColumnType) {
        self =
            switch type {
            case .timestamp: .microseconds
            case .date: .date
            case .int32: .int32
            case .int64: .int64
            case .float64: .double
            case .boolean: .boolean
            case .string: .text
            case .binary: .binary
            case .decimal: .decimal
            }
    }
}

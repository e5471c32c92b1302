internal import CPlatform
internal import Market
internal import Platform

/// Columns as a struct array of the Arrow C data interface, without copying their values.
///
/// What is made here: validity bitmaps (where values are missing), packed Booleans, and the small structures.
/// - Source: Apache Arrow, "The Arrow C data interface".
@safe
struct ArrowExport: ~Copyable {
    private var array: UnsafeMutablePointer<ArrowArray>
    private var schema: UnsafeMutablePointer<ArrowSchema>

    init(_ columns: [ArrowColumn], rows: Int, _ dictionaries: DictionaryCache) {
        var arrays: [ArrayParts] = []
        var schemas: [SchemaParts] = []
        for column in columns {
            let (array, schema) = Self.parts(of: column, rows: rows, dictionaries)
            arrays.append(array)
            schemas.append(schema)
        }
        unsafe array = ArrayParts(length: rows, buffers: [nil], children: arrays).export()
        unsafe schema = SchemaParts(format: "+s", children: schemas).export()
    }

    /// One row of parameters.
    init(parameters: [SQLValue]) throws(DatabaseError) {
        var columns: [ArrowColumn] = []
        for (index, value) in parameters.enumerated() {
            columns.append(try Self.column(of: value, name: "\(index)"))
        }
        self.init(columns, rows: 1, DictionaryCache())
    }

    /// Hands the structures over; whoever takes them moves their content out and frees the shells.
    consuming func take() -> (UnsafeMutablePointer<ArrowArray>, UnsafeMutablePointer<ArrowSchema>) {
        let pair = unsafe (array, schema)
        discard self
        return unsafe pair
    }

    deinit {
        unsafe array.pointee.release?(array)
        unsafe schema.pointee.release?(schema)
        unsafe array.deallocate()
        unsafe schema.deallocate()
    }

    private static func parts(
        of column: ArrowColumn, rows: Int, _ dictionaries: DictionaryCache
    ) -> (ArrayParts, SchemaParts) {
        switch column.values {
        case .int64(let values):
            let bitmap = column.isNullable ? Validity(rows) { values[$0] != ArrowColumn.missingInt64 } : nil
            return unsafe fixed("l", column, rows, bitmap, values.pointer, values)
        case .int32(let values):
            let bitmap = column.isNullable ? Validity(rows) { values[$0] != Int32.min } : nil
            return unsafe fixed("i", column, rows, bitmap, values.pointer, values)
        case .float64(let values):
            let bitmap = column.isNullable ? Validity(rows) { !values[$0].isNaN } : nil
            return unsafe fixed("g", column, rows, bitmap, values.pointer, values)
        case .boolean(let values):
            let packed = Validity.pack(rows) { values[$0] != 0 }
            return unsafe fixed("b", column, rows, nil, packed.pointer, packed)
        case .dictionary(let indices, let texts):
            let missing = column.isNullable ? ArrowColumn.missingIndex : nil
            return encoded("I", column, rows, indices, missing: missing, dictionaries.text(of: texts))
        case .dictionary8(let indices, let texts):
            let missing = column.isNullable ? ArrowColumn.missingIndex8 : nil
            return encoded("C", column, rows, indices, missing: missing, dictionaries.text(of: texts))
        case .binary(let offsets, let bytes):
            return variable("Z", column, rows, offsets, bytes)
        case .text(let offsets, let bytes):
            return variable("U", column, rows, offsets, bytes)
        }
    }

    private static func fixed(
        _ format: String, _ column: ArrowColumn, _ rows: Int, _ validity: Validity?, _ values: UnsafeMutableRawPointer,
        _ owner: AnyObject
    ) -> (ArrayParts, SchemaParts) {
        let bitmap = validity?.bitmap
        let array = unsafe ArrayParts(
            length: rows, nullCount: validity?.nullCount ?? 0,
            buffers: [bitmap.map { unsafe UnsafeRawPointer($0.pointer) }, UnsafeRawPointer(values)],
            owners: [owner] + (bitmap.map { [$0] } ?? []))
        return (array, SchemaParts(format: format, name: column.name, isNullable: column.isNullable))
    }

    private static func variable(
        _ format: String, _ column: ArrowColumn, _ rows: Int, _ offsets: Column<Int64>, _ bytes: Column<UInt8>
    ) -> (ArrayParts, SchemaParts) {
        let array = unsafe ArrayParts(
            length: rows, buffers: [nil, UnsafeRawPointer(offsets.pointer), UnsafeRawPointer(bytes.pointer)],
            owners: [offsets, bytes])
        return (array, SchemaParts(format: format, name: column.name, isNullable: column.isNullable))
    }

    /// A dictionary column; where rows miss their value, a copy of the indices points them to the dictionary's own.
    private static func encoded<Index: FixedWidthInteger & BitwiseCopyable>(
        _ format: String, _ column: ArrowColumn, _ rows: Int, _ indices: Column<Index>, missing: Index?,
        _ text: DictionaryText
    ) -> (ArrayParts, SchemaParts) {
        var used = indices
        var hasMissing = false
        if let missing, let first = (0..<rows).first(where: { indices[$0] == missing }) {
            hasMissing = true
            used = Column<Index>(capacity: rows)
            for row in 0..<rows {
                used.append(row >= first && indices[row] == missing ? Index(text.count) : indices[row])
            }
        }
        var (array, schema) = unsafe fixed(format, column, rows, nil, used.pointer, used)
        array.dictionary = unsafe [
            ArrayParts(
                length: text.count + (hasMissing ? 1 : 0), nullCount: hasMissing ? 1 : 0,
                buffers: [
                    hasMissing ? UnsafeRawPointer(text.validity.pointer) : nil, UnsafeRawPointer(text.offsets.pointer),
                    UnsafeRawPointer(text.bytes.pointer),
                ], owners: [text])
        ]
        schema.dictionary = [SchemaParts(format: "u", isNullable: hasMissing)]
        return (array, schema)
    }

    private static func column(of value: SQLValue, name: String) throws(DatabaseError) -> ArrowColumn {
        func single<T: BitwiseCopyable>(_ value: T) -> Column<T> {
            let column = Column<T>(capacity: 1)
            column.append(value)
            return column
        }
        func bytes(_ value: [UInt8]) -> (Column<Int64>, Column<UInt8>) {
            let offsets = single(Int64(0))
            offsets.append(Int64(value.count))
            let column = Column<UInt8>(capacity: value.count)
            for byte in value { column.append(byte) }
            return (offsets, column)
        }
        switch value {
        case .null: return .init(name, .int64(single(ArrowColumn.missingInt64)), nullable: true)
        case .boolean(let value): return .init(name, .boolean(single(value ? 1 : 0)))
        case .integer(let value): return .init(name, .int64(single(value)))
        case .double(let value): return .init(name, .float64(single(value)))
        case .text(let value):
            let (offsets, bytes) = bytes(Array(value.utf8))
            return .init(name, .text(offsets: offsets, bytes: bytes))
        case .binary(let value):
            let (offsets, bytes) = bytes(value)
            return .init(name, .binary(offsets: offsets, bytes: bytes))
        default:
            throw DatabaseError(
                .unsupported, "a parameter must be a Boolean, integer, double, text, binary or null",
                operation: "parameter \(name) = \(value.text)")
        }
    }
}

/// Bits of one column, least significant first.
struct Validity {
    let bitmap: Column<UInt8>
    let nullCount: Int

    /// Nil where no value is missing.
    init?(_ rows: Int, isPresent: (Int) -> Bool) {
        guard let first = (0..<rows).first(where: { !isPresent($0) }) else { return nil }
        var missing = 0
        for row in first..<rows where !isPresent(row) { missing += 1 }
        nullCount = missing
        bitmap = Self.pack(rows, isPresent)
    }

    static func pack(_ rows: Int, _ isSet: (Int) -> Bool) -> Column<UInt8> {
        let bits = Column<UInt8>(capacity: (rows + 7) / 8)
        var row = 0
        while row < rows {
            var byte: UInt8 = 0
            for bit in 0..<min(8, rows - row) where isSet(row + bit) { byte |= 1 << UInt8(bit) }
            bits.append(byte)
            row += 8
        }
        return bits
    }
}

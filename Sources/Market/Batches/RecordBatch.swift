internal import Platform

/// Rows of a table that has no batch of its own, as columns: filled cell by cell, for tables of few rows a second.
///
/// A row is what is set between `begin` and `end`. Cells that are not set are missing, which only nullable columns and
/// free texts may be.
public final class RecordBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public let schema: TableSchema
    /// Numbers of the category texts; shared by all batches of an engine.
    public let texts: StringTable
    public private(set) var count = 0
    let cells: [Cells]
    let stored: [TableSchema.Column]
    /// The columns of the instrument share their indices.
    let instrumentPlace: Int?
    private let offsetPlace: Int

    /// The values of one column.
    enum Cells {
        case int64(Column<Int64>)
        case int32(Column<Int32>)
        case float64(Column<Double>)
        case boolean(Column<UInt8>)
        case category(Column<UInt32>)
        case instrument(Column<InstrumentID>, isVenue: Bool)
        case text(Column<Int64>, Column<UInt8>)
    }

    /// - Parameter schema: a table without binary columns.
    public init(_ schema: TableSchema, texts: StringTable = StringTable()) {
        self.schema = schema
        self.texts = texts
        stored = schema.storedColumns
        let names = stored.map(\.name)
        let hasInstrument = stored.contains { $0.name == "venue" && !$0.isNullable } && names.contains("symbol")
        let instruments = Column<InstrumentID>()
        cells = stored.map { column in
            switch column.type {
            case .int64, .decimal: return .int64(Column())
            case .int32, .date: return .int32(Column())
            case .float64: return .float64(Column())
            case .boolean: return .boolean(Column())
            case .string:
                if hasInstrument, column.name == "venue" || column.name == "symbol" {
                    return .instrument(instruments, isVenue: column.name == "venue")
                }
                guard column.isFreeText else { return .category(Column()) }
                let offsets = Column<Int64>()
                offsets.append(0)
                return .text(offsets, Column())
            case .timestamp, .binary: preconditionFailure("\(schema.name).\(column.name) cannot be a record's column")
            }
        }
        instrumentPlace = hasInstrument ? names.firstIndex(of: "venue") : nil
        offsetPlace = schema.place("journal_offset")
    }

    // MARK: Writing

    /// Sets the cells that every row has.
    public func begin(journalOffset: Int64, frameIndex: Int32) {
        set(offsetPlace, journalOffset)
        set(offsetPlace + 1, Int64(frameIndex))
    }

    /// Sets an integer, a date (days since 1970), or a decimal number (in its smallest unit).
    public func set(_ place: Int, _ value: Int64) {
        switch cells[place] {
        case .int64(let column): put(value, column, place)
        case .int32(let column): put(Int32(clamping: value), column, place)
        default: preconditionFailure("\(schema.name).\(stored[place].name) is no integer")
        }
    }

    /// Sets a number; NaN is missing.
    public func set(_ place: Int, _ value: Double) {
        guard case .float64(let column) = cells[place] else {
            preconditionFailure("\(schema.name).\(stored[place].name) is no number")
        }
        put(value, column, place)
    }

    /// Sets a truth value.
    public func set(_ place: Int, _ value: Bool) {
        guard case .boolean(let column) = cells[place] else {
            preconditionFailure("\(schema.name).\(stored[place].name) is no truth value")
        }
        put(value ? 1 : 0, column, place)
    }

    /// Sets a text, a category or a free one.
    public func set(_ place: Int, _ value: String) {
        switch cells[place] {
        case .category(let column): put(texts.intern(value), column, place)
        case .text(let offsets, let bytes):
            for byte in value.utf8 { bytes.append(byte) }
            put(Int64(bytes.count), offsets, place, ahead: 1)
        default: preconditionFailure("\(schema.name).\(stored[place].name) is no text")
        }
    }

    /// Sets venue and symbol.
    public func set(instrument: InstrumentID) {
        guard let instrumentPlace, case .instrument(let column, _) = cells[instrumentPlace] else {
            preconditionFailure("\(schema.name) has no instrument")
        }
        put(instrument, column, instrumentPlace)
    }

    private func put<T>(_ value: T, _ column: Column<T>, _ place: Int, ahead: Int = 0) {
        precondition(column.count == count + ahead, "\(schema.name).\(stored[place].name) is set twice")
        column.append(value)
    }

    /// Ends the row: cells that were not set are missing.
    public func end() {
        for (place, cell) in cells.enumerated() {
            let column = stored[place]
            switch cell {
            case .int64(let values): complete(values, column, ArrowColumn.missingInt64)
            case .int32(let values): complete(values, column, Int32.min)
            case .float64(let values): complete(values, column, .nan)
            case .boolean(let values): precondition(values.count == count + 1, "\(column.name) is not set")
            case .category(let values): complete(values, column, ArrowColumn.missingIndex)
            case .instrument(let values, _): precondition(values.count == count + 1, "the instrument is not set")
            case .text(let offsets, let bytes): if offsets.count == count + 1 { offsets.append(Int64(bytes.count)) }
            }
        }
        count += 1
    }

    private func complete<T>(_ values: Column<T>, _ column: TableSchema.Column, _ missing: T) {
        guard values.count == count else { return }
        precondition(column.isNullable, "\(schema.name).\(column.name) is not set")
        values.append(missing)
    }

    /// Takes back what was set since the last row.
    public func rollBack() { truncate(to: count) }

    public func removeAll() { truncate(to: 0) }

    /// Keeps the first `rows` rows.
    public func truncate(to rows: Int) {
        for cell in cells {
            switch cell {
            case .int64(let values): values.truncateOrExtend(to: rows)
            case .int32(let values): values.truncateOrExtend(to: rows)
            case .float64(let values): values.truncateOrExtend(to: rows)
            case .boolean(let values): values.truncateOrExtend(to: rows)
            case .category(let values): values.truncateOrExtend(to: rows)
            case .instrument(let values, let isVenue): if isVenue { values.truncateOrExtend(to: rows) }
            case .text(let offsets, let bytes):
                offsets.truncateOrExtend(to: rows + 1)
                bytes.truncateOrExtend(to: Int(offsets[rows]))
            }
        }
        count = rows
    }

    // MARK: Reading

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        let categories = texts.snapshot()
        return zip(stored, cells).map { column, cell in
            let values: ArrowColumn.Values =
                switch cell {
                case .int64(let values): .int64(values)
                case .int32(let values): .int32(values)
                case .float64(let values): .float64(values)
                case .boolean(let values): .boolean(values)
                case .category(let indices): .dictionary(indices: indices, categories)
                case .instrument(let indices, let isVenue):
                    .dictionary(indices: indices, isVenue ? dictionaries.venues : dictionaries.symbols)
                case .text(let offsets, let bytes): .text(offsets: offsets, bytes: bytes)
                }
            return ArrowColumn(column.name, values, nullable: column.isNullable)
        }
    }
}

internal import CDecode
internal import Market

/// The columns of a table of records in the order in which a format of CDecode writes them.
///
/// - Threading: one thread at a time.
@safe
final class RecordColumns {
    /// Gives the fields of a format and their number.
    typealias Fields = @convention(c) (UnsafeMutablePointer<Int>?) -> UnsafePointer<td_record_field>?

    private let batch: (EventBatch) -> RecordBatch
    /// The table's column for each of the format's fields.
    private let places: [Int]
    private let columns: UnsafeMutablePointer<td_record_column>

    /// - Parameters:
    ///   - fields: of the format.
    ///   - batch: the table's batch among those of an engine.
    /// - Precondition: the format fills every column of the table with what it holds.
    init(_ fields: Fields, of batch: @escaping (EventBatch) -> RecordBatch) {
        self.batch = batch
        let table = batch(EventBatch())
        var count = 0
        let first = unsafe fields(&count)
        var places: [Int] = []
        for index in 0..<count {
            guard let field = unsafe first?[index] else { continue }
            let name = unsafe String(cString: field.name)
            let place = table.schema.place(name)
            let (kind, scale) = table.kind(place)
            precondition(
                unsafe kind.rawValue == field.kind && scale == Int(field.scale),
                "\(table.schema.name).\(name) is not what its decoder writes")
            places.append(place)
        }
        precondition(
            Set(places).count == table.schema.storedColumns.count, "a decoder fills all columns of \(table.schema.name)"
        )
        self.places = places
        unsafe columns = .allocate(capacity: count)
        unsafe columns.initialize(repeating: td_record_column(), count: count)
    }

    deinit { unsafe columns.deallocate() }

    /// Makes room for more rows and texts and gives the columns to C; valid until the next call that grows the batch.
    @unsafe func writable(in events: EventBatch, rows: Int, textBytes: Int) -> td_records {
        let batch = batch(events)
        for (index, place) in places.enumerated() {
            let (values, bytes) = unsafe batch.writableColumn(place, rows: rows, textBytes: textBytes)
            unsafe columns[index] = td_record_column(
                values: values,
                bytes: bytes.map { unsafe UnsafeMutableRawPointer($0).assumingMemoryBound(to: CChar.self) })
        }
        return unsafe td_records(columns: columns, count: batch.count, capacity: batch.count + rows)
    }

    /// Takes over the rows that C wrote.
    func adopt(count: Int, in events: EventBatch) { batch(events).adopt(count: count) }
}

internal import CPlatform
public import Platform

/// Writes rows as JSON objects (RFC 8259), straight from the memory of a result's columns.
///
/// - Shape: `{"venue":"BINANCE","price":64000.5,…}`: every column in its order, `null` where there is no value. Moments are RFC
///   3339 text in UTC with microseconds, dates `2026-01-31`, decimals text (so that no reader rounds them), bytes base64,
///   numbers that are not finite `null`.
/// - Threading: one thread at a time.
@safe
public final class JSONRows {
    private var columns: [ValueColumn] = []
    /// Names with what stands before and behind: `,"price":`.
    private let names = Column<UInt8>()
    /// Where the name of each column is among them.
    private var places: [Range<Int>] = []
    /// Bytes that a row takes at most, apart from its texts.
    private var fixedBytes = 1
    private var textColumns: [Int] = []
    private var batch: ResultBatch?
    /// The day of the last moment or date, and its text.
    private var day = Int64.min
    private let dayText = Column<UInt8>()

    /// For rows of these columns.
    public init(_ columns: [ResultColumn]) {
        for column in columns {
            let start = names.count
            let name = (start == 0 ? "{" : ",") + JSONText.quoted(column.name) + ":"
            names.append(utf8: name)
            places.append(start..<names.count)
            self.columns.append(ValueColumn())
            fixedBytes += names.count - start + JSONCursor.valueBytesMax
        }
    }

    /// Takes the rows that are written next.
    public func open(_ batch: ResultBatch) {
        self.batch = batch
        for place in columns.indices { columns[place].open(batch, place) }
        textColumns = columns.indices.filter { columns[$0].hasText }
    }

    /// Bytes of a row at most.
    public func bytesMax(_ row: Int) -> Int {
        textColumns.reduce(fixedBytes) { sum, place in
            let count = unsafe columns[place].bytes(row).count
            return sum + (columns[place].kind == .text ? JSONCursor.escapeBytesMax * count : count / 3 * 4 + 4)
        }
    }

    /// Bytes of the largest row of a batch at most.
    public func bytesMax(_ batch: ResultBatch) -> Int { fixedBytes + JSONCursor.escapeBytesMax * batch.textBytes }

    /// Appends a row.
    ///
    /// - Precondition: `open` was called.
    public func write(_ row: Int, to bytes: Column<UInt8>) {
        bytes.reserve(bytesMax(row))
        var cursor = unsafe JSONCursor(bytes.pointer + bytes.count)
        for place in columns.indices {
            let column = columns[place]
            let name = places[place]
            unsafe cursor.copy(names.pointer + name.lowerBound, name.count)
            if column.kind != .other, column.isNull(row) {
                cursor.word("null")
                continue
            }
            switch column.kind {
            case .int64: cursor.integer(column.load(row, Int64.self))
            case .int32: cursor.integer(Int64(column.load(row, Int32.self)))
            case .double: cursor.double(column.load(row, Double.self))
            case .boolean: cursor.word(column.bit(row) ? "true" : "false")
            case .decimal: cursor.decimal(column.load(row, Int128.self), scale: column.scale)
            case .text: unsafe cursor.text(column.bytes(row))
            case .binary: unsafe cursor.base64(column.bytes(row))
            case .microseconds:
                if !write(microseconds: column.load(row, Int64.self), &cursor) { other(row, place, bytes, &cursor) }
            case .date:
                if openDay(Int64(column.load(row, Int32.self))) {
                    cursor.byte("\"")
                    unsafe cursor.copy(dayText.pointer, 10)
                    cursor.byte("\"")
                } else {
                    other(row, place, bytes, &cursor)
                }
            case .other: other(row, place, bytes, &cursor)
            }
        }
        cursor.byte("}")
        unsafe bytes.truncateOrExtend(to: cursor.end - bytes.pointer)
    }

    /// False where the year has not four digits.
    @inline(__always)
    private func write(microseconds: Int64, _ cursor: inout JSONCursor) -> Bool {
        var (days, ofDay) = microseconds.quotientAndRemainder(dividingBy: 86_400_000_000)
        if ofDay < 0 {
            days -= 1
            ofDay += 86_400_000_000
        }
        guard openDay(days) else { return false }
        unsafe cursor.moment(dayText.pointer, microsecondsOfDay: ofDay)
        return true
    }

    @inline(__always)
    private func openDay(_ days: Int64) -> Bool {
        if days == day { return true }
        return openNewDay(days)
    }

    private func openNewDay(_ days: Int64) -> Bool {
        guard days > -700_000, days < 2_900_000 else { return false }
        let text = "\(CivilDate(daysSinceEpoch: days))"
        guard text.utf8.count == 10 else { return false }
        dayText.removeAll()
        dayText.append(utf8: text)
        day = days
        return true
    }

    /// A value of another type, by way of its text.
    private func other(_ row: Int, _ place: Int, _ bytes: Column<UInt8>, _ cursor: inout JSONCursor) {
        let text = (batch?.value(row: row, column: place) ?? .null).json
        unsafe bytes.truncateOrExtend(to: cursor.end - bytes.pointer)
        bytes.reserve(text.utf8.count + bytesMax(row))
        bytes.append(utf8: text)
        cursor = unsafe JSONCursor(bytes.pointer + bytes.count)
    }
}

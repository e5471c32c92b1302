internal import Market
internal import Platform

/// A line of a text file, read by a mapping: its fields as values, or why they are none.
///
/// - Threading: one thread at a time.
final class CSVLine {
    /// Why a line is rejected.
    struct Fault: Error {
        let reason: RejectReason
        /// The field that is wrong, or what is wrong.
        let what: String
    }

    let row: CSVRow
    private let context: DecoderContext
    private let mapping: CSVMapping
    private let time, timeOfDay, receiveTime, symbol, venue: Int
    private var times: CSVTimeReader
    private var instruments = ByteTable()
    /// The instrument of every line, once it was needed.
    private var instrumentOfFile: InstrumentID?
    private var scratch: [UInt8] = []

    /// - Throws: `FeedError` where the mapping lacks something or names columns without a header.
    init(_ context: DecoderContext, _ mapping: CSVMapping) throws(FeedError) {
        try mapping.check()
        self.context = context
        self.mapping = mapping
        time = try Self.place(mapping.time)
        timeOfDay = try Self.place(mapping.timeOfDay)
        receiveTime = try Self.place(mapping.receiveTime)
        symbol = try Self.place(mapping.symbolColumn)
        venue = try Self.place(mapping.venueColumn)
        row = CSVRow(fields: mapping.highestPlace + 1, delimiter: mapping.delimiter)
        times = CSVTimeReader(mapping)
    }

    /// The position of a column; -1 where there is none.
    static func place(_ column: CSVMapping.Column?) throws(FeedError) -> Int {
        switch column {
        case .position(let place): return place
        case .name(let name): throw FeedError(.settings, "column `\(name)` has no position")
        case nil: return -1
        }
    }

    /// Splits every line of a frame that is not empty and gives it to `body`; one for which it throws becomes a dead
    /// letter.
    func forEach(
        _ payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch,
        _ body: (_ number: Int32, _ receivedNs: Int64) throws(Fault) -> Void
    ) {
        unsafe TextLines.forEach(payload) { line, number in
            guard line.count > 0 else { return }
            unsafe row.split(line)
            do throws(Fault) {
                let receivedNs =
                    receiveTime < 0 ? ingestTimeNs : try moment(unsafe row.bytes(receiveTime), "receive_time")
                try body(Int32(number), receivedNs)
            } catch {
                unsafe events.deadLetters.append(
                    ingestTimeNs: ingestTimeNs, feed: context.feedNumber, journalOffset: journalOffset,
                    frameIndex: Int32(number), reason: error.reason,
                    detail: RejectText.detail(error.reason, error.what), payload: line)
            }
        }
    }

    /// The time of the line in nanoseconds since 1970 UTC.
    func eventTime() throws(Fault) -> Int64 {
        guard timeOfDay >= 0 else { return try moment(unsafe row.bytes(time), "time") }
        guard unsafe row.bytes(time) != nil, unsafe row.bytes(timeOfDay) != nil else {
            throw Fault(reason: .missingField, what: "time")
        }
        return try checked(times.read(day: unsafe row.bytes(time), ofDay: unsafe row.bytes(timeOfDay)), "time")
    }

    @safe
    private func moment(_ text: UnsafeRawBufferPointer?, _ field: String) throws(Fault) -> Int64 {
        guard let text = unsafe text else { throw Fault(reason: .missingField, what: field) }
        return try checked(times.read(text), field)
    }

    private func checked(_ time: Int64?, _ field: String) throws(Fault) -> Int64 {
        guard let time else { throw Fault(reason: .wrongType, what: field) }
        guard time >= 0, time < CSVTimeReader.endNs else { throw Fault(reason: .timeOutOfRange, what: field) }
        return time
    }

    /// A number that must be there.
    func number(_ column: Int, _ field: String) throws(Fault) -> Double {
        if let value = row.number(column) { return value }
        throw Fault(reason: unsafe row.bytes(column) == nil ? .missingField : .wrongType, what: field)
    }

    /// A price in the instrument's quote currency.
    func price(_ column: Int, _ field: String) throws(Fault) -> Double {
        let price = try number(column, field) / mapping.priceScale
        guard price > 0, price.isFinite else { throw Fault(reason: .priceNotPositive, what: field) }
        return price
    }

    /// A quantity in the instrument's unit; 0 where the file has no such column.
    func size(_ column: Int, _ field: String) throws(Fault) -> Double {
        guard column >= 0 else { return 0 }
        let size = try number(column, field) / mapping.sizeScale
        guard size >= 0, size.isFinite else { throw Fault(reason: .sizeInvalid, what: field) }
        return size
    }

    /// True where a field is not empty.
    func isGiven(_ column: Int) -> Bool { unsafe row.bytes(column) != nil }

    /// True where a field has something that is not zero.
    func isNotZero(_ column: Int) -> Bool { isGiven(column) && row.number(column) != 0 }

    /// The instrument of the line.
    func instrument() throws(Fault) -> InstrumentID {
        guard self.symbol >= 0 || self.venue >= 0 else {
            if let instrumentOfFile { return instrumentOfFile }
            let number = context.instruments.intern(Instrument(venue: mapping.venue, symbol: mapping.symbol))
            instrumentOfFile = number
            return number
        }
        let venue = unsafe row.bytes(self.venue), symbol = unsafe row.bytes(self.symbol)
        if self.symbol >= 0, unsafe symbol == nil { throw Fault(reason: .missingField, what: "symbol") }
        guard unsafe (venue?.count ?? 0) <= 128, unsafe (symbol?.count ?? 0) <= 128 else {
            throw Fault(reason: .wrongType, what: "symbol")
        }
        scratch.removeAll(keepingCapacity: true)
        if let venue = unsafe venue { unsafe scratch.append(contentsOf: venue) }
        scratch.append(0)
        if let symbol = unsafe symbol { unsafe scratch.append(contentsOf: symbol) }
        return unsafe scratch.withUnsafeBytes { key in
            instruments.number(of: key) {
                let venueText = unsafe venue.map { unsafe String(decoding: $0, as: UTF8.self) } ?? mapping.venue
                let symbolText = unsafe symbol.map { unsafe String(decoding: $0, as: UTF8.self) } ?? mapping.symbol
                return context.instruments.intern(Instrument(venue: venueText, symbol: symbolText))
            }
        }
    }
}

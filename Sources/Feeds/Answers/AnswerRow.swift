internal import CDecode
internal import Glibc
internal import Market
internal import Platform

/// Reads the values of one row as what they mean.
struct AnswerRow {
    let table: any AnswerTable
    let group: Int
    let row: Int

    /// A number; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func number(_ column: Int, _ field: String) throws(AnswerFault) -> Double? {
        guard column >= 0 else { return nil }
        let cell = table.cell(group, column, row: row)
        guard let bytes = unsafe cell.bytes else { return nil }
        var value = 0.0
        let text = unsafe bytes.baseAddress?.assumingMemoryBound(to: CChar.self)
        if unsafe td_read_decimal(text, bytes.count, &value) { return value }
        // What stands for nothing in files and answers of many vendors.
        if ["None", "null", "NaN", "N/A", "-"].contains(cell.text ?? "") { return nil }
        throw AnswerFault(.wrongType, field)
    }

    /// A number greater than zero; nil where it is missing.
    func price(_ column: Int, _ field: String) throws(AnswerFault) -> Double? {
        guard let value = try number(column, field) else { return nil }
        guard value > 0, value.isFinite else { throw AnswerFault(.priceNotPositive, field) }
        return value
    }

    /// A number that is not below zero; nil where it is missing.
    func size(_ column: Int, _ field: String) throws(AnswerFault) -> Double? {
        guard let value = try number(column, field) else { return nil }
        guard value >= 0, value.isFinite else { throw AnswerFault(.sizeInvalid, field) }
        return value
    }

    /// A text; nil where it is missing.
    func text(_ column: Int) -> String? { column < 0 ? nil : table.cell(group, column, row: row).text }

    /// A moment; nil where it is missing.
    func time(_ column: Int, _ times: inout AnswerTimes) throws(AnswerFault) -> Int64? {
        guard column >= 0, let bytes = unsafe table.cell(group, column, row: row).bytes else { return nil }
        guard let time = times.read(bytes) else { throw AnswerFault(.wrongType, "time") }
        guard time >= 0, time < CSVTimeReader.endNs else { throw AnswerFault(.timeOutOfRange, "time") }
        return time
    }

    /// A calendar day in days since 1970; nil where it is missing or none.
    func date(_ column: Int, _ times: inout AnswerTimes) -> Int64? {
        guard column >= 0, let bytes = unsafe table.cell(group, column, row: row).bytes else { return nil }
        return times.readDate(bytes)
    }

    /// The start of the day that a bar of a day or longer, or an event of a day, belongs to; nil where it is missing.
    func day(_ column: Int, _ times: inout AnswerTimes) throws(AnswerFault) -> Int64? {
        guard column >= 0, let bytes = unsafe table.cell(group, column, row: row).bytes else { return nil }
        guard let time = times.readDay(bytes) else { throw AnswerFault(.wrongType, "time") }
        guard time >= -Timestamp.nanosecondsPerDay, time < CSVTimeReader.endNs else {
            throw AnswerFault(.timeOutOfRange, "time")
        }
        return time
    }
}

/// Reads times as a vendor writes them.
struct AnswerTimes {
    private var reader: CSVTimeReader
    private var clock: ZoneClock
    private let isText: Bool

    /// - Returns: nil where there is no such zone.
    init?(_ format: CSVMapping.TimeFormat, zone: String) {
        guard let clock = ZoneClock(zone) else { return nil }
        self.clock = clock
        reader = CSVTimeReader(format, clock)
        isText = format == .text
    }

    /// A moment.
    @safe
    mutating func read(_ text: UnsafeRawBufferPointer) -> Int64? { reader.read(text) }

    /// The day that a text or moment means, in days since 1970.
    ///
    /// Vendors write days as texts with a time that means nothing (`2019-01-02T00:00:00.000Z` for a day in New York), or
    /// as the moment at which trading began.
    @safe
    mutating func readDate(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard isText else { return reader.read(text).map { clock.day(utcNs: $0) } }
        let day = unsafe text.prefix(10).prefix { $0 != UInt8(ascii: " ") }
        return unsafe CivilDate(digits: day)?.daysSinceEpoch
    }

    /// Midnight in the zone at the start of the day.
    @safe
    mutating func readDay(_ text: UnsafeRawBufferPointer) -> Int64? {
        readDate(text).map { clock.utcNs(day: $0, ofDayNs: 0) }
    }
}

internal import CDecode
internal import Market
internal import Platform

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

    /// A moment that may be the time of an event; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    mutating func time(_ cell: AnswerCell) throws(AnswerFault) -> Int64? {
        guard let text = unsafe cell.bytes else { return nil }
        guard let time = reader.read(text) else { throw AnswerFault(.wrongType, "time") }
        guard time >= 0, time < CSVTimeReader.endNs else { throw AnswerFault(.timeOutOfRange, "time") }
        return time
    }

    /// The start of the day that a bar of a day or longer, or an event of a day, belongs to; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    @inline(__always)
    mutating func day(_ cell: AnswerCell) throws(AnswerFault) -> Int64? {
        guard let text = unsafe cell.bytes else { return nil }
        guard let day = readDate(text) else { throw AnswerFault(.wrongType, "time") }
        let time = clock.utcNs(day: day, ofDayNs: 0)
        guard time >= -Timestamp.nanosecondsPerDay, time < CSVTimeReader.endNs else {
            throw AnswerFault(.timeOutOfRange, "time")
        }
        return time
    }

    /// The day that a text or moment means, in days since 1970.
    ///
    /// Vendors write days as texts with a time that means nothing (`2019-01-02T00:00:00.000Z` for a day in New York), or
    /// as the moment at which trading began.
    @safe
    mutating func readDate(_ text: UnsafeRawBufferPointer) -> Int64? {
        guard isText else { return reader.read(text).map { clock.day(utcNs: $0) } }
        var plain: Int64 = 0
        let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
        if unsafe td_read_day(start, text.count, &plain) { return plain }
        let day = unsafe text.prefix(10).prefix { $0 != UInt8(ascii: " ") }
        return unsafe CivilDate(digits: day)?.daysSinceEpoch
    }
}

internal import CDecode
internal import Platform

/// Reads the times of a text file as nanoseconds since 1970 UTC.
struct CSVTimeReader {
    private let format: CSVMapping.TimeFormat
    private let dayOfFile: Int64
    private var clock: ZoneClock
    private var joined: [UInt8] = []

    /// - Precondition: the mapping was checked.
    init(_ mapping: CSVMapping) {
        format = mapping.timeFormat
        dayOfFile = mapping.date?.daysSinceEpoch ?? 0
        guard let clock = ZoneClock(mapping.zone) else { preconditionFailure("unchecked zone \(mapping.zone)") }
        self.clock = clock
    }

    /// Times of a format other than those that need a day, in a zone that was found.
    init(_ format: CSVMapping.TimeFormat, _ clock: ZoneClock) {
        self.format = format
        self.clock = clock
        dayOfFile = 0
    }

    /// The first moment that is too late, 2200-01-01.
    static let endNs: Int64 = 7_258_118_400_000_000_000

    /// The time in `text`; nil where it is none. May lie outside the range that events may have.
    @safe
    mutating func read(_ text: UnsafeRawBufferPointer) -> Int64? {
        switch format {
        case .nanoseconds: return unsafe Self.scaled(text, digits: 0)
        case .microseconds: return unsafe Self.scaled(text, digits: 3)
        case .milliseconds: return unsafe Self.scaled(text, digits: 6)
        case .seconds: return unsafe Self.scaled(text, digits: 9)
        case .millisecondsOfDay:
            guard let ofDay = unsafe Self.scaled(text, digits: 6), ofDay >= 0, ofDay < 2 * Timestamp.nanosecondsPerDay
            else { return nil }
            return clock.utcNs(day: dayOfFile, ofDayNs: ofDay)
        case .text: return unsafe written(text)
        }
    }

    /// The time of a day and a time of the day that stand apart; nil where either is missing or the two are no time.
    @safe
    mutating func read(day: UnsafeRawBufferPointer?, ofDay: UnsafeRawBufferPointer?) -> Int64? {
        guard let day = unsafe day, let ofDay = unsafe ofDay, day.count + ofDay.count < 64 else { return nil }
        joined.removeAll(keepingCapacity: true)
        unsafe joined.append(contentsOf: day)
        joined.append(UInt8(ascii: " "))
        unsafe joined.append(contentsOf: ofDay)
        let text = joined
        return unsafe text.withUnsafeBytes { unsafe written($0) }
    }

    /// Digits, perhaps with decimals, times ten to the power of `digits`; decimals beyond that are cut off.
    private static func scaled(_ text: UnsafeRawBufferPointer, digits: Int) -> Int64? {
        var place = 0
        let isNegative = unsafe text.first == UInt8(ascii: "-")
        if isNegative { place = 1 }
        guard place < text.count else { return nil }
        var value: Int64 = 0
        var decimals = -1
        while place < text.count {
            let byte = unsafe text[place]
            place += 1
            if byte == UInt8(ascii: ".") && decimals < 0 && place > 1 {
                decimals = 0
                continue
            }
            let digit = byte &- 48
            guard digit <= 9 else { return nil }
            if decimals >= 0 {
                if decimals >= digits { continue }
                decimals += 1
            }
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(digit))
            guard !overflow, !carry else { return .max }
            value = sum
        }
        for _ in max(decimals, 0)..<digits {
            let (product, overflow) = value.multipliedReportingOverflow(by: 10)
            guard !overflow else { return isNegative ? .min : .max }
            value = product
        }
        return isNegative ? -value : value
    }

    /// `yyyy-MM-dd HH:mm[:ss[.f]]` with an optional offset, the same without marks, or with `dd.MM.yyyy`.
    private mutating func written(_ text: UnsafeRawBufferPointer) -> Int64? {
        var (plainDay, plainOfDayNs): (Int64, Int64) = (0, 0)
        let start = unsafe text.baseAddress?.assumingMemoryBound(to: CChar.self)
        if unsafe td_read_day_and_time(start, text.count, &plainDay, &plainOfDayNs) {
            return clock.utcNs(day: plainDay, ofDayNs: plainOfDayNs)
        }
        var cursor = unsafe TextCursor(text)
        guard let date = cursor.date() else { return nil }
        // Beyond these years nanoseconds do not fit, and wrapped around they would be a wrong time that looks right.
        guard date.isWithinTimestamps else { return date.daysSinceEpoch < 0 ? .min : .max }
        if cursor.isAtEnd { return clock.utcNs(day: date.daysSinceEpoch, ofDayNs: 0) }
        guard cursor.take(UInt8(ascii: " ")) || cursor.take(UInt8(ascii: "T")) || cursor.take(UInt8(ascii: "t")),
            let hour = cursor.digits(2)
        else { return nil }
        let colon = UInt8(ascii: ":")
        let hasColons = cursor.take(colon)
        guard let minute = cursor.digits(2) else { return nil }
        let hasSeconds = !hasColons || cursor.take(colon)
        guard let second = hasSeconds ? cursor.digits(2) : 0, hour < 24, minute < 60, second <= 60 else { return nil }
        let hasPoint = hasSeconds && cursor.take(UInt8(ascii: "."))
        guard let fraction = cursor.fraction(), fraction.count > 0 || !hasPoint,
            hasPoint || !hasColons || fraction.count == 0
        else { return nil }
        let ofDay = (hour * 3600 + minute * 60 + second) * 1_000_000_000 + fraction.nanoseconds
        if cursor.isAtEnd { return clock.utcNs(day: date.daysSinceEpoch, ofDayNs: ofDay) }
        guard let offset = cursor.offset() else { return nil }
        return date.daysSinceEpoch * Timestamp.nanosecondsPerDay + ofDay - offset
    }
}

/// Steps through the bytes of a short text.
@safe
struct TextCursor {
    private let text: UnsafeRawBufferPointer
    private var place = 0

    init(_ text: UnsafeRawBufferPointer) { unsafe self.text = unsafe text }

    var isAtEnd: Bool { unsafe place == text.count }
    /// The next byte; 0 at the end.
    var peek: UInt8 { unsafe isAtEnd ? 0 : text[place] }
    mutating func skip() { place += 1 }

    /// Steps over a word if it is next.
    mutating func take(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard unsafe place + count <= text.count else { return false }
        for index in 0..<count where unsafe text[place + index] != word.utf8Start[index] { return false }
        place += count
        return true
    }

    /// Steps over `byte` if it is next.
    mutating func take(_ byte: UInt8) -> Bool {
        guard peek == byte, !isAtEnd else { return false }
        place += 1
        return true
    }

    /// A day: `yyyy-MM-dd` with one of the marks `-/.`, `yyyyMMdd`, or `dd.MM.yyyy`.
    mutating func date() -> CivilDate? {
        let point = UInt8(ascii: ".")
        if unsafe text.count >= 10, unsafe text[2] == point, unsafe text[5] == point {
            guard let day = digits(2), take(point), let month = digits(2), take(point), let year = digits(4) else {
                return nil
            }
            return CivilDate(year: year, month: month, day: day)
        }
        guard let year = digits(4) else { return nil }
        let mark = peek
        let isMarked = mark == UInt8(ascii: "-") || mark == UInt8(ascii: "/") || mark == point
        if isMarked { skip() }
        guard let month = digits(2), !isMarked || take(mark), let day = digits(2) else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }

    /// Exactly `count` digits.
    mutating func digits(_ count: Int) -> Int64? {
        guard unsafe place + count <= text.count else { return nil }
        var value: Int64 = 0
        for index in place..<place + count {
            let digit = unsafe text[index] &- 48
            guard digit <= 9 else { return nil }
            value = value * 10 + Int64(digit)
        }
        place += count
        return value
    }

    /// Up to nine decimals of a second; more are cut off.
    mutating func fraction() -> (nanoseconds: Int64, count: Int)? {
        var value: Int64 = 0
        var count = 0
        while !isAtEnd, peek &- 48 <= 9 {
            if count < 9 { value = value * 10 + Int64(peek &- 48) }
            count += 1
            place += 1
        }
        for _ in min(count, 9)..<9 { value *= 10 }
        return (value, count)
    }

    /// `Z`, `UTC`, `GMT`, `±hh:mm`, `±hhmm`, `±hh` or `GMT±hhmm` up to the end, in nanoseconds.
    mutating func offset() -> Int64? {
        _ = take(UInt8(ascii: " "))
        if take(UInt8(ascii: "Z")) || take(UInt8(ascii: "z")) { return isAtEnd ? 0 : nil }
        if take("UTC") || take("GMT"), isAtEnd { return 0 }
        let isNegative = take(UInt8(ascii: "-"))
        guard isNegative || take(UInt8(ascii: "+")), let hours = digits(2) else { return nil }
        _ = take(UInt8(ascii: ":"))
        guard let minutes = isAtEnd ? 0 : digits(2), isAtEnd, hours <= 18, minutes < 60 else { return nil }
        let offset = (hours * 3600 + minutes * 60) * 1_000_000_000
        return isNegative ? -offset : offset
    }
}

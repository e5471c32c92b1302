/// A calendar day of the proleptic Gregorian calendar.
///
/// - Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms" (days_from_civil, civil_from_days).
public struct CivilDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Days since 1970-01-01.
    public let daysSinceEpoch: Int64

    public init(daysSinceEpoch: Int64) { self.daysSinceEpoch = daysSinceEpoch }

    /// A day by its numbers; nil where there is no such day.
    public init?(year: Int64, month: Int64, day: Int64) {
        guard (1...12).contains(month), (1...31).contains(day), (1...9999).contains(year) else { return nil }
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        self.init(daysSinceEpoch: era * 146_097 + dayOfEra - 719_468)
        guard components == (year, month, day) else { return nil }
    }

    /// A day written `2026-01-31`, `20260131`, `2026/01/31` or `2026.01.31`.
    public init?(_ text: some StringProtocol) {
        guard let date = CivilDate(digits: text.utf8) else { return nil }
        self = date
    }

    /// The same, as the bytes of a text.
    public init?(digits bytes: some Collection<UInt8>) {
        let marked = bytes.count == 10
        guard marked || bytes.count == 8 else { return nil }
        var number: Int64 = 0
        for (place, byte) in bytes.enumerated() {
            if marked && (place == 4 || place == 7) {
                guard byte == UInt8(ascii: "-") || byte == UInt8(ascii: "/") || byte == UInt8(ascii: ".") else {
                    return nil
                }
            } else {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
                number = number * 10 + Int64(byte - UInt8(ascii: "0"))
            }
        }
        self.init(year: number / 10_000, month: number / 100 % 100, day: number % 100)
    }

    /// Year, month (1–12) and day of the month (1–31).
    public var components: (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSinceEpoch + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthFromMarch = (5 * dayOfYear + 2) / 153
        let month = monthFromMarch < 10 ? monthFromMarch + 3 : monthFromMarch - 9
        return (
            yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * monthFromMarch + 2) / 5 + 1
        )
    }

    /// The UTC day of a moment, and the nanoseconds since its midnight.
    public static func split(_ moment: Timestamp) -> (date: CivilDate, nanosecondsOfDay: Int64) {
        let perDay = Timestamp.nanosecondsPerDay
        var days = moment.nanoseconds / perDay
        var ofDay = moment.nanoseconds % perDay
        if ofDay < 0 {
            days -= 1
            ofDay += perDay
        }
        return (CivilDate(daysSinceEpoch: days), ofDay)
    }

    /// True in the years 1678 to 2261, all of whose moments a `Timestamp` can hold, in any time zone.
    public var isWithinTimestamps: Bool { (1678...2261).contains(components.year) }

    /// Midnight UTC at the start of this day.
    ///
    /// - Precondition: `isWithinTimestamps`.
    public var start: Timestamp { Timestamp(nanoseconds: daysSinceEpoch * Timestamp.nanosecondsPerDay) }

    public static func < (left: CivilDate, right: CivilDate) -> Bool { left.daysSinceEpoch < right.daysSinceEpoch }

    /// ISO 8601 text, `2026-01-31`.
    public var description: String {
        let (year, month, day) = components
        return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }
}

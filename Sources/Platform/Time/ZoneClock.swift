internal import Foundation

/// Turns wall-clock times of a zone into UTC, daylight saving included.
///
/// A time that the clock shows twice is taken as the first; a time that the clock skips is taken as if it had not
/// been set forward yet.
///
/// - Complexity: constant per time; the time-zone database is asked for each season, and for days on which it changes.
public struct ZoneClock: Sendable {
    private enum Rule: Sendable {
        case fixed(offsetNs: Int64)
        case named(TimeZone)
    }
    private let rule: Rule
    /// How far the clock is ahead of the zone's.
    private let aheadNs: Int64
    /// The day that the offsets below belong to, in days since 1970.
    private var day = Int64.min
    private var offsetNs: Int64 = 0
    /// Wall-clock nanoseconds of the day from which `laterOffsetNs` holds.
    private var changeNs = Int64.max
    private var laterOffsetNs: Int64 = 0
    /// Days around it that have the offset of their midnight all day long.
    private var season: Range<Int64> = 0..<0
    private var seasonOffsetNs: Int64 = 0

    /// Reads an IANA name, `UTC`, or an offset such as `UTC-5`, `+05:30`, `-0500`; or a name and an offset from it, such
    /// as `America/New_York+7`: the clock of forex brokers whose day ends at 17:00 in New York, summer and winter.
    ///
    /// - Returns: nil where there is no such zone.
    public init?(_ text: String) {
        if let offset = Self.offsetNs(text) {
            rule = .fixed(offsetNs: offset)
            aheadNs = 0
        } else if let zone = Self.named(text) {
            rule = .named(zone)
            aheadNs = 0
        } else if let mark = text.lastIndex(where: { $0 == "+" || $0 == "-" }),
            let zone = Self.named(String(text[..<mark])), let ahead = Self.offsetNs(String(text[mark...]))
        {
            rule = .named(zone)
            aheadNs = ahead
        } else {
            return nil
        }
    }

    private static func named(_ text: String) -> TimeZone? { isName(text) ? TimeZone(identifier: text) : nil }

    /// True for text like `America/New_York`. Foundation is asked for nothing else: it ends the program over offsets that
    /// are not well formed, such as `UTC+05:]0`.
    private static func isName(_ text: String) -> Bool {
        let isOffset = text.hasPrefix("UTC") || text.hasPrefix("GMT")
        return !isOffset && text.contains("/")
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"):
                    true
                default: "/_+-".utf8.contains(byte)
                }
            }
    }

    /// The moment at which the clocks of the zone show this.
    ///
    /// - Parameters:
    ///   - day: days since 1970.
    ///   - ofDayNs: nanoseconds that the clock shows since midnight.
    public mutating func utcNs(day: Int64, ofDayNs: Int64) -> Int64 {
        var (day, ofDayNs) = (day, ofDayNs)
        if aheadNs != 0 {
            ofDayNs -= aheadNs
            let days = (ofDayNs < 0 ? ofDayNs - Timestamp.nanosecondsPerDay + 1 : ofDayNs) / Timestamp.nanosecondsPerDay
            day += days
            ofDayNs -= days * Timestamp.nanosecondsPerDay
        }
        let wallNs = day &* Timestamp.nanosecondsPerDay &+ ofDayNs
        switch rule {
        case .fixed(let offsetNs): return wallNs &- offsetNs
        case .named(let zone):
            if season.contains(day) { return wallNs &- seasonOffsetNs }
            if day != self.day {
                look(up: day, zone)
                lookUpSeason(zone)
            }
            return wallNs &- (ofDayNs < changeNs ? offsetNs : laterOffsetNs)
        }
    }

    /// What the clocks of the zone show at a moment, in nanoseconds since their 1970-01-01T00:00.
    public func wallNs(utcNs: Int64) -> Int64 {
        switch rule {
        case .fixed(let offsetNs): return utcNs &+ offsetNs
        case .named(let zone):
            let seconds = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(utcNs) / 1e9))
            return utcNs &+ Int64(seconds) * 1_000_000_000
        }
    }

    /// The day that the clocks of the zone show at a moment, in days since 1970.
    public func day(utcNs: Int64) -> Int64 {
        CivilDate.split(Timestamp(nanoseconds: wallNs(utcNs: utcNs))).date.daysSinceEpoch
    }

    private mutating func look(up day: Int64, _ zone: TimeZone) {
        let wall = Double(day) * 86_400
        /// Offset in seconds when the zone's clocks show `wall` seconds.
        func offset(at wall: Double) -> Int {
            let guess = zone.secondsFromGMT(for: Date(timeIntervalSince1970: wall))
            return zone.secondsFromGMT(for: Date(timeIntervalSince1970: wall - Double(guess)))
        }
        self.day = day
        let first = offset(at: wall)
        let start = Date(timeIntervalSince1970: wall - Double(first))
        offsetNs = Int64(first) * 1_000_000_000
        changeNs = .max
        guard let change = zone.nextDaylightSavingTimeTransition(after: start) else { return }
        let shown = change.timeIntervalSince(start)
        guard shown < 86_400 else { return }
        changeNs = Int64(shown) * 1_000_000_000
        laterOffsetNs = Int64(zone.secondsFromGMT(for: change)) * 1_000_000_000
        // A clock set forward skips the hour after the change; what it claims to show there is still the old time.
        if laterOffsetNs > offsetNs { changeNs += laterOffsetNs - offsetNs }
    }

    /// The days between the changes before and after `day`, where that day is none of a change.
    private mutating func lookUpSeason(_ zone: TimeZone) {
        guard changeNs == .max else { return }
        let start = Date(timeIntervalSince1970: Double(day) * 86_400 - Double(offsetNs) / 1e9)
        /// The day that the clocks show at a change, by the offset before it.
        func dayShown(_ change: Date) -> Int64 {
            let offset = zone.secondsFromGMT(for: change.addingTimeInterval(-1))
            return Int64(((change.timeIntervalSince1970 + Double(offset)) / 86_400).rounded(.down))
        }
        // Without a change in a year the season begins a year before.
        var first = day - Self.lookBackDays + 2
        var next = zone.nextDaylightSavingTimeTransition(
            after: start.addingTimeInterval(-Double(Self.lookBackDays) * 86_400))
        while let change = next, change <= start {
            first = dayShown(change) + 2
            next = zone.nextDaylightSavingTimeTransition(after: change)
        }
        let last = next.map { dayShown($0) - 1 } ?? day + Self.lookBackDays
        guard first <= day, day < last else { return }
        season = first..<last
        seasonOffsetNs = offsetNs
    }

    private static let lookBackDays: Int64 = 400

    private static func offsetNs(_ text: String) -> Int64? {
        var rest = Substring(text)
        if rest.hasPrefix("UTC") || rest.hasPrefix("GMT") { rest = rest.dropFirst(3) } else if rest == "Z" { return 0 }
        if rest.isEmpty { return text.isEmpty ? nil : 0 }
        guard let sign = rest.first, sign == "+" || sign == "-" else { return nil }
        rest = rest.dropFirst()
        let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
        let hourText = parts.count == 1 && rest.count == 4 ? rest.prefix(2) : parts[0]
        let minuteText = parts.count == 2 ? parts[1] : rest.count == 4 ? rest.suffix(2) : "0"
        guard parts.count <= 2, hourText.count <= 2, let hours = Int64(hourText), let minutes = Int64(minuteText),
            (0...18).contains(hours), (0..<60).contains(minutes)
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return (sign == "-" ? -seconds : seconds) * 1_000_000_000
    }
}

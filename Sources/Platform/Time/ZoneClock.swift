internal import Foundation

/// Turns wall-clock times of a zone into UTC, daylight saving included.
///
/// A time that the clock shows twice is taken as the first; a time that the clock skips is taken as if it had not
/// been set forward yet.
///
/// - Complexity: constant per time; the time-zone database is asked once for each season, and for the days about a change of
///   the clocks.
public struct ZoneClock: Sendable {
    private enum Rule: Sendable {
        case fixed(offsetNs: Int64)
        case named(TimeZone)
    }
    private let rule: Rule
    /// How far the clock is ahead of the zone's.
    private let aheadNs: Int64
    /// The stretch of the last day.
    private var stretch = Stretch(days: 0..<0, offsetNs: 0)
    /// Stretches found so far, by their first days.
    private var stretches: [Stretch] = []

    /// Days on which the zone's clocks are off UTC by the same all day long; or a single day on which they change.
    private struct Stretch: Sendable {
        var days: Range<Int64>
        var offsetNs: Int64
        /// Wall-clock nanoseconds of the day from which `laterOffsetNs` holds.
        var changeNs = Int64.max
        var laterOffsetNs: Int64 = 0
    }

    /// Reads an IANA name, `UTC`, or an offset such as `UTC-5`, `+05:30`, `-0500`; or a name and an offset from it, such
    /// as `America/New_York+7`: the clock of forex brokers whose day ends at 17:00 in New York, summer and winter.
    ///
    /// - Returns: nil where there is no such zone.
    public init?(_ text: String) {
        if let offset = Self.offsetNs(text) {
            rule = .fixed(offsetNs: offset)
            aheadNs = 0
            stretch = Stretch(days: .min ..< .max, offsetNs: offset)
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
        if aheadNs == 0 { return zoneUTCNs(day: day, ofDayNs: ofDayNs) }
        let ofDayNs = ofDayNs - aheadNs
        let days = (ofDayNs < 0 ? ofDayNs - Timestamp.nanosecondsPerDay + 1 : ofDayNs) / Timestamp.nanosecondsPerDay
        return zoneUTCNs(day: day + days, ofDayNs: ofDayNs - days * Timestamp.nanosecondsPerDay)
    }

    /// The same for what the zone's own clocks show.
    private mutating func zoneUTCNs(day: Int64, ofDayNs: Int64) -> Int64 {
        if !stretch.days.contains(day), case .named(let zone) = rule {
            stretch = knownStretch(day) ?? newStretch(day, zone)
        }
        let offsetNs = ofDayNs < stretch.changeNs ? stretch.offsetNs : stretch.laterOffsetNs
        return day &* Timestamp.nanosecondsPerDay &+ ofDayNs &- offsetNs
    }

    /// What the clocks of the zone show at a moment, in nanoseconds since their 1970-01-01T00:00.
    public func wallNs(utcNs: Int64) -> Int64 {
        let wallNs = utcNs &+ stretch.offsetNs
        if stretch.changeNs == .max, stretch.days.contains(Self.day(ofNs: wallNs)) { return wallNs }
        switch rule {
        case .fixed(let offsetNs): return utcNs &+ offsetNs
        case .named(let zone):
            let seconds = zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(utcNs) / 1e9))
            return utcNs &+ Int64(seconds) * 1_000_000_000
        }
    }

    /// The day that the clocks of the zone show at a moment, in days since 1970.
    public func day(utcNs: Int64) -> Int64 { Self.day(ofNs: wallNs(utcNs: utcNs)) }

    /// Days since 1970 that have begun.
    private static func day(ofNs wallNs: Int64) -> Int64 {
        CivilDate.split(Timestamp(nanoseconds: wallNs)).date.daysSinceEpoch
    }

    private func knownStretch(_ day: Int64) -> Stretch? {
        let next = stretches.partitioningIndex { $0.days.lowerBound > day }
        guard next > 0, stretches[next - 1].days.contains(day) else { return nil }
        return stretches[next - 1]
    }

    private mutating func newStretch(_ day: Int64, _ zone: TimeZone) -> Stretch {
        var new = Self.lookUp(day, zone)
        if new.changeNs == .max, let season = Self.season(around: day, offsetNs: new.offsetNs, zone) {
            new.days = season
        }
        if stretches.count == Self.mostStretches { stretches.removeAll() }
        stretches.insert(new, at: stretches.partitioningIndex { $0.days.lowerBound > new.days.lowerBound })
        return new
    }

    /// What holds on a day, as a stretch of that day alone.
    private static func lookUp(_ day: Int64, _ zone: TimeZone) -> Stretch {
        let wall = Double(day) * 86_400
        /// Offset in seconds when the zone's clocks show `wall` seconds.
        func offset(at wall: Double) -> Int {
            let guess = zone.secondsFromGMT(for: Date(timeIntervalSince1970: wall))
            return zone.secondsFromGMT(for: Date(timeIntervalSince1970: wall - Double(guess)))
        }
        let first = offset(at: wall)
        let start = Date(timeIntervalSince1970: wall - Double(first))
        var found = Stretch(days: day..<day + 1, offsetNs: Int64(first) * 1_000_000_000)
        guard let change = zone.nextDaylightSavingTimeTransition(after: start) else { return found }
        let shown = change.timeIntervalSince(start)
        guard shown < 86_400 else { return found }
        found.changeNs = Int64(shown) * 1_000_000_000
        found.laterOffsetNs = Int64(zone.secondsFromGMT(for: change)) * 1_000_000_000
        // A clock set forward skips the hour after the change; what it claims to show there is still the old time.
        if found.laterOffsetNs > found.offsetNs { found.changeNs += found.laterOffsetNs - found.offsetNs }
        return found
    }

    /// The days between the changes before and after `day`, which has none; nil where it is next to one.
    private static func season(around day: Int64, offsetNs: Int64, _ zone: TimeZone) -> Range<Int64>? {
        let start = Date(timeIntervalSince1970: Double(day) * 86_400 - Double(offsetNs) / 1e9)
        /// The day that the clocks show at a change, by the offset before it.
        func dayShown(_ change: Date) -> Int64 {
            let offset = zone.secondsFromGMT(for: change.addingTimeInterval(-1))
            return Int64(((change.timeIntervalSince1970 + Double(offset)) / 86_400).rounded(.down))
        }
        // Without a change in a year the season begins a year before.
        var first = day - lookBackDays + 2
        var next = zone.nextDaylightSavingTimeTransition(
            after: start.addingTimeInterval(-Double(lookBackDays) * 86_400))
        while let change = next, change <= start {
            first = dayShown(change) + 2
            next = zone.nextDaylightSavingTimeTransition(after: change)
        }
        let last = next.map { dayShown($0) - 1 } ?? day + lookBackDays
        return first <= day && day < last ? first..<last : nil
    }

    private static let lookBackDays: Int64 = 400
    /// Eight a year are few; without changes their number depends on which days are asked for.
    private static let mostStretches = 4096

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

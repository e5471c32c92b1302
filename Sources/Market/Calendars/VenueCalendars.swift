public import Platform

/// Which calendar holds for which venue.
///
/// A venue that nobody named has none: then nothing is known of its hours, and nothing is assumed.
public struct VenueCalendars: Sendable {
    /// In the order of their files.
    public private(set) var calendars: [TradingCalendar]
    private var codes: [String: TradingCalendar] = [:]
    private var venues: [String: TradingCalendar] = [:]
    /// What differs from the calendars of the program, as text: the same text, the same calendars.
    public private(set) var changes = ""

    /// The calendars of the program.
    public static let standard: VenueCalendars = {
        do {
            return try VenueCalendars(parsing: CalendarData.text, file: nil)
        } catch {
            preconditionFailure("the program's own calendars: \(error)")
        }
    }()

    /// None.
    public init() { calendars = [] }

    private init(parsing text: String, file: String?) throws(ConfigError) {
        self.init()
        let parsed = try CalendarText.parse(text, file: file)
        for rules in parsed.calendars {
            let calendar = TradingCalendar(rules)
            calendars.removeAll { $0.code == calendar.code }
            calendars.append(calendar)
            for code in [calendar.code] + calendar.aliases { codes[Self.key(code)] = calendar }
        }
        for (venue, code) in parsed.venues { venues[Self.key(venue)] = codes[Self.key(code)] }
    }

    private static func key(_ text: String) -> String { text.uppercased() }

    /// The same with the calendars of a file in place of those of the same code.
    ///
    /// - Throws: `ConfigError` with the line that cannot be read.
    public func adding(text: String, file: String) throws(ConfigError) -> VenueCalendars {
        let other = try VenueCalendars(parsing: text, file: file)
        var result = self
        result.calendars.removeAll { old in other.calendars.contains { $0.code == old.code } }
        result.calendars += other.calendars
        for (venue, calendar) in venues { result.venues[venue] = other.codes[Self.key(calendar.code)] ?? calendar }
        result.codes.merge(other.codes) { $1 }
        result.venues.merge(other.venues) { $1 }
        result.changes += text
        return result
    }

    /// The same with another calendar for a venue.
    ///
    /// - Parameter code: of a calendar, or `none`.
    /// - Throws: `ConfigError` where no calendar has the code.
    public func assigning(venue: String, code: String) throws(ConfigError) -> VenueCalendars {
        var result = self
        if code.lowercased() == "none" {
            result.venues[Self.key(venue)] = nil
        } else if let calendar = calendar(code: code) {
            result.venues[Self.key(venue)] = calendar
        } else {
            throw ConfigError(
                "there is no calendar `\(code)`",
                suggestion: "known are \(calendars.map(\.code).joined(separator: ", ")), and none")
        }
        result.changes += "\(venue)=\(code)\n"
        return result
    }

    /// The calendar of a code, capitals or not.
    public func calendar(code: String) -> TradingCalendar? { codes[Self.key(code)] }

    /// The calendar of a venue, capitals or not; nil where its hours are not known.
    public func calendar(venue: String) -> TradingCalendar? { venues[Self.key(venue)] }

    /// The venues that have one, in capitals, with its code.
    public var assignments: [(venue: String, code: String)] {
        venues.map { ($0.key, $0.value.code) }.sorted { $0.0 < $1.0 }
    }
}

/// The hours of several venues together: open as long as one of them is.
public struct MarketHours: Sendable {
    private let calendars: [TradingCalendar]
    /// True where the hours of one of them are not known, or it never closes.
    public let isAlwaysOpen: Bool

    public init(venues: some Sequence<String>, _ calendars: VenueCalendars) {
        var found: [TradingCalendar] = []
        var isAlwaysOpen = false
        var isEmpty = true
        for venue in venues {
            isEmpty = false
            guard let calendar = calendars.calendar(venue: venue), !calendar.isAlwaysOpen else {
                isAlwaysOpen = true
                continue
            }
            if !found.contains(where: { $0 === calendar }) { found.append(calendar) }
        }
        self.calendars = found
        self.isAlwaysOpen = isAlwaysOpen || isEmpty
    }

    public func isOpen(at timeNs: Int64) -> Bool { isAlwaysOpen || calendars.contains { $0.isOpen(at: timeNs) } }

    /// The first of them to open after a moment, and when.
    public func nextOpen(after timeNs: Int64) -> (calendar: TradingCalendar, timeNs: Int64)? {
        calendars.compactMap { calendar in calendar.nextOpen(after: timeNs).map { (calendar, $0) } }
            .min { $0.1 < $1.1 }
    }

    /// Says that the market is closed, and until when; nil while it is open.
    public func closedText(at timeNs: Int64) -> String? {
        guard !isOpen(at: timeNs) else { return nil }
        guard let next = nextOpen(after: timeNs) else { return "market closed" }
        return "market closed, opens \(next.calendar.wallText(next.timeNs))"
    }
}

internal import Platform

/// Reads calendars from text: a line per fact, `#` begins a comment; docs/calendars.md shows the words.
struct CalendarText {
    private var calendars: [CalendarRules] = []
    private var venues: [String: String] = [:]
    private let file: String?
    private var line = 0

    /// - Throws: `ConfigError` with the line that cannot be read.
    static func parse(
        _ text: String, file: String?
    ) throws(ConfigError) -> (calendars: [CalendarRules], venues: [String: String]) {
        var reader = CalendarText(file: file)
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) { try reader.read(line) }
        for calendar in reader.calendars where calendar.hours.isEmpty {
            throw ConfigError(file: file, line: nil, "calendar \(calendar.code) has no hours", suggestion: nil)
        }
        return (reader.calendars, reader.venues)
    }

    private init(file: String?) { self.file = file }

    private mutating func read(_ text: Substring) throws(ConfigError) {
        line += 1
        var words = text.prefix { $0 != "#" }.split(separator: " ").map(String.init)
        guard !words.isEmpty else { return }
        let key = words.removeFirst()
        if key == "calendar" {
            guard let code = words.first else { throw error("a calendar has a code") }
            var rules = CalendarRules()
            rules.code = code
            rules.aliases = Array(words.dropFirst())
            calendars.append(rules)
            return
        }
        guard var rules = calendars.popLast() else { throw error("the file starts with `calendar CODE`") }
        try read(key, words, into: &rules)
        calendars.append(rules)
    }

    private mutating func read(_ key: String, _ words: [String], into rules: inout CalendarRules) throws(ConfigError) {
        switch key {
        case "name": rules.name = words.joined(separator: " ")
        case "venues": for venue in words { venues[venue] = rules.code }
        case "clock":
            guard let zone = words.first, ZoneClock(zone) != nil else { throw error("unknown time zone") }
            rules.zone = zone
            rules.place = words.dropFirst().joined(separator: " ")
        case "covers":
            guard words.count == 2, try day(words[0]) <= day(words[1]) else { throw error("write two days") }
            rules.covers = try day(words[0])...day(words[1])
        case "week":
            rules.weekdays = []
            for word in words { rules.weekdays.insert(try weekday(word)) }
        case "hours":
            let hours = try hours(words)
            guard rules.hours.last.map({ $0.since < hours.since }) ?? true else {
                throw error("hours are not in order")
            }
            rules.hours.append(hours)
        case "auction":
            guard words.count == 1, let minutes = Int64(words[0]), (0...60).contains(minutes) else {
                throw error("write minutes, from 0 to 60")
            }
            rules.auction = minutes
        case "holiday": rules.holidays.append(try rule(words))
        case "early":
            guard let first = words.first else { throw error("write a time and days") }
            let early = try CalendarRules.EarlyClose(minute: minute(first), rule: rule(Array(words.dropFirst())))
            rules.early.append(early)
        case "open": rules.open.formUnion(try days(words))
        case "regular": rules.regular.formUnion(try days(words))
        default: throw error("unknown word `\(key)`")
        }
    }

    private func hours(_ words: [String]) throws(ConfigError) -> CalendarRules.Hours {
        var words = words
        var hours = CalendarRules.Hours()
        if words.count > 2, words[words.count - 2] == "since" {
            hours.since = try day(words[words.count - 1])
            words.removeLast(2)
        }
        for word in words {
            let isEveningBefore = word.hasPrefix("<")
            let times = word.drop { $0 == "<" }.split(separator: "-").map(String.init)
            guard times.count == 2 else { throw error("write hours as `09:30-16:00`") }
            let open = try minute(times[0]) - (isEveningBefore ? 1440 : 0)
            let close = try minute(times[1])
            guard open < close, hours.spans.last.map({ $0.close <= open }) ?? true else {
                throw error("hours are not in order")
            }
            hours.spans.append((open, close))
        }
        guard !hours.spans.isEmpty else { throw error("write hours as `09:30-16:00`") }
        return hours
    }

    /// The words of a `DayRule`.
    private func rule(_ words: [String]) throws(ConfigError) -> DayRule {
        var words = words
        var (since, until) = (Int64.min, Int64.max)
        while words.count > 2, ["since", "until"].contains(words[words.count - 2]) {
            guard let year = Int64(words[words.count - 1]), (1...9999).contains(year) else {
                throw error("write `since YEAR` or `until YEAR`")
            }
            if words[words.count - 2] == "since" { since = year } else { until = year }
            words.removeLast(2)
        }
        return DayRule(kind: try kind(words), since: since, until: until)
    }

    private func kind(_ words: [String]) throws(ConfigError) -> DayRule.Kind {
        guard let first = words.first else { throw error("write a day") }
        if first.hasPrefix("easter"), words.count == 1 {
            let shift = first.dropFirst("easter".count)
            guard let days = shift.isEmpty ? 0 : Int64(shift) else { throw error("write `easter-2`") }
            return .easter(shift: days)
        }
        if first == "before", words.count == 2 {
            let date = try monthDay(words[1])
            return .before(month: date.month, day: date.day)
        }
        if words.count >= 3, let ordinal = ["1st": 1, "2nd": 2, "3rd": 3, "4th": 4, "5th": 5, "last": 0][first],
            let month = Int64(words[2]), (1...12).contains(month)
        {
            guard let shift = words.count == 3 ? 0 : Int64(words[3]) else { throw error("write `+1` or `-1`") }
            return .weekday(ordinal: Int64(ordinal), weekday: try weekday(words[1]), month: month, shift: shift)
        }
        if first.count == 5 {
            let date = try monthDay(first)
            var moves: [Int64: Int64] = [:]
            for move in words.dropFirst() {
                let parts = move.split(separator: ">").map(String.init)
                guard parts.count == 2 else { throw error("write `sun>mon`") }
                let (from, to) = (try weekday(parts[0]), try weekday(parts[1]))
                // The nearer one: Saturday to Friday goes back, Sunday to Wednesday forward.
                let ahead = (to - from + 7) % 7
                moves[from] = ahead == 6 ? -1 : ahead
            }
            return .date(month: date.month, day: date.day, moves: moves)
        }
        return .days(try days(words))
    }

    /// Days and ranges of days.
    private func days(_ words: [String]) throws(ConfigError) -> [Int64] {
        var days: [Int64] = []
        for word in words {
            let ends = word.split(separator: ".", omittingEmptySubsequences: true).map(String.init)
            guard let first = ends.first, ends.count <= 2 else { throw error("`\(word)` is no day") }
            let range = (try day(first), try day(ends[ends.count - 1]))
            guard range.0 <= range.1, range.1 - range.0 < 366 else { throw error("`\(word)` is no range of days") }
            days += range.0...range.1
        }
        return days
    }

    private func day(_ word: String) throws(ConfigError) -> Int64 {
        guard word.count == 10, let date = CivilDate(word) else { throw error("`\(word)` is no day; write 2026-01-31") }
        return date.daysSinceEpoch
    }

    private func monthDay(_ word: String) throws(ConfigError) -> (month: Int64, day: Int64) {
        let parts = word.split(separator: "-").compactMap { Int64($0) }
        guard parts.count == 2, CivilDate(year: 2000, month: parts[0], day: parts[1]) != nil else {
            throw error("`\(word)` is no date; write 12-25")
        }
        return (parts[0], parts[1])
    }

    private func weekday(_ word: String) throws(ConfigError) -> Int64 {
        guard let place = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"].firstIndex(of: word) else {
            throw error("`\(word)` is no day of the week; write mon, tue, wed, thu, fri, sat, sun")
        }
        return Int64(place)
    }

    /// Minutes since midnight.
    private func minute(_ word: String) throws(ConfigError) -> Int64 {
        let parts = word.split(separator: ":").compactMap { Int64($0) }
        guard word.count == 5, parts.count == 2, (0...24).contains(parts[0]), (0..<60).contains(parts[1]),
            parts[0] * 60 + parts[1] <= 1440
        else { throw error("`\(word)` is no time; write 09:30") }
        return parts[0] * 60 + parts[1]
    }

    private func error(_ message: String) -> ConfigError {
        ConfigError(file: file, line: line, message, suggestion: "docs/calendars.md shows how calendars are written")
    }
}

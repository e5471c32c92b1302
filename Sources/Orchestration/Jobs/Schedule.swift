internal import Platform

/// When a job is due: the moments, in UTC, at which its next run is expected.
public struct Schedule: Sendable, Equatable {
    enum Form: Equatable {
        /// Whole multiples of a time since 1970, in nanoseconds.
        case every(Int64)
        case cron(Cron)
    }

    let form: Form
    /// As it was written.
    public let text: String

    /// - Parameter everyNs: at least a second.
    init(everyNs: Int64, text: String) {
        form = .every(everyNs)
        self.text = "every " + text
    }

    init(_ cron: Cron, text: String) {
        form = .cron(cron)
        self.text = text
    }

    /// The latest moment at or before a time, in nanoseconds since 1970; nil where there was none in the last four years.
    func latest(notAfter timeNs: Int64) -> Int64? {
        switch form {
        case .every(let everyNs): timeNs - timeNs % everyNs
        case .cron(let cron): cron.latest(notAfter: timeNs)
        }
    }

    /// The first moment behind a time; nil where there is none in the next four years.
    func next(after timeNs: Int64) -> Int64? {
        switch form {
        case .every(let everyNs): timeNs - timeNs % everyNs + everyNs
        case .cron(let cron): cron.next(after: timeNs)
        }
    }
}

/// Five fields: minute, hour, day of the month, month, day of the week; in UTC.
///
/// - Source: POSIX.1-2017, `crontab`, "INPUT FILES": where both fields of days are limited, either one will do. Steps (`*/5`) and names are as
///   everywhere.
struct Cron: Sendable, Equatable {
    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let limitsDays: Bool
    private let limitsWeekdays: Bool

    private static let monthNames = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]
    private static let weekdayNames = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
    private static let minuteNs: Int64 = 60_000_000_000
    private static let dayNs: Int64 = 1440 * minuteNs
    /// Leap days come every four years, and once in eight.
    private static let daysMax: Int64 = 8 * 366

    /// Nil where the text is not five fields of numbers in their ranges.
    init?(_ text: String) {
        let fields = text.split(separator: " ").map { $0.lowercased() }
        guard fields.count == 5, let minutes = Self.field(fields[0], 0...59), let hours = Self.field(fields[1], 0...23),
            let days = Self.field(fields[2], 1...31),
            let months = Self.field(fields[3], 1...12, names: Self.monthNames, first: 1),
            let weekdays = Self.field(fields[4], 0...7, names: Self.weekdayNames, first: 0)
        else { return nil }
        self.minutes = minutes
        self.hours = hours
        self.days = days
        self.months = months
        // Sunday is 0 and 7.
        self.weekdays = Set(weekdays.map { $0 % 7 })
        limitsDays = !fields[2].hasPrefix("*")
        limitsWeekdays = !fields[4].hasPrefix("*")
    }

    private static func field(
        _ text: String, _ range: ClosedRange<Int>, names: [String] = [], first: Int = 0
    ) -> Set<Int>? {
        var values: Set<Int> = []
        func number(_ text: Substring) -> Int? {
            Int(text) ?? names.firstIndex(of: String(text)).map { $0 + first }
        }
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let halves = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            guard let span = halves.first, let step = halves.count == 1 ? 1 : Int(halves[1]), step > 0 else {
                return nil
            }
            let ends = span.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
            let low: Int, high: Int
            if span == "*" {
                (low, high) = (range.lowerBound, range.upperBound)
            } else {
                guard let start = number(ends[0]), let end = ends.count == 2 ? number(ends[1]) : start else {
                    return nil
                }
                (low, high) = (start, halves.count == 2 && ends.count == 1 ? range.upperBound : end)
            }
            guard range.contains(low), range.contains(high), low <= high else { return nil }
            values.formUnion(stride(from: low, through: high, by: step))
        }
        return values
    }

    /// Whether a day, counted from 1970, is one of its days.
    private func contains(day: Int64) -> Bool {
        let (_, month, number) = CivilDate(daysSinceEpoch: day).components
        guard months.contains(Int(month)) else { return false }
        // 1970-01-01 was a Thursday.
        let isWeekday = weekdays.contains(Int((day + 4) % 7))
        let isDay = days.contains(Int(number))
        return limitsDays && limitsWeekdays ? isDay || isWeekday : isDay && isWeekday
    }

    private func minutesOfDay() -> [Int64] {
        hours.sorted().flatMap { hour in minutes.sorted().map { Int64(hour * 60 + $0) } }
    }

    func latest(notAfter timeNs: Int64) -> Int64? {
        let today = timeNs / Self.dayNs
        let minutes = minutesOfDay()
        for day in stride(from: today, through: max(0, today - Self.daysMax), by: -1) where contains(day: day) {
            let latest = minutes.last { day * Self.dayNs + $0 * Self.minuteNs <= timeNs }
            if let latest { return day * Self.dayNs + latest * Self.minuteNs }
        }
        return nil
    }

    func next(after timeNs: Int64) -> Int64? {
        let today = timeNs / Self.dayNs
        let minutes = minutesOfDay()
        for day in today...today + Self.daysMax where contains(day: day) {
            let next = minutes.first { day * Self.dayNs + $0 * Self.minuteNs > timeNs }
            if let next { return day * Self.dayNs + next * Self.minuteNs }
        }
        return nil
    }
}

internal import Platform

/// What is known of an exchange's trading days and hours, as rules.
struct CalendarRules: Sendable {
    /// Trading hours of the days from one on, in the exchange's time.
    struct Hours: Sendable {
        /// First day they hold for, in days since 1970.
        var since = Int64.min
        /// Minutes since the midnight that begins the trading day; below 0 the evening before.
        var spans: [(open: Int64, close: Int64)] = []
    }

    /// Days on which the exchange closes at another time, in minutes since midnight.
    struct EarlyClose: Sendable {
        let minute: Int64
        let rule: DayRule
    }

    /// Market identifier code (ISO 10383) where there is one.
    var code = ""
    /// Other codes with the same days and hours.
    var aliases: [String] = []
    var name = ""
    /// Where its clock hangs, for people.
    var place = ""
    /// IANA name of its time zone.
    var zone = "UTC"
    /// Days on which the rules were checked, in days since 1970.
    var covers: ClosedRange<Int64> = Int64.min...Int64.max
    /// Days of the week, Monday is 0.
    var weekdays: Set<Int64> = [0, 1, 2, 3, 4]
    /// By the day from which they hold.
    var hours: [Hours] = []
    /// Minutes after the close in which trades of the closing auction come.
    var auction: Int64 = 0
    var holidays: [DayRule] = []
    var early: [EarlyClose] = []
    /// Days that the other rules get wrong: traded, or not shortened.
    var open: Set<Int64> = []
    var regular: Set<Int64> = []

    /// What the rules say of one year.
    struct Year {
        var closed: Set<Int64> = []
        var early: [Int64: Int64] = [:]
    }

    /// The closed and the shortened days that begin or end in a year, and some beside them.
    func year(_ year: Int64) -> Year {
        var result = Year()
        for near in year - 1...year + 1 {
            for rule in holidays { result.closed.formUnion(rule.days(of: near) { _ in true }) }
        }
        result.closed.subtract(open)
        let closed = result.closed
        for entry in early {
            // The last trading day of a year comes before a date of the next.
            let days = (year...year + 1).flatMap { near in
                entry.rule.days(of: near) { isTradingDay($0, closed: closed) }
            }
            for day in days where !regular.contains(day) { result.early[day] = entry.minute }
        }
        return result
    }

    func isTradingDay(_ day: Int64, closed: Set<Int64>) -> Bool {
        weekdays.contains(DayRule.weekday(day)) && !closed.contains(day)
    }

    /// Trading hours of a day, shortened where it closes early.
    func spans(_ day: Int64, close: Int64?) -> [(open: Int64, close: Int64)] {
        let regular = (hours.last { $0.since <= day } ?? hours.first)?.spans ?? []
        guard let close else { return regular }
        return regular.filter { $0.open < close }.map { ($0.open, min($0.close, close)) }
    }
}

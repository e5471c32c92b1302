internal import Platform

/// On which days of a year something happens on an exchange: a holiday, an early close.
///
/// | text | days |
/// |---|---|
/// | `07-04 sat>fri sun>mon` | a date; on a Saturday the Friday before, on a Sunday the Monday after |
/// | `3rd mon 01`, `last mon 05`, `4th thu 11 +1` | a weekday of a month; the day after it |
/// | `easter-2` | two days before Easter Sunday |
/// | `before 12-25` | the last trading day before a date |
/// | `2001-09-11..2001-09-14 2004-06-11` | those days |
///
/// Behind any of them, `since 2022` and `until 2021` bound the years.
struct DayRule: Sendable {
    enum Kind: Sendable {
        case date(month: Int64, day: Int64, moves: [Int64: Int64])
        case weekday(ordinal: Int64, weekday: Int64, month: Int64, shift: Int64)
        case easter(shift: Int64)
        case before(month: Int64, day: Int64)
        case days([Int64])
    }

    let kind: Kind
    var since = Int64.min
    var until = Int64.max

    /// Monday is 0.
    static func weekday(_ day: Int64) -> Int64 { ((day + 3) % 7 + 7) % 7 }

    /// The days that the rule gives for a year, in days since 1970; a moved one may lie in the next.
    ///
    /// - Parameter isTradingDay: what the other rules say, for `before`.
    func days(of year: Int64, isTradingDay: (Int64) -> Bool) -> [Int64] {
        guard since <= year, year <= until else { return [] }
        switch kind {
        case .date(let month, let day, let moves):
            guard let date = CivilDate(year: year, month: month, day: day)?.daysSinceEpoch else { return [] }
            return [date + (moves[Self.weekday(date)] ?? 0)]
        case .weekday(let ordinal, let weekday, let month, let shift):
            return [Self.day(ordinal, weekday, month, year) + shift]
        case .easter(let shift): return [Self.easter(year) + shift]
        case .before(let month, let day):
            guard let date = CivilDate(year: year, month: month, day: day)?.daysSinceEpoch else { return [] }
            return (1...14).map { date - $0 }.first(where: isTradingDay).map { [$0] } ?? []
        case .days(let days): return days
        }
    }

    /// The nth weekday of a month; the last one where `ordinal` is 0.
    private static func day(_ ordinal: Int64, _ weekday: Int64, _ month: Int64, _ year: Int64) -> Int64 {
        let first = firstDay(month, year)
        if ordinal > 0 { return first + (weekday - Self.weekday(first) + 7) % 7 + (ordinal - 1) * 7 }
        let last = (month == 12 ? firstDay(1, year + 1) : firstDay(month + 1, year)) - 1
        return last - (Self.weekday(last) - weekday + 7) % 7
    }

    private static func firstDay(_ month: Int64, _ year: Int64) -> Int64 {
        CivilDate(year: year, month: month, day: 1)?.daysSinceEpoch ?? 0
    }

    /// Easter Sunday of the Gregorian calendar.
    ///
    /// - Source: the anonymous Gregorian algorithm, Nature, 20 April 1876 (Meeus, Astronomical Algorithms, chapter 8).
    static func easter(_ year: Int64) -> Int64 {
        let a = year % 19
        let b = year / 100
        let c = year % 100
        let h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30
        let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7
        let m = (a + 11 * h + 22 * l) / 451
        let n = h + l - 7 * m + 114
        return CivilDate(year: year, month: n / 31, day: n % 31 + 1)?.daysSinceEpoch ?? 0
    }
}

public import Platform
internal import Synchronization

/// The trading days and hours of an exchange, or of a market without one.
///
/// Pure: the same question has the same answer, as far as the time-zone database says so. Outside `coverage` the rules go
/// on, without dates that no rule gives.
/// - Complexity: a day that was asked for before costs a look into a table; `SessionCursor` is for every event.
/// - Threading: any thread.
public final class TradingCalendar: Sendable {
    private let rules: CalendarRules
    private let cache: Mutex<Cache>

    private struct Cache {
        var clock: ZoneClock
        var years: [Int64: CalendarRules.Year] = [:]
        var sessions: [Int64: TradingSession?] = [:]
        var starts: [Int64: Int64] = [:]
    }

    /// Days kept ready, before all are forgotten.
    private static let cachedDays = 4096
    /// Moments outside are closed: years 1800 to 2200, in nanoseconds since 1970.
    private static let knownNs: ClosedRange<Int64> = -5_364_662_400_000_000_000...7_258_118_400_000_000_000
    /// Days on which the next session is looked for.
    private static let searchedDays: Int64 = 60

    init(_ rules: CalendarRules) {
        self.rules = rules
        guard let clock = ZoneClock(rules.zone) else { preconditionFailure("unchecked zone \(rules.zone)") }
        cache = Mutex(Cache(clock: clock))
    }

    /// Market identifier code (ISO 10383) where there is one, for example `XNYS`.
    public var code: String { rules.code }
    /// Other codes of the same calendar.
    public var aliases: [String] { rules.aliases }
    /// Name for people.
    public var name: String { rules.name }
    /// Where its clock hangs, for example `New York`.
    public var place: String { rules.place }
    /// IANA name of its time zone.
    public var zone: String { rules.zone }
    /// First and last day that was checked; nil where there is nothing to check.
    public var coverage: (first: CivilDate, last: CivilDate)? {
        rules.covers == Int64.min...Int64.max
            ? nil
            : (
                CivilDate(daysSinceEpoch: rules.covers.lowerBound), CivilDate(daysSinceEpoch: rules.covers.upperBound)
            )
    }
    /// True where it never closes.
    public var isAlwaysOpen: Bool {
        rules.weekdays.count == 7 && rules.holidays.isEmpty
            && rules.hours.allSatisfy {
                $0.spans.count == 1 && $0.spans[0].open == 0 && $0.spans[0].close == 1440
            }
    }

    /// The session of a trading day; nil on other days.
    public func session(on day: CivilDate) -> TradingSession? {
        guard Self.knownNs.contains(day.daysSinceEpoch &* Timestamp.nanosecondsPerDay), abs(day.daysSinceEpoch) < 90_000
        else { return nil }
        return cache.withLock { session(day.daysSinceEpoch, &$0) }
    }

    private func session(_ day: Int64, _ cache: inout Cache) -> TradingSession? {
        if let known = cache.sessions[day] { return known }
        if cache.sessions.count >= Self.cachedDays { cache.sessions.removeAll(keepingCapacity: true) }
        let year = CivilDate(daysSinceEpoch: day).components.year
        let rules = cache.years[year] ?? self.rules.year(year)
        cache.years[year] = rules
        var session: TradingSession?
        if self.rules.isTradingDay(day, closed: rules.closed) {
            let spans = self.rules.spans(day, close: rules.early[day]).map { span in
                TradingSession.Span(
                    openNs: Self.utcNs(day, span.open, &cache.clock), closeNs: Self.utcNs(day, span.close, &cache.clock)
                )
            }
            session = TradingSession(
                day: CivilDate(daysSinceEpoch: day), spans: spans, isShortened: rules.early[day] != nil)
        }
        cache.sessions[day] = .some(session)
        return session
    }

    private static func utcNs(_ day: Int64, _ minute: Int64, _ clock: inout ZoneClock) -> Int64 {
        let days = minute < 0 ? -1 : minute / 1440
        return clock.utcNs(day: day + days, ofDayNs: (minute - days * 1440) * 60_000_000_000)
    }

    /// The session that a moment lies in, from its opening to its close, breaks included.
    public func session(containing timeNs: Int64) -> TradingSession? {
        near(timeNs).first { $0.openNs <= timeNs && timeNs < $0.closeNs }
    }

    /// Sessions of the UTC day of a moment, of the day before and the day after.
    private func near(_ timeNs: Int64) -> [TradingSession] {
        guard Self.knownNs.contains(timeNs) else { return [] }
        let day = CivilDate.split(Timestamp(nanoseconds: timeNs)).date.daysSinceEpoch
        return cache.withLock { cache in (day - 1...day + 1).compactMap { session($0, &cache) } }
    }

    /// Whether is traded at a moment; not in a lunch break.
    public func isOpen(at timeNs: Int64) -> Bool { session(containing: timeNs)?.isOpen(at: timeNs) ?? false }

    /// When trading starts next, or goes on after a break: later than a moment. Nil where no session is near.
    public func nextOpen(after timeNs: Int64) -> Int64? { next(after: timeNs, \.openNs) }

    /// When trading ends next, or a break begins: later than a moment. Nil where no session is near.
    public func nextClose(after timeNs: Int64) -> Int64? { next(after: timeNs, \.closeNs) }

    private func next(after timeNs: Int64, _ edge: KeyPath<TradingSession.Span, Int64>) -> Int64? {
        guard Self.knownNs.contains(timeNs) else { return nil }
        let today = CivilDate.split(Timestamp(nanoseconds: timeNs)).date.daysSinceEpoch
        return cache.withLock { cache in
            for day in today - 1...today + Self.searchedDays {
                let spans = session(day, &cache)?.spans ?? []
                if let span = spans.first(where: { $0[keyPath: edge] > timeNs }) { return span[keyPath: edge] }
            }
            return nil
        }
    }

    /// The stretch of time around a moment that a daily bar covers, closing auction included, or in which there is none.
    ///
    /// - Returns: nanoseconds since 1970 UTC, the end not included. Where `isTraded` is false the stretch may be part of
    ///   a longer one.
    public func dailyBar(at timeNs: Int64) -> (fromNs: Int64, toNs: Int64, isTraded: Bool) {
        let (day, auctionNs) = (Timestamp.nanosecondsPerDay, rules.auction * 60_000_000_000)
        let startOfDay = timeNs - ((timeNs % day) + day) % day
        var closed = (fromNs: startOfDay, toNs: startOfDay + day, isTraded: false)
        for session in near(timeNs) {
            let endNs = session.closeNs + auctionNs
            if timeNs >= endNs {
                closed.fromNs = max(closed.fromNs, endNs)
            } else if timeNs >= session.openNs {
                return (session.openNs, endNs, true)
            } else {
                closed.toNs = min(closed.toNs, session.openNs)
            }
        }
        return closed
    }

    /// The trading day that a moment belongs to, before and after the session included: from midnight of the exchange, or
    /// from the session's start where that is the evening before. Nil on other days.
    public func tradingDay(of timeNs: Int64) -> CivilDate? {
        guard Self.knownNs.contains(timeNs) else { return nil }
        let day = CivilDate.split(Timestamp(nanoseconds: timeNs)).date.daysSinceEpoch
        return cache.withLock { cache in
            // The latest that has begun.
            let begun = (day - 1...day + 2).last { start(of: $0, &cache) <= timeNs }
            return begun.flatMap { session($0, &cache)?.day }
        }
    }

    private func start(of day: Int64, _ cache: inout Cache) -> Int64 {
        let opening = (rules.hours.last { $0.since <= day } ?? rules.hours.first)?.spans.first?.open ?? 0
        return Self.utcNs(day, min(0, opening), &cache.clock)
    }

    /// A moment as the exchange's clock shows it, for people: `Mon 2026-01-05 09:30 New York`.
    public func wallText(_ timeNs: Int64) -> String {
        let wallNs = cache.withLock { $0.clock.wallNs(utcNs: timeNs) }
        let (date, ofDayNs) = CivilDate.split(Timestamp(nanoseconds: wallNs))
        let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"][Int(DayRule.weekday(date.daysSinceEpoch))]
        let minutes = ofDayNs / 60_000_000_000
        let digits = [minutes / 60, minutes % 60].map { $0 < 10 ? "0\($0)" : "\($0)" }
        return "\(weekday) \(date) \(digits.joined(separator: ":")) \(place)"
    }

    /// How much of a stretch of time is traded in, counted up to a limit, in nanoseconds.
    ///
    /// - Complexity: a look per day until the limit is reached, four years of days at most.
    public func openNs(from: Int64, to: Int64, limit: Int64 = .max) -> Int64 {
        guard from < to, Self.knownNs.contains(from), Self.knownNs.contains(to) else { return 0 }
        if isAlwaysOpen { return min(limit, to - from) }
        let first = CivilDate.split(Timestamp(nanoseconds: from)).date.daysSinceEpoch - 1
        let last = CivilDate.split(Timestamp(nanoseconds: to)).date.daysSinceEpoch + 1
        return cache.withLock { cache in
            var sum: Int64 = 0
            for day in first...min(last, first + 1461) {
                sum += session(day, &cache)?.openNs(from: from, to: to) ?? 0
                if sum >= limit { return limit }
            }
            return sum
        }
    }
}

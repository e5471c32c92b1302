internal import Platform

/// Answers whether an exchange is open for one moment after the other, without asking its calendar each time.
public struct SessionCursor: Sendable {
    public let calendar: TradingCalendar
    private var fromNs = Int64.max
    private var toNs = Int64.min
    private var isOpen = false

    public init(_ calendar: TradingCalendar) { self.calendar = calendar }

    /// Whether is traded at a moment.
    public mutating func isOpen(at timeNs: Int64) -> Bool {
        if timeNs < fromNs || timeNs >= toNs { look(timeNs) }
        return isOpen
    }

    private mutating func look(_ timeNs: Int64) {
        isOpen = calendar.isOpen(at: timeNs)
        fromNs = timeNs
        let (open, close) = (calendar.nextOpen(after: timeNs), calendar.nextClose(after: timeNs))
        toNs = min(open ?? .max, close ?? .max)
        if toNs == .max { toNs = timeNs &+ Timestamp.nanosecondsPerDay }
    }
}

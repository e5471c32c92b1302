public import Platform

/// The length of a bar: whole seconds from one second to a day, written `1s`, `5m`, `1h`, `24h`; or a trading day, `1d`.
///
/// Bars of a fixed length line up with 1970-01-01T00:00:00Z. A bar of a trading day reaches from the venue's opening to
/// its close, or over a UTC day where the venue has no calendar or never closes. The start belongs to the bar, the end
/// does not.
public struct Interval: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Length in nanoseconds; of a trading day the longest there is, 24 hours.
    public let nanoseconds: Int64
    /// Whether the venue's calendar says where the bars begin and end.
    public let isTradingDay: Bool

    /// - Precondition: between one second and 24 hours.
    public init(seconds: Int64) {
        precondition(Self.secondsAllowed.contains(seconds), "an interval lasts one second to one day")
        nanoseconds = seconds * 1_000_000_000
        isTradingDay = false
    }

    private init() {
        nanoseconds = Timestamp.nanosecondsPerDay
        isTradingDay = true
    }

    /// `1d`: the trading day of the venue.
    public static let tradingDay = Interval()

    private static let secondsAllowed: ClosedRange<Int64> = 1...86_400
    private static let units: [(letter: Character, seconds: Int64)] = [("h", 3600), ("m", 60), ("s", 1)]

    /// Reads `1s`, `90s`, `5m`, `4h`, `24h`, `1d`.
    ///
    /// - Throws: `ConfigError` where the text is no such length.
    public init(parsing text: some StringProtocol) throws(ConfigError) {
        let form = "write a whole number and s, m or h, from `1s` to `24h`, or `1d` for trading days"
        if text == "1d" {
            self = .tradingDay
            return
        }
        guard let unit = Self.units.first(where: { $0.letter == text.last }), text.count > 1,
            text.dropLast().allSatisfy({ $0.isASCII && $0.isNumber }), let number = Int64(text.dropLast())
        else { throw ConfigError("`\(text)` is not a bar interval", suggestion: form) }
        let (seconds, overflow) = number.multipliedReportingOverflow(by: unit.seconds)
        guard !overflow, Self.secondsAllowed.contains(seconds) else {
            throw ConfigError("bar interval `\(text)` is outside one second to one day", suggestion: form)
        }
        self.init(seconds: seconds)
    }

    /// The text with the largest unit that divides the length: `60s` reads back as `1m`.
    public var description: String {
        if isTradingDay { return "1d" }
        let seconds = nanoseconds / 1_000_000_000
        for unit in Self.units where seconds % unit.seconds == 0 { return "\(seconds / unit.seconds)\(unit.letter)" }
        return "\(seconds)s"
    }

    public static func < (left: Interval, right: Interval) -> Bool {
        (left.nanoseconds, left.isTradingDay ? 1 : 0) < (right.nanoseconds, right.isTradingDay ? 1 : 0)
    }
}

/// The number of the bar of `length` nanoseconds that holds `time`: the quotient, rounded down.
@inline(__always)
func barNumber(of time: Int64, length: Int64) -> Int64 {
    let quotient = time / length
    return time < quotient &* length ? quotient - 1 : quotient
}

/// `left + right`, kept inside the range of the type.
@inline(__always)
func saturatingSum(_ left: Int64, _ right: Int64) -> Int64 {
    let (sum, overflow) = left.addingReportingOverflow(right)
    return overflow ? (right < 0 ? .min : .max) : sum
}

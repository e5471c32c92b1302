public import Platform

/// The length of a bar: whole seconds from one second to one day, written `1s`, `5m`, `1h`, `1d`.
///
/// Bars line up with 1970-01-01T00:00:00Z; the start belongs to the bar, the end does not.
public struct Interval: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Length in nanoseconds.
    public let nanoseconds: Int64

    /// - Precondition: between one second and one day.
    public init(seconds: Int64) {
        precondition(Self.secondsAllowed.contains(seconds), "an interval lasts one second to one day")
        nanoseconds = seconds * 1_000_000_000
    }

    private static let secondsAllowed: ClosedRange<Int64> = 1...86_400
    private static let units: [(letter: Character, seconds: Int64)] = [("d", 86_400), ("h", 3600), ("m", 60), ("s", 1)]

    /// Reads `1s`, `90s`, `5m`, `4h`, `1d`.
    ///
    /// - Throws: `ConfigError` where the text is no such length.
    public init(parsing text: some StringProtocol) throws(ConfigError) {
        let form = "write a whole number and s, m, h or d, from `1s` to `1d`"
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
        let seconds = nanoseconds / 1_000_000_000
        for unit in Self.units where seconds % unit.seconds == 0 { return "\(seconds / unit.seconds)\(unit.letter)" }
        return "\(seconds)s"
    }

    public static func < (left: Interval, right: Interval) -> Bool { left.nanoseconds < right.nanoseconds }
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

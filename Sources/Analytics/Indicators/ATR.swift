public import Market
public import Platform

/// Average true range with Wilder's smoothing.
///
/// The true range needs the close before, so the first one belongs to the second bar; the first value is the mean of
/// the first n true ranges and comes with bar n + 1, later ones move by 1/n.
public struct ATR: Indicator {
    public static let spec = Spec(
        "atr", "Average true range: how far the price moves within a bar, gaps included.",
        options: [
            .init(
                "length", .integer, default: "14",
                "True ranges in Wilder's average; the first value comes one bar later.")
        ],
        example: "atr(14)")
    public static let source = "J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section III."

    private let length: Int

    public init(_ parameters: [Int]) throws(ConfigError) { length = try Self.length(parameters) }

    /// Bars seen up to the length plus one, previous close, average (sum during warm-up).
    public var stateCount: Int { 3 }

    public func update(_ state: inout MutableSpan<Double>, with bar: Bar) -> Double? {
        let seen = Int(state[0])
        let previous = state[1]
        state[1] = bar.close
        if seen <= length { state[0] += 1 }
        guard seen > 0 else { return nil }
        let range = max(bar.high - bar.low, abs(bar.high - previous), abs(bar.low - previous))
        let periods = Double(length)
        if seen > length {
            state[2] = (state[2] * (periods - 1) + range) / periods
            return state[2]
        }
        state[2] += range
        guard seen == length else { return nil }
        state[2] /= periods
        return state[2]
    }
}

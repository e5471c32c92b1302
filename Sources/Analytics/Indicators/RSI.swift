public import Market
public import Platform

/// Relative strength index with Wilder's smoothing.
///
/// The first averages are the means of the first n gains and losses, so the first value comes with bar n + 1; later
/// ones move by 1/n. Where there was no loss the value is 100, and 50 where there was no gain either (Wilder's ratio
/// is 0/0 there; TA-Lib writes 0, others 100, and both look like a signal that a flat market does not give).
public struct RSI: Indicator {
    public static let spec = Spec(
        "rsi", "Relative strength index: how much of the recent movement was upward, 0 to 100.",
        options: [
            .init(
                "length", .integer, default: "14", "Changes in Wilder's average; the first value comes one bar later.")
        ],
        example: "rsi(14)")
    public static let source = "J. Welles Wilder, New Concepts in Technical Trading Systems, 1978, section VI."

    private let length: Int

    public init(_ parameters: [Int]) throws(ConfigError) { length = try Self.length(parameters) }

    /// Bars seen up to the length plus one, previous close, average gain, average loss (sums during warm-up).
    public var stateCount: Int { 4 }

    public func update(_ state: inout MutableSpan<Double>, with bar: Bar) -> Double? {
        let seen = Int(state[0])
        let change = bar.close - state[1]
        state[1] = bar.close
        if seen <= length { state[0] += 1 }
        guard seen > 0 else { return nil }
        let gain = max(change, 0)
        let loss = max(-change, 0)
        let periods = Double(length)
        if seen <= length {
            state[2] += gain
            state[3] += loss
            guard seen == length else { return nil }
            state[2] /= periods
            state[3] /= periods
        } else {
            state[2] = (state[2] * (periods - 1) + gain) / periods
            state[3] = (state[3] * (periods - 1) + loss) / periods
        }
        if state[3] == 0 { return state[2] == 0 ? 50 : 100 }
        return 100 - 100 / (1 + state[2] / state[3])
    }
}

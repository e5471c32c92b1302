public import Market
public import Platform

/// Simple moving average of closes.
///
/// The running sum carries its rounding error along and is added up anew each time the window has gone round, so that
/// the value does not drift however long it runs.
public struct SMA: Indicator {
    public static let spec = Spec(
        "sma", "Simple moving average: the mean of the last closes.",
        options: [.init("length", .integer, default: "20", "Bars in the window; the first value comes with this bar.")],
        example: "sma(20)")
    public static let source = "Arithmetic mean of the last n closes (TA-Lib `SMA`)."

    private let length: Int

    public init(_ parameters: [Int]) throws(ConfigError) { length = try Self.length(parameters) }

    /// Place in the window, bars seen up to the length, sum, carry; then the window.
    public var stateCount: Int { 4 + length }

    public func update(_ state: inout MutableSpan<Double>, with bar: Bar) -> Double? {
        let place = Int(state[0])
        let isFull = Int(state[1]) == length
        var total = CompensatedSum(sum: state[2], carry: state[3])
        if isFull { total.add(-state[4 + place]) } else { state[1] += 1 }
        total.add(bar.close)
        state[4 + place] = bar.close
        if place + 1 == length {
            state[0] = 0
            total = CompensatedSum()
            for index in 4..<4 + length { total.add(state[index]) }
        } else {
            state[0] = Double(place + 1)
        }
        state[2] = total.sum
        state[3] = total.carry
        return Int(state[1]) == length ? total.value / Double(length) : nil
    }
}

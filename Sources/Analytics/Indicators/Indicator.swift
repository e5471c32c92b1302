public import Market
public import Platform

/// A value computed from the final bars of a series, one after the other.
///
/// An indicator holds its parameters only. What it remembers of a series is a row of doubles that the engine keeps,
/// hands over with every bar and writes to checkpoints, so that no series costs an allocation of its own and a
/// restart continues bit for bit. Adding an indicator is one file and one line in `IndicatorRegistry`.
public protocol Indicator: Sendable {
    /// Name, parameters with defaults, and what it tells.
    static var spec: Spec { get }
    /// Where the formula comes from.
    static var source: String { get }

    /// - Parameter parameters: one whole number per option of `spec`, in that order.
    /// - Throws: `ConfigError` where a parameter is out of range.
    init(_ parameters: [Int]) throws(ConfigError)

    /// Doubles to remember per series; all zero before the first bar.
    var stateCount: Int { get }

    /// Takes in the next final bar.
    ///
    /// - Returns: the value; nil during warm-up.
    func update(_ state: inout MutableSpan<Double>, with bar: Bar) -> Double?
}

extension Indicator {
    /// The single length parameter of most indicators.
    ///
    /// - Throws: `ConfigError` outside 1…100,000.
    static func length(_ parameters: [Int]) throws(ConfigError) -> Int {
        guard let length = parameters.first, (1...100_000).contains(length) else {
            throw ConfigError(
                "\(spec.name): the length must lie between 1 and 100000",
                suggestion: "write for example `\(spec.example)`")
        }
        return length
    }
}

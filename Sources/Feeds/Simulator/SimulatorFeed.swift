public import Platform

/// A simulated market: 20 invented instruments on two venues, first as history at full speed, then live.
///
/// - Source: none; frames are made here, in the format that `FrameDecoders.simulator` reads.
/// - Units: decimal text on each instrument's grid of prices; event times in nanoseconds with microsecond precision.
/// - Gaps: trade ids rise by one per instrument, also over a restart that is given a `SimulatorState`.
public struct SimulatorFeed: Feed {
    public static let spec = Spec(
        "simulator", "A simulated market of 20 invented instruments on two venues that never closes.",
        options: [
            .integer("seed", default: "1", "Chooses the market; the same seed and start give the same events."),
            .number("rate", default: "200", "Events per second, averaged over a day."),
            .duration("history", default: "2h", "How much of the past to fill before going live; 0 for none."),
            .duration("bursts", default: "3m", "Mean time between bursts of trades in one instrument; 0 for none."),
        ],
        example: "simulator: { rate: 500, history: 30m }")

    static let defaultBurstIntervalNs: Int64 = 180_000_000_000
    private static let fastestRate = 5_000_000.0
    private static let longestHistoryNs: Int64 = 366 * 86_400_000_000_000

    let seed: UInt64
    let rate: Double
    let historyNs: Int64
    let burstIntervalNs: Int64

    public init(_ options: Options) throws(ConfigError) {
        seed = UInt64(bitPattern: options.integer("seed"))
        rate = options.number("rate")
        historyNs = options.durationNs("history")
        burstIntervalNs = options.durationNs("bursts")
        guard rate >= 0.01, rate <= Self.fastestRate else {
            throw options.error("rate", "is not between 0.01 and 5000000 events per second")
        }
        guard historyNs <= Self.longestHistoryNs else {
            throw options.error("history", "is longer than a year", suggestion: "write `366d` or less")
        }
        guard burstIntervalNs == 0 || burstIntervalNs >= 1_000_000_000 else {
            throw options.error("bursts", "is shorter than a second", suggestion: "write `1s` or more, or 0 for none")
        }
    }

    /// Its bars stay open over a restart.
    public var settings: String { SessionSettings(decoder: "simulator", values: ["continues": "true"]).text }

    /// A source that starts anew.
    public func makeSource() -> any FeedSource { makeSource(resume: nil) }

    public func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource {
        makeSource(resume: try memory.simulatorState())
    }

    /// A source that goes on where an earlier session stopped.
    ///
    /// - Parameters:
    ///   - resume: the last trades and event time delivered; nil starts anew, with trade ids from 1.
    ///   - clock: what is "now".
    public func makeSource(resume: SimulatorState?, clock: SimulatorClock = .system) -> any FeedSource {
        SimulatorSource(feed: self, resume: resume, clock: clock)
    }
}

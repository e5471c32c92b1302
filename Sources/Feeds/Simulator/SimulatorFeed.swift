public import Platform

/// A simulated market: 20 made-up instruments on two venues, trades and quotes.
///
/// Prices follow a common market and a path of their own, move and trade more when a session opens and closes, and
/// lie on a tick grid; two to three percent of the events come up to 1.5 s late, and now and then an instrument bursts.
///
/// - Source: none; every number is made from the seed and the time.
/// - Units: `t` is nanoseconds; prices and sizes are decimal numbers.
/// - Gaps: trade ids rise by one per instrument within a session and count from the microsecond of its start, so that
///   they never repeat; a new session therefore begins with a gap.
public struct SimulatorFeed: Feed {
    public static let spec = Spec(
        "simulator", "A simulated market of 20 instruments on two venues: trades and quotes.",
        options: [
            .init("seed", .integer, default: "1", "The same seed gives the same prices at the same time."),
            .init("rate", .number, default: "1500", "Events per second, on average over a day."),
            .init("history", .duration, default: "0s", "How far in the past it starts: played at full speed, then live."),
        ],
        example: "simulator: { rate: 1500, history: 2h }")

    private let seed: UInt64
    private let rate: Double
    private let historyNs: Int64

    public init(_ options: Options) throws(ConfigError) {
        let rate = options.number("rate")
        guard rate >= 1, rate <= 5_000_000 else { throw options.error("rate", "must lie between 1 and 5000000") }
        self.init(seed: UInt64(bitPattern: options.integer("seed")), rate: rate, historyNs: options.durationNs("history"))
    }

    public init(seed: UInt64, rate: Double, historyNs: Int64) {
        self.seed = seed
        self.rate = rate
        self.historyNs = historyNs
    }

    public var settings: String { Self.settings }
    fileprivate static let settings = SessionSettings(decoder: spec.name).text

    public func makeSource() -> any FeedSource {
        let now = Timestamp.now()
        return SimulatorSource(
            seed: seed, rate: rate,
            start: Timestamp(nanoseconds: now.nanoseconds - historyNs), end: nil, firstTradeID: now.nanoseconds / 1000)
    }
}

/// Plays the simulated market from a moment in the past at full speed until now, then as time passes.
public struct SimulatorSource: FeedSource {
    private let seed: UInt64
    private let rate: Double
    private let start: Timestamp
    private let end: Timestamp?
    private let firstTradeID: Int64

    /// - Parameters:
    ///   - start: where it starts; what lies before now is played at full speed, with the receive times it would have
    ///     had.
    ///   - end: where it ends; nil: never.
    ///   - firstTradeID: of every instrument; larger than all of sessions before.
    public init(seed: UInt64, rate: Double, start: Timestamp, end: Timestamp?, firstTradeID: Int64) {
        self.seed = seed
        self.rate = rate
        self.start = start
        self.end = end
        self.firstTradeID = firstTradeID
    }

    public func run(into output: any FeedOutput, status: FeedStatus) throws {
        let sink = try output.sink(feed: SimulatorFeed.spec.name)
        var tape = SimulatedTape(seed: seed, rate: rate, startNs: start.nanoseconds)
        var frames = SimulatorFrames(tape.instruments, firstTradeID: firstTradeID)
        var events: [SimulatedTape.Event] = []
        var frame: [UInt8] = []
        let historyEndNs = end?.nanoseconds ?? Timestamp.now().nanoseconds
        var lastFrameNs = start.nanoseconds
        var isLive = false
        status.set(.replaying)
        try sink.begin(settings: SimulatorFeed.settings, ingestTime: start)
        while !output.isCancelled, end.map({ tape.endOfStepNs <= $0.nanoseconds }) ?? true {
            let dueNs = tape.endOfStepNs
            if !isLive && dueNs > Timestamp.now().nanoseconds { isLive = true; status.set(.live) }
            guard !isLive || Self.wait(until: dueNs, output) else { break }
            let ingestTime = isLive ? Timestamp.now() : Timestamp(nanoseconds: dueNs)
            events.removeAll(keepingCapacity: true)
            tape.advance(into: &events)
            for venue in ["SIMX", "SIMC"] {
                frames.write(events, venue: venue, into: &frame)
                guard !frame.isEmpty else { continue }
                unsafe try frame.withUnsafeBytes { unsafe try sink.frame($0, ingestTime: ingestTime) }
                lastFrameNs = ingestTime.nanoseconds
            }
            if ingestTime.nanoseconds - lastFrameNs >= 1_000_000_000 {
                try sink.heartbeat(ingestTime: ingestTime)
                lastFrameNs = ingestTime.nanoseconds
            }
            if !isLive {
                let doneMs = min(dueNs, historyEndNs) - start.nanoseconds
                status.setProgress(doneMs / 1_000_000, of: (historyEndNs - start.nanoseconds) / 1_000_000)
            }
        }
        if output.isCancelled {
            status.set(.stopped)
        } else {
            try sink.end(ingestTime: Timestamp(nanoseconds: tape.endOfStepNs))
            status.set(.finished)
        }
    }

    /// Waits for a moment of the wall clock; false where it was cancelled.
    private static func wait(until momentNs: Int64, _ output: any FeedOutput) -> Bool {
        while !output.isCancelled {
            let leftNs = momentNs - Timestamp.now().nanoseconds
            if leftNs <= 0 { return true }
            Pacer.Clock.system.wait(min(leftNs, 20_000_000))
        }
        return false
    }
}

internal import Platform

/// Pushes the frames of a made-up market as fast as they are taken, or at a pace.
public struct SyntheticSource: FeedSource {
    private let options: SyntheticTrades.Options
    private let trades: Int
    /// True while whoever takes the frames is so far behind that more would only fill the disk.
    private let isAhead: @Sendable () -> Bool

    /// - Parameters:
    ///   - trades: how many in all.
    ///   - isAhead: asked every few thousand trades; the source waits while it is true.
    public init(_ options: SyntheticTrades.Options, trades: Int, isAhead: @escaping @Sendable () -> Bool = { false }) {
        self.options = options
        self.trades = trades
        self.isAhead = isAhead
    }

    public func run(into output: any FeedOutput, status: FeedStatus) throws {
        var market = SyntheticTrades(options)
        defer { market.free() }
        let sink = try output.sink(feed: "synthetic")
        try sink.begin(settings: SyntheticTrades.settings, ingestTime: .now())
        var left = trades
        var untilCheck = 0
        while left > 0, !output.isCancelled {
            if untilCheck <= 0 {
                while isAhead(), !output.isCancelled { Pause.wait(ns: 1_000_000) }
                untilCheck = 8192
            }
            // The receive time of a market that plays faster than the clock: a millisecond behind the event.
            let ingestTime = Timestamp(nanoseconds: market.eventTimeNs + 1_000_000)
            let made = try unsafe market.next(atMost: left) { payload in
                try unsafe sink.frame(payload, ingestTime: ingestTime)
            }
            left -= made
            untilCheck -= made
        }
        try sink.end(ingestTime: Timestamp(nanoseconds: market.eventTimeNs + 1_000_000))
    }
}

internal import Platform

/// Pushes the frames of a made-up market as fast as they are taken.
public struct SyntheticSource: FeedSource {
    private let options: SyntheticTrades.Options
    private let trades: Int

    public var canWait: Bool { true }

    /// - Parameter trades: how many in all.
    public init(_ options: SyntheticTrades.Options, trades: Int) {
        self.options = options
        self.trades = trades
    }

    public func run(into output: any FeedOutput, status: FeedStatus) throws {
        var market = SyntheticTrades(options)
        defer { market.free() }
        let sink = try output.sink(feed: "synthetic")
        try sink.begin(settings: SyntheticTrades.settings, ingestTime: .now())
        var left = trades
        while left > 0, !output.isCancelled {
            // The receive time of a market that plays faster than the clock: a millisecond behind the event.
            let ingestTime = Timestamp(nanoseconds: market.eventTimeNs + 1_000_000)
            left -= try unsafe market.next(atMost: left) { payload in
                try unsafe sink.frame(payload, ingestTime: ingestTime)
            }
        }
        try sink.end(ingestTime: Timestamp(nanoseconds: market.eventTimeNs + 1_000_000))
    }
}

public import Platform

/// Synthetic client operations: purchases and sales on eleven exchanges, first as history at full speed, then live.
///
/// - Source: none; rows are made here, in the format that `FrameDecoders.rows` reads.
/// - Units: exact decimal prices in the exchange's currency; times in microseconds of UTC.
/// - Gaps: a restart goes on where the table ends.
public struct TransactionsFeed: Feed {
    public static let spec = Spec(
        "transactions", "Synthetic client operations: who bought or sold what, where and for how much.",
        options: [
            .integer(
                "seed", default: "1", "Chooses the clients and what they do; the same seed and rate give the same."),
            .number("rate", default: "50", "Operations per second."),
            .duration("history", default: "1h", "How much of the past to fill before going live; 0 for none."),
            .number("bad", default: "0.001", "Share of rows that break a rule and become dead letters, 0 to 1."),
            .number("repeats", default: "0.001", "Share of operations that are delivered twice, 0 to 1."),
        ],
        example: "transactions: { rate: 200, history: 30m, bad: 0.01 }")

    private static let longestHistoryNs: Int64 = 366 * 86_400_000_000_000

    let seed: UInt64
    let rate: Double
    let historyNs: Int64
    let badShare: Double
    let repeatShare: Double

    public init(_ options: Options) throws(ConfigError) {
        seed = UInt64(bitPattern: options.integer("seed"))
        rate = options.number("rate")
        historyNs = options.durationNs("history")
        badShare = options.number("bad")
        repeatShare = options.number("repeats")
        guard rate >= 0.001, rate <= 1_000_000 else {
            throw options.error("rate", "is not between 0.001 and 1000000 operations per second")
        }
        guard historyNs <= Self.longestHistoryNs else {
            throw options.error("history", "is longer than a year", suggestion: "write `366d` or less")
        }
        for name in ["bad", "repeats"] where !(0...1).contains(options.number(name)) {
            throw options.error(name, "is not between 0 and 1")
        }
    }

    public var settings: String {
        SessionSettings(decoder: "rows", values: ["table": RowTable.transactions.rawValue, "continues": "true"]).text
    }

    public func makeSource() throws -> any FeedSource { makeSource(afterNs: nil) }

    public func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource {
        makeSource(afterNs: try memory.lastTransactionNs())
    }

    /// - Parameters:
    ///   - afterNs: when the latest operation that is stored was made; nil where there is none.
    ///   - clock: what is "now".
    public func makeSource(afterNs: Int64?, clock: SimulatorClock = .system) -> any FeedSource {
        TransactionSource(feed: self, afterNs: afterNs, clock: clock)
    }
}

/// Delivers the slots of the stream: those of the past as fast as they are taken, then each at its end.
struct TransactionSource: FeedSource {
    let feed: TransactionsFeed
    let afterNs: Int64?
    let clock: SimulatorClock

    var canWait: Bool { true }

    /// Longest wait without looking whether to stop, in nanoseconds.
    private static let longestWaitNs: Int64 = 20_000_000

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        let slotNs = TransactionStream.slotNs
        let nowNs = clock.nowNs()
        // The slot of the last operation may be stored in part: what is there already is dropped by its id.
        let startNs = min(max(nowNs - feed.historyNs, afterNs ?? 0), nowNs)
        let stream = TransactionStream(
            seed: feed.seed, rate: feed.rate, badShare: feed.badShare, repeatShare: feed.repeatShare)
        let sink = try output.sink(feed: status.name)
        try sink.begin(settings: feed.settings, ingestTime: Timestamp(nanoseconds: startNs))
        var slot = startNs / slotNs
        while !output.isCancelled {
            let endNs = (slot + 1) * slotNs
            let now = clock.nowNs()
            guard endNs <= now else {
                if status.snapshot.state != .live { status.set(.live) }
                clock.sleep(min(endNs - now, Self.longestWaitNs))
                continue
            }
            let isPast = now - endNs > 10 * slotNs
            if isPast, slot % 64 == 0 {
                status.set(.replaying, "filling the past")
                status.setProgress((endNs - startNs) / 1_000_000, of: (now - startNs) / 1_000_000)
            }
            for frame in stream.frames(slot) {
                try unsafe frame.withUnsafeBytes { bytes in
                    try unsafe sink.frame(bytes, ingestTime: Timestamp(nanoseconds: isPast ? endNs : max(endNs, now)))
                }
            }
            slot += 1
        }
    }
}

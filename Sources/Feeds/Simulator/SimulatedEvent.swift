/// A trade or a quote of the simulated market, in whole ticks and lots.
struct SimulatedEvent: BitwiseCopyable {
    /// Place of the instrument in `SimulatedInstrument.all`.
    var instrument: Int
    /// Nanoseconds since 1970 UTC, whole microseconds.
    var timeNs: Int64
    /// Rises by one per instrument; 0 for a quote.
    var tradeID: Int64 = 0
    /// The buyer took liquidity.
    var isBuy = false
    /// The trade's price or the bid, in ticks.
    var price: Int64
    /// The trade's size or the bid's, in lots.
    var size: Int64
    /// In ticks; 0 for a trade.
    var ask: Int64 = 0
    /// In lots; 0 for a trade.
    var askSize: Int64 = 0

    var isTrade: Bool { tradeID > 0 }
}

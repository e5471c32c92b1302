public import Market

/// Where a session of the market simulator stopped, so that the next goes on without a jump of prices or a hole in
/// the trade ids.
public struct SimulatorState: Sendable, Equatable {
    /// The last trade of one instrument.
    public struct LastTrade: Sendable, Equatable {
        public var price: Double
        /// The highest id delivered.
        public var tradeID: Int64

        public init(price: Double, tradeID: Int64) {
            self.price = price
            self.tradeID = tradeID
        }
    }

    /// The latest event time delivered, in nanoseconds since 1970 UTC.
    public var lastEventTimeNs: Int64
    /// Instruments that are missing start anew.
    public var lastTrades: [Instrument: LastTrade]

    public init(lastEventTimeNs: Int64, lastTrades: [Instrument: LastTrade]) {
        self.lastEventTimeNs = lastEventTimeNs
        self.lastTrades = lastTrades
    }
}

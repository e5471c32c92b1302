internal import Market
internal import Platform

/// A million trades as a busy minute has them, sorted by symbol and time.
///
/// A thousand instruments, the n-th traded 1/n as often as the first; prices walk in cents; times are whole
/// milliseconds as venues give them, receive times of ten trades are one; trade numbers count up by instrument.
struct BenchTrades {
    private static let instruments = 1000
    private static let startNs: Int64 = 1_767_225_600_000_000_000

    /// Where the prices and numbers of instruments are, from one stretch of trades to the next.
    final class Market {
        fileprivate var random = BenchRandom(seed: 42)
        fileprivate var trades = 0
        fileprivate var cents: [Int] = []
        fileprivate var tradeIDs: [Int64] = []

        fileprivate init() {}

        /// The next trades of the market.
        func next(_ rows: Int) -> BenchTrades { BenchTrades(rows: rows, of: self) }
    }

    let rows: Int
    private let market: Market
    private let batch = TradeBatch()
    private let dictionaries: BatchDictionaries
    private let eventTime = Column<Int64>()
    private let ingestTime = Column<Int64>()

    /// A market that opens.
    static func market() -> Market { Market() }

    init(rows: Int) { self.init(rows: rows, of: Market()) }

    private init(rows: Int, of market: Market) {
        self.rows = rows
        self.market = market
        let symbols = (0..<Self.instruments).map { "S" + String(10_000 + $0).dropFirst() }
        dictionaries = BatchDictionaries(
            venues: StringDictionary(values: symbols.indices.map { _ in "BENCH" }),
            symbols: StringDictionary(values: symbols), conditions: StringDictionary(values: ["@", "@ T", "@ F"]),
            feeds: StringDictionary(values: ["bench"]))
        let weights = (1...Self.instruments).map { 1 / Double($0) }
        var bounds: [Double] = []
        for weight in weights { bounds.append((bounds.last ?? 0) + weight) }
        // Which instrument comes when; popular ones are spread over the names.
        var picks: [[Int]] = Array(repeating: [], count: Self.instruments)
        for row in 0..<rows {
            let point = market.random.unit() * bounds[bounds.count - 1]
            var low = 0, high = bounds.count - 1
            while low < high {
                let middle = (low + high) / 2
                if bounds[middle] < point { low = middle + 1 } else { high = middle }
            }
            picks[low * 617 % Self.instruments].append(market.trades + row)
        }
        for (instrument, times) in picks.enumerated() { append(times, of: instrument) }
        market.trades += rows
        for row in 0..<rows {
            eventTime.append(batch.eventTimeNs[row] / 1000)
            ingestTime.append(batch.ingestTimeNs[row] / 1000)
        }
    }

    /// The trades of an instrument; each is the n-th of the market, which sees 100,000 a second.
    private func append(_ places: [Int], of instrument: Int) {
        var random = market.random
        defer { market.random = random }
        if market.cents.count == instrument {
            market.cents.append(1000 + random.below(50_000))
            market.tradeIDs.append(Int64(1_000_000 + random.below(1_000_000_000)))
        }
        var cents = market.cents[instrument]
        var tradeID = market.tradeIDs[instrument]
        defer { (market.cents[instrument], market.tradeIDs[instrument]) = (cents, tradeID) }
        for place in places {
            cents = max(100, cents + [-2, -1, -1, 0, 0, 0, 0, 1, 1, 2][random.below(10)])
            tradeID += 1
            let frame = place / 10
            let eventMs = Int64(place) / 100
            // Within a frame all is received at once, some milliseconds after the first trade.
            let receiveNs = Int64(frame) * 100_000 + Int64(truncatingIfNeeded: UInt64(frame) &* 2_654_435_761 % 99_991)
            batch.append(
                instrument: InstrumentID(instrument), eventTimeNs: Self.startNs + eventMs * 1_000_000,
                ingestTimeNs: Self.startNs + receiveNs + 3_000_000, price: Double(cents) / 100,
                size: Double(1 + random.below(500)), side: random.below(2) == 0 ? .buy : .sell, tradeID: tradeID,
                conditions: random.below(10) < 3 ? UInt32(random.below(3)) : ArrowColumn.missingIndex,
                journalOffset: Int64(frame), frameIndex: Int32(place % 10))
        }
    }

    /// The table's columns, derived ones too.
    var columns: [ArrowColumn] {
        var columns = batch.columns(dictionaries)
        columns.insert(ArrowColumn("event_time", .int64(eventTime)), at: 2)
        columns.insert(ArrowColumn("ingest_time", .int64(ingestTime)), at: 4)
        return columns
    }
}

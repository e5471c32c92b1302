internal import Market
internal import Platform

/// Measures the engine alone: decoded trades in, bars and indicators out.
///
/// A regression here means that the engine thread, not the disk or the decoder, limits what one machine can take in.
public enum AnalyticsBench {
    /// The figures of one run.
    public struct Report: Sendable {
        /// Trades taken in.
        public let rows: Int
        /// Wall time inside the engine.
        public let seconds: Double
        /// Processor time inside the engine, per trade.
        public let cpuNsPerRow: Double
        /// Final bars and indicator values that came out.
        public let bars: Int
        public let indicatorValues: Int

        /// Trades per second on one core.
        public var rowsPerSecond: Double { Double(rows) / seconds }
    }

    /// What is measured: bars of one second, one minute and one hour with SMA, RSI and ATR on each.
    public static let configuration: EngineConfiguration = {
        do {
            return try EngineConfiguration(
                intervals: [Interval(seconds: 1), Interval(seconds: 60), Interval(seconds: 3600)],
                indicators: [
                    IndicatorSpec(parsing: "sma(20)"), IndicatorSpec(parsing: "rsi(14)"),
                    IndicatorSpec(parsing: "atr(14)"),
                ])
        } catch {
            preconditionFailure("\(error)")
        }
    }()

    /// Runs the engine over synthetic trades: numbered, popular instruments more often (Zipf), a few percent out of
    /// order within the lateness.
    ///
    /// - Parameters:
    ///   - rows: trades in all.
    ///   - instruments: instruments, drawn with a weight of 1 / rank.
    ///   - tradesPerSecond: how many trades share a second of event time; fewer make more bars.
    ///   - batchRows: trades per batch.
    ///   - seed: the same seed makes the same trades.
    public static func bars(
        rows: Int = 20_000_000, instruments: Int = 1000, tradesPerSecond: Int = 50_000, batchRows: Int = 8192,
        seed: UInt64 = 1
    ) -> Report {
        let engine = Engine(configuration)
        let output = EngineOutput(configuration)
        let events = EventBatch()
        var market = Market(instruments: instruments, tradesPerSecond: tradesPerSecond, seed: seed)
        var wallNs: Int64 = 0
        var cpuNs: Int64 = 0
        var bars = 0
        var values = 0
        var done = 0
        while done < rows {
            events.removeAll()
            output.removeAll()
            market.append(min(batchRows, rows - done), to: events.trades)
            done += events.trades.count
            let cpu = Stopwatch.threadCPUNs()
            let watch = Stopwatch()
            engine.process(events, feed: 0, into: output)
            wallNs += watch.elapsedNs
            cpuNs += Stopwatch.threadCPUNs() - cpu
            bars += output.bars.count
            values += output.indicators.count
        }
        return Report(
            rows: done, seconds: Double(wallNs) / 1e9, cpuNsPerRow: Double(cpuNs) / Double(max(1, done)), bars: bars,
            indicatorValues: values)
    }

    /// Makes the trades.
    private struct Market {
        private var cumulative: [Double] = []
        private var prices: [Double]
        private var numbers: [Int64]
        private var state: UInt64
        private var count: Int64 = 0
        private let spacingNs: Int64

        init(instruments: Int, tradesPerSecond: Int, seed: UInt64) {
            var total = 0.0
            for rank in 1...max(1, instruments) {
                total += 1 / Double(rank)
                cumulative.append(total)
            }
            prices = (0..<cumulative.count).map { 10 + Double($0 % 977) }
            numbers = [Int64](repeating: 1, count: cumulative.count)
            state = seed
            spacingNs = 1_000_000_000 / Int64(max(1, tradesPerSecond))
        }

        /// - Source: Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014 (SplitMix64).
        private mutating func random() -> UInt64 {
            state &+= 0x9e37_79b9_7f4a_7c15
            var mixed = state
            mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
            mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
            return mixed ^ (mixed >> 31)
        }

        private mutating func instrument() -> Int {
            let drawn = Double(random() >> 11) / Double(1 << 53) * cumulative[cumulative.count - 1]
            var low = 0
            var high = cumulative.count - 1
            while low < high {
                let middle = (low + high) / 2
                if cumulative[middle] < drawn { low = middle + 1 } else { high = middle }
            }
            return low
        }

        mutating func append(_ rows: Int, to trades: TradeBatch) {
            for _ in 0..<rows {
                let instrument = instrument()
                let bits = random()
                let time = 1_700_000_000_000_000_000 + count * spacingNs
                let isBehind = bits & 31 == 0
                let eventTime = isBehind ? time - Int64(bits >> 8 & 0x3fff_ffff) : time
                prices[instrument] = max(1, prices[instrument] + Double(Int64(bits >> 40 & 7) - 3) * 0.01)
                trades.append(
                    instrument: InstrumentID(instrument), eventTimeNs: eventTime, ingestTimeNs: time + 1_000_000,
                    price: prices[instrument], size: Double(bits >> 44 & 255), tradeID: numbers[instrument],
                    journalOffset: count / 4, frameIndex: Int32(count % 4))
                numbers[instrument] += 1
                count += 1
            }
        }
    }
}

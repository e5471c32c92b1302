internal import Analytics
internal import Market
internal import Platform
internal import Serving

/// Publishes what the engine made of a block to the live stream.
///
/// While the market is live every event is sent. While the engine catches up (replay at full speed, a restart) there are
/// far more events than anybody can look at: then only the latest of each instrument is sent, twenty times a second.
struct LivePublisher {
    /// Rows of one block beyond which only the latest of each instrument is sent.
    static let rowsMax = 2000
    private static let conflatedNs: Int64 = 50_000_000
    private static let openBarsNs: Int64 = 100_000_000

    private let stream: LiveStream
    private let changed: BarBatch
    private var lastConflatedNs: Int64 = 0
    private var lastOpenBarsNs: Int64 = 0
    private var seen: [Bool] = []

    init(_ stream: LiveStream, _ configuration: EngineConfiguration) {
        self.stream = stream
        changed = BarBatch(intervals: configuration.intervalNames)
    }

    /// Rows of a step before a block was processed.
    struct Position {
        let trades: Int
        let quotes: Int
        let bars: Int
        let indicators: Int

        init(_ step: Step) {
            trades = step.events.trades.count
            quotes = step.events.quotes.count
            bars = step.output.bars.count
            indicators = step.output.indicators.count
        }
    }

    mutating func publish(_ step: Step, since start: Position, engine: Engine, instruments: InstrumentTable) {
        let now = Stopwatch.monotonicNs()
        let trades = step.events.trades
        let quotes = step.events.quotes
        if stream.clientCount > 0 {
            if trades.count - start.trades + quotes.count - start.quotes <= Self.rowsMax {
                stream.publish(trades, rows: Array(start.trades..<trades.count), instruments: instruments)
                stream.publish(quotes, rows: Array(start.quotes..<quotes.count), instruments: instruments)
            } else if now - lastConflatedNs >= Self.conflatedNs {
                lastConflatedNs = now
                let lastTrades = latest(trades.instrument, from: start.trades)
                stream.publish(trades, rows: lastTrades, instruments: instruments)
                let lastQuotes = latest(quotes.instrument, from: start.quotes)
                stream.publish(quotes, rows: lastQuotes, instruments: instruments)
            }
            stream.publish(step.output.bars, from: start.bars, instruments: instruments)
            stream.publish(step.output.indicators, from: start.indicators, instruments: instruments)
        }
        if now - lastOpenBarsNs >= Self.openBarsNs {
            lastOpenBarsNs = now
            engine.changedBars(into: changed)
            stream.publish(changed, from: 0, instruments: instruments)
            changed.removeAll()
        }
    }

    /// The last row of each instrument, in order.
    private mutating func latest(_ instruments: Column<InstrumentID>, from start: Int) -> [Int] {
        var rows: [Int] = []
        for index in seen.indices { seen[index] = false }
        for row in (start..<instruments.count).reversed() {
            let instrument = Int(instruments[row])
            while seen.count <= instrument { seen.append(false) }
            if seen[instrument] { continue }
            seen[instrument] = true
            rows.append(row)
        }
        return rows.reversed()
    }
}

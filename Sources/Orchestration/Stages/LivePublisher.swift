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
    /// The latest rows of a block, and the call of `findLatest` that saw an instrument last.
    private var latest: [Int] = []
    private var seen: [Int] = []
    private var call = 0

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

    /// Publishes what `step` gained since `start`; `nowNs` is of the monotonic clock.
    mutating func publish(
        _ step: Step, since start: Position, engine: Engine, instruments: InstrumentTable,
        nowNs now: Int64 = Stopwatch.monotonicNs()
    ) {
        let trades = step.events.trades
        let quotes = step.events.quotes
        if stream.clientCount > 0 {
            if trades.count - start.trades + quotes.count - start.quotes <= Self.rowsMax {
                stream.publish(trades, rows: start.trades..<trades.count, instruments: instruments)
                stream.publish(quotes, rows: start.quotes..<quotes.count, instruments: instruments)
            } else if now - lastConflatedNs >= Self.conflatedNs {
                lastConflatedNs = now
                findLatest(trades.instrument, from: start.trades)
                stream.publish(trades, rows: latest, instruments: instruments)
                findLatest(quotes.instrument, from: start.quotes)
                stream.publish(quotes, rows: latest, instruments: instruments)
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

    /// Puts the last row of each instrument into `latest`, in order.
    private mutating func findLatest(_ instruments: Column<InstrumentID>, from start: Int) {
        latest.removeAll(keepingCapacity: true)
        call += 1
        for row in (start..<instruments.count).reversed() {
            let instrument = Int(instruments[row])
            while seen.count <= instrument { seen.append(0) }
            if seen[instrument] == call { continue }
            seen[instrument] = call
            latest.append(row)
        }
        latest.reverse()
    }
}

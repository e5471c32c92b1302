public import Platform
internal import Synchronization

/// The latest state of every instrument: last trade, top of book, and the figures of the current UTC day.
///
/// State is a pure function of the events applied, in their order; it is part of the checkpoint.
/// - Threading: one thread applies; any thread reads. One lock per batch.
public final class MarketBoard: Sendable {
    /// One instrument's line. Prices are NaN and times `Int64.min` until the first event.
    public struct Line: Sendable, Equatable {
        public var feed: UInt32 = 0
        public var lastPrice = Double.nan
        public var lastSize = Double.nan
        public var bid = Double.nan
        public var ask = Double.nan
        /// Event time of the latest event, in nanoseconds.
        public var eventTimeNs = Int64.min
        /// Days since 1970 of the day that the following fields describe.
        public var day = Int64.min
        public var open = Double.nan
        public var high = Double.nan
        public var low = Double.nan
        public var volume = 0.0
        public var trades: Int64 = 0

        public init() {}

        /// Last price less the day's open, in price units.
        public var change: Double { lastPrice - open }
    }

    private let lines = Mutex<[Line]>([])

    public init() {}

    /// Applies the trades and quotes of one feed from the given rows on.
    public func apply(_ events: EventBatch, tradesFrom: Int, quotesFrom: Int, feed: UInt32) {
        let highest = max(
            Self.highest(events.trades.instrument, from: tradesFrom),
            Self.highest(events.quotes.instrument, from: quotesFrom))
        lines.withLock { lines in
            while lines.count <= highest { lines.append(Line()) }
            var day = Day()
            for row in tradesFrom..<events.trades.count {
                let index = Int(events.trades.instrument[row])
                Self.applyTrade(events.trades, row, feed, &day, &lines[index])
            }
            for row in quotesFrom..<events.quotes.count {
                let index = Int(events.quotes.instrument[row])
                Self.applyQuote(events.quotes, row, feed, &lines[index])
            }
        }
    }

    /// The highest instrument number from a row on; -1 where there is none.
    private static func highest(_ instruments: Column<InstrumentID>, from start: Int) -> Int {
        var highest = -1
        for row in start..<instruments.count { highest = max(highest, Int(instruments[row])) }
        return highest
    }

    /// The UTC day of the last time that was asked for: most times are of the same one.
    private struct Day {
        private var number: Int64 = 0
        private var startNs: Int64 = .max
        private var endNs: Int64 = .min

        mutating func number(of timeNs: Int64) -> Int64 {
            if timeNs < startNs || timeNs >= endNs {
                number = timeNs / Timestamp.nanosecondsPerDay
                startNs = number * Timestamp.nanosecondsPerDay
                endNs = startNs &+ (timeNs < 0 ? 0 : Timestamp.nanosecondsPerDay)
            }
            return number
        }
    }

    private static func applyTrade(
        _ trades: TradeBatch, _ row: Int, _ feed: UInt32, _ days: inout Day, _ line: inout Line
    ) {
        let price = trades.price[row]
        let time = trades.eventTimeNs[row]
        let day = days.number(of: time)
        line.feed = feed
        if day > line.day {
            line.day = day
            line.open = price
            line.high = price
            line.low = price
            line.volume = 0
            line.trades = 0
        }
        if day == line.day {
            line.high = max(line.high, price)
            line.low = min(line.low, price)
            line.volume += trades.size[row]
            line.trades += 1
        }
        if time >= line.eventTimeNs || line.lastPrice.isNaN {
            line.lastPrice = price
            line.lastSize = trades.size[row]
            line.eventTimeNs = max(line.eventTimeNs, time)
        }
    }

    private static func applyQuote(_ quotes: QuoteBatch, _ row: Int, _ feed: UInt32, _ line: inout Line) {
        line.feed = feed
        if !quotes.bid[row].isNaN { line.bid = quotes.bid[row] }
        if !quotes.ask[row].isNaN { line.ask = quotes.ask[row] }
        if QuoteFlags(rawValue: quotes.flags[row]).contains(.timeOfReceipt) { return }
        line.eventTimeNs = max(line.eventTimeNs, quotes.eventTimeNs[row])
    }

    /// The lines by instrument number, as they are now.
    public func snapshot() -> [Line] { lines.withLock { $0 } }

    /// Writes the board for a checkpoint.
    public func encode(into writer: inout BinaryWriter) {
        let lines = snapshot()
        writer.write(UInt32(lines.count))
        for line in lines {
            writer.write(line.feed)
            for value in [
                line.lastPrice, line.lastSize, line.bid, line.ask, line.open, line.high, line.low, line.volume,
            ] {
                writer.write(value)
            }
            for value in [line.eventTimeNs, line.day, line.trades] { writer.write(value) }
        }
    }

    /// Replaces the board by what `encode` wrote.
    public func restore(from reader: inout BinaryReader) throws(BinaryReaderError) {
        var restored: [Line] = []
        for _ in 0..<(try reader.read(UInt32.self)) {
            var line = Line()
            line.feed = try reader.read()
            line.lastPrice = try reader.readDouble()
            line.lastSize = try reader.readDouble()
            line.bid = try reader.readDouble()
            line.ask = try reader.readDouble()
            line.open = try reader.readDouble()
            line.high = try reader.readDouble()
            line.low = try reader.readDouble()
            line.volume = try reader.readDouble()
            line.eventTimeNs = try reader.read()
            line.day = try reader.read()
            line.trades = try reader.read()
            restored.append(line)
        }
        lines.withLock { $0 = restored }
    }
}

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
        lines.withLock { lines in
            for row in tradesFrom..<events.trades.count {
                Self.applyTrade(events.trades, row, feed, &lines)
            }
            for row in quotesFrom..<events.quotes.count {
                Self.applyQuote(events.quotes, row, feed, &lines)
            }
        }
    }

    private static func grow(_ lines: inout [Line], to index: Int) {
        while lines.count <= index { lines.append(Line()) }
    }

    private static func applyTrade(_ trades: TradeBatch, _ row: Int, _ feed: UInt32, _ lines: inout [Line]) {
        let index = Int(trades.instrument[row])
        grow(&lines, to: index)
        let price = trades.price[row]
        let time = trades.eventTimeNs[row]
        let day = time / Timestamp.nanosecondsPerDay
        lines[index].feed = feed
        if day > lines[index].day {
            lines[index].day = day
            lines[index].open = price
            lines[index].high = price
            lines[index].low = price
            lines[index].volume = 0
            lines[index].trades = 0
        }
        if day == lines[index].day {
            lines[index].high = max(lines[index].high, price)
            lines[index].low = min(lines[index].low, price)
            lines[index].volume += trades.size[row]
            lines[index].trades += 1
        }
        if time >= lines[index].eventTimeNs || lines[index].lastPrice.isNaN {
            lines[index].lastPrice = price
            lines[index].lastSize = trades.size[row]
            lines[index].eventTimeNs = max(lines[index].eventTimeNs, time)
        }
    }

    private static func applyQuote(_ quotes: QuoteBatch, _ row: Int, _ feed: UInt32, _ lines: inout [Line]) {
        let index = Int(quotes.instrument[row])
        grow(&lines, to: index)
        lines[index].feed = feed
        if !quotes.bid[row].isNaN { lines[index].bid = quotes.bid[row] }
        if !quotes.ask[row].isNaN { lines[index].ask = quotes.ask[row] }
        if QuoteFlags(rawValue: quotes.flags[row]).contains(.timeOfReceipt) { return }
        lines[index].eventTimeNs = max(lines[index].eventTimeNs, quotes.eventTimeNs[row])
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

public import Platform

/// Bars as columns.
public final class BarBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public var schema: TableSchema { Tables.bars }

    public let instrument = Column<InstrumentID>()
    /// Numbers in `texts` of who made the bar.
    public let source = Column<UInt32>()
    /// `PriceType` raw values.
    public let priceType = Column<UInt8>()
    /// Places in `intervals`.
    public let interval = Column<UInt8>()
    public let startNs = Column<Int64>()
    public let open = Column<Double>()
    public let high = Column<Double>()
    public let low = Column<Double>()
    public let close = Column<Double>()
    public let volume = Column<Double>()
    public let vwap = Column<Double>()
    public let adjustedClose = Column<Double>()
    public let trades = Column<Int64>()
    public let isFinal = Column<UInt8>()
    public let revision = Column<Int32>()
    public let journalOffset = Column<Int64>()
    /// Texts of the intervals, by place.
    public let intervals: StringDictionary
    /// Numbers of the sources' names.
    public let texts: StringTable
    /// The number of bars made here.
    public let ownSource: UInt32
    /// The source of bars made here.
    public static let ownSourceName = "tapedeck"

    /// - Parameter texts: shared by all batches of an engine.
    public init(intervals: StringDictionary, texts: StringTable = StringTable()) {
        self.intervals = intervals
        self.texts = texts
        ownSource = texts.intern(Self.ownSourceName)
    }

    public var count: Int { startNs.count }

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        [
            .init("venue", .dictionary(indices: instrument, dictionaries.venues)),
            .init("symbol", .dictionary(indices: instrument, dictionaries.symbols)),
            .init("source", .dictionary(indices: source, texts.snapshot())),
            .init("price_type", .dictionary8(indices: priceType, PriceType.names)),
            .init("interval", .dictionary8(indices: interval, intervals)),
            .init("start_ns", .int64(startNs)),
            .init("open", .float64(open)),
            .init("high", .float64(high)),
            .init("low", .float64(low)),
            .init("close", .float64(close)),
            .init("volume", .float64(volume)),
            .init("vwap", .float64(vwap), nullable: true),
            .init("adjusted_close", .float64(adjustedClose), nullable: true),
            .init("trades", .int64(trades)),
            .init("final", .boolean(isFinal)),
            .init("revision", .int32(revision)),
            .init("journal_offset", .int64(journalOffset)),
        ]
    }

    /// Appends a bar made here.
    public func append(_ bar: Bar) { append(bar, source: ownSource, adjustedClose: .nan) }

    /// Appends a bar of a vendor.
    ///
    /// - Parameters:
    ///   - source: number of the vendor's name in `texts`.
    ///   - adjustedClose: close after later splits and dividends; NaN where the vendor does not tell.
    public func append(_ bar: Bar, source: UInt32, adjustedClose: Double) {
        instrument.append(bar.instrument)
        self.source.append(source)
        self.adjustedClose.append(adjustedClose)
        priceType.append(bar.priceType.rawValue)
        interval.append(bar.interval)
        startNs.append(bar.startNs)
        open.append(bar.open)
        high.append(bar.high)
        low.append(bar.low)
        close.append(bar.close)
        volume.append(bar.volume)
        vwap.append(bar.vwap)
        trades.append(bar.trades)
        isFinal.append(bar.isFinal ? 1 : 0)
        revision.append(bar.revision)
        journalOffset.append(bar.journalOffset)
    }

    /// The bar in row `index`.
    public subscript(index: Int) -> Bar {
        Bar(
            instrument: instrument[index], priceType: PriceType(rawValue: priceType[index]) ?? .trade,
            interval: interval[index], startNs: startNs[index], open: open[index], high: high[index], low: low[index],
            close: close[index], volume: volume[index], vwap: vwap[index], trades: trades[index],
            isFinal: isFinal[index] != 0, revision: revision[index], journalOffset: journalOffset[index])
    }

    /// Drops rows.
    ///
    /// - Parameters:
    ///   - start: rows before it stay.
    ///   - isKept: for each row from `start` on, whether it stays.
    public func keep(from start: Int, _ isKept: [Bool]) {
        precondition(isKept.count == count - start, "one decision per row")
        Self.keep([startNs, trades, journalOffset], from: start, isKept)
        Self.keep([open, high, low, close, volume, vwap, adjustedClose], from: start, isKept)
        Self.keep([priceType, interval, isFinal], from: start, isKept)
        Self.keep([instrument, source], from: start, isKept)
        Self.keep([revision], from: start, isKept)
    }

    private static func keep<T>(_ columns: [Column<T>], from start: Int, _ isKept: [Bool]) {
        for column in columns {
            var target = start
            for (place, isKept) in isKept.enumerated() where isKept {
                column[target] = column[start + place]
                target += 1
            }
            column.truncateOrExtend(to: target)
        }
    }

    public func removeAll() {
        for column in [startNs, trades, journalOffset] { column.removeAll() }
        for column in [open, high, low, close, volume, vwap, adjustedClose] { column.removeAll() }
        for column in [priceType, interval, isFinal] { column.removeAll() }
        instrument.removeAll()
        source.removeAll()
        revision.removeAll()
    }
}

/// Open, high, low and close over an interval.
public struct Bar: Sendable, Equatable {
    public var instrument: InstrumentID
    public var priceType: PriceType
    /// Place in the configured list of intervals.
    public var interval: UInt8
    /// Start in nanoseconds since 1970 UTC; the end is exclusive.
    public var startNs: Int64
    public var open: Double
    public var high: Double
    public var low: Double
    public var close: Double
    public var volume: Double
    /// NaN where there is no volume.
    public var vwap: Double
    /// Events in the bar.
    public var trades: Int64
    public var isFinal: Bool
    public var revision: Int32
    public var journalOffset: Int64

    public init(
        instrument: InstrumentID, priceType: PriceType, interval: UInt8, startNs: Int64, open: Double, high: Double,
        low: Double, close: Double, volume: Double, vwap: Double, trades: Int64, isFinal: Bool, revision: Int32,
        journalOffset: Int64
    ) {
        self.instrument = instrument
        self.priceType = priceType
        self.interval = interval
        self.startNs = startNs
        self.open = open
        self.high = high
        self.low = low
        self.close = close
        self.volume = volume
        self.vwap = vwap
        self.trades = trades
        self.isFinal = isFinal
        self.revision = revision
        self.journalOffset = journalOffset
    }
}

/// What the prices of a bar are.
public enum PriceType: UInt8, Sendable, CaseIterable {
    case trade = 0
    case bid = 1
    case ask = 2

    /// The name in tables, configuration and the API.
    public var name: String { "\(self)" }
    static let names = StringDictionary(values: allCases.map(\.name))
}

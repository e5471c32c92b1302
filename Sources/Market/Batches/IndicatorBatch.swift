public import Platform

/// Indicator values as columns.
public final class IndicatorBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public var schema: TableSchema { Tables.indicators }

    public let instrument = Column<InstrumentID>()
    public let priceType = Column<UInt8>()
    public let interval = Column<UInt8>()
    public let startNs = Column<Int64>()
    /// Places in `names`.
    public let name = Column<UInt8>()
    public let value = Column<Double>()
    public let journalOffset = Column<Int64>()
    public let intervals: StringDictionary
    /// Names with parameters, for example `sma(20)`, by place.
    public let names: StringDictionary

    public init(intervals: StringDictionary, names: StringDictionary) {
        self.intervals = intervals
        self.names = names
    }

    public var count: Int { startNs.count }

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        [
            .init("venue", .dictionary(indices: instrument, dictionaries.venues)),
            .init("symbol", .dictionary(indices: instrument, dictionaries.symbols)),
            .init("price_type", .dictionary8(indices: priceType, PriceType.names)),
            .init("interval", .dictionary8(indices: interval, intervals)),
            .init("start_ns", .int64(startNs)),
            .init("name", .dictionary8(indices: name, names)),
            .init("value", .float64(value)),
            .init("journal_offset", .int64(journalOffset)),
        ]
    }

    public func append(
        instrument: InstrumentID, priceType: PriceType, interval: UInt8, startNs: Int64, name: UInt8, value: Double,
        journalOffset: Int64
    ) {
        self.instrument.append(instrument)
        self.priceType.append(priceType.rawValue)
        self.interval.append(interval)
        self.startNs.append(startNs)
        self.name.append(name)
        self.value.append(value)
        self.journalOffset.append(journalOffset)
    }

    public func removeAll() {
        for column in [startNs, journalOffset] { column.removeAll() }
        for column in [priceType, interval, name] { column.removeAll() }
        instrument.removeAll()
        value.removeAll()
    }
}

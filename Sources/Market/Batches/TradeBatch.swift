public import Platform

/// Trades as columns.
public final class TradeBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public var schema: TableSchema { Tables.trades }

    public let instrument = Column<InstrumentID>()
    public let eventTimeNs = Column<Int64>()
    public let ingestTimeNs = Column<Int64>()
    public let price = Column<Double>()
    public let size = Column<Double>()
    /// `Side` raw values.
    public let side = Column<UInt8>()
    public let tradeID = Column<Int64>()
    /// Numbers of a `StringTable` of condition texts.
    public let conditions = Column<UInt32>()
    public let journalOffset = Column<Int64>()
    public let frameIndex = Column<Int32>()

    public init() {}

    public var count: Int { eventTimeNs.count }

    private static let sides = StringDictionary(values: ["buy", "sell"])

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        [
            .init("venue", .dictionary(indices: instrument, dictionaries.venues)),
            .init("symbol", .dictionary(indices: instrument, dictionaries.symbols)),
            .init("event_time_ns", .int64(eventTimeNs)),
            .init("ingest_time_ns", .int64(ingestTimeNs)),
            .init("price", .float64(price)),
            .init("size", .float64(size)),
            .init("side", .dictionary8(indices: side, Self.sides), nullable: true),
            .init("trade_id", .int64(tradeID), nullable: true),
            .init("conditions", .dictionary(indices: conditions, dictionaries.conditions), nullable: true),
            .init("journal_offset", .int64(journalOffset)),
            .init("frame_index", .int32(frameIndex)),
        ]
    }

    public func append(
        instrument: InstrumentID, eventTimeNs: Int64, ingestTimeNs: Int64, price: Double, size: Double,
        side: Side = .unknown, tradeID: Int64 = ArrowColumn.missingInt64,
        conditions: UInt32 = ArrowColumn.missingIndex, journalOffset: Int64, frameIndex: Int32
    ) {
        self.instrument.append(instrument)
        self.eventTimeNs.append(eventTimeNs)
        self.ingestTimeNs.append(ingestTimeNs)
        self.price.append(price)
        self.size.append(size)
        self.side.append(side.rawValue)
        self.tradeID.append(tradeID)
        self.conditions.append(conditions)
        self.journalOffset.append(journalOffset)
        self.frameIndex.append(frameIndex)
    }

    public func removeAll() { truncate(to: 0) }

    /// Keeps the first `count` rows.
    public func truncate(to count: Int) {
        instrument.truncateOrExtend(to: count)
        eventTimeNs.truncateOrExtend(to: count)
        ingestTimeNs.truncateOrExtend(to: count)
        price.truncateOrExtend(to: count)
        size.truncateOrExtend(to: count)
        side.truncateOrExtend(to: count)
        tradeID.truncateOrExtend(to: count)
        conditions.truncateOrExtend(to: count)
        journalOffset.truncateOrExtend(to: count)
        frameIndex.truncateOrExtend(to: count)
    }

    /// Copies row `source` over row `target`: drops what lies between when followed by `truncate`.
    public func moveRow(from source: Int, to target: Int) {
        guard source != target else { return }
        instrument[target] = instrument[source]
        eventTimeNs[target] = eventTimeNs[source]
        ingestTimeNs[target] = ingestTimeNs[source]
        price[target] = price[source]
        size[target] = size[source]
        side[target] = side[source]
        tradeID[target] = tradeID[source]
        conditions[target] = conditions[source]
        journalOffset[target] = journalOffset[source]
        frameIndex[target] = frameIndex[source]
    }
}

/// Who took liquidity.
public enum Side: UInt8, Sendable {
    case buy = 0
    case sell = 1
    /// Not told; stored as null.
    case unknown = 255

    /// The name in tables and the API; nil where unknown.
    public var name: String? {
        switch self {
        case .buy: "buy"
        case .sell: "sell"
        case .unknown: nil
        }
    }
}

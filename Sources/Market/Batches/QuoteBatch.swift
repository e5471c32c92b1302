public import Platform

/// Quotes as columns.
public final class QuoteBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public var schema: TableSchema { Tables.quotes }

    public let instrument = Column<InstrumentID>()
    public let eventTimeNs = Column<Int64>()
    public let ingestTimeNs = Column<Int64>()
    /// NaN where that side is missing; sizes likewise.
    public let bid = Column<Double>()
    public let ask = Column<Double>()
    public let bidSize = Column<Double>()
    public let askSize = Column<Double>()
    public let updateID = Column<Int64>()
    /// `QuoteFlags` raw values.
    public let flags = Column<Int32>()
    /// Price and size of the last trade as a terminal shows them beside the quote; NaN where it shows none.
    public let last = Column<Double>()
    public let lastSize = Column<Double>()
    public let journalOffset = Column<Int64>()
    public let frameIndex = Column<Int32>()

    public init() {}

    public var count: Int { eventTimeNs.count }

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        [
            .init("venue", .dictionary(indices: instrument, dictionaries.venues)),
            .init("symbol", .dictionary(indices: instrument, dictionaries.symbols)),
            .init("event_time_ns", .int64(eventTimeNs)),
            .init("ingest_time_ns", .int64(ingestTimeNs)),
            .init("bid", .float64(bid), nullable: true),
            .init("ask", .float64(ask), nullable: true),
            .init("bid_size", .float64(bidSize), nullable: true),
            .init("ask_size", .float64(askSize), nullable: true),
            .init("update_id", .int64(updateID), nullable: true),
            .init("flags", .int32(flags)),
            .init("last", .float64(last), nullable: true),
            .init("last_size", .float64(lastSize), nullable: true),
            .init("journal_offset", .int64(journalOffset)),
            .init("frame_index", .int32(frameIndex)),
        ]
    }

    public func append(
        instrument: InstrumentID, eventTimeNs: Int64, ingestTimeNs: Int64, bid: Double, ask: Double,
        bidSize: Double = .nan, askSize: Double = .nan, updateID: Int64 = ArrowColumn.missingInt64,
        flags: QuoteFlags = [], last: Double = .nan, lastSize: Double = .nan, journalOffset: Int64, frameIndex: Int32
    ) {
        self.instrument.append(instrument)
        self.eventTimeNs.append(eventTimeNs)
        self.ingestTimeNs.append(ingestTimeNs)
        self.bid.append(bid)
        self.ask.append(ask)
        self.bidSize.append(bidSize)
        self.askSize.append(askSize)
        self.updateID.append(updateID)
        self.flags.append(flags.union(.of(bid: bid, ask: ask)).rawValue)
        self.last.append(last)
        self.lastSize.append(lastSize)
        self.journalOffset.append(journalOffset)
        self.frameIndex.append(frameIndex)
    }

    public func removeAll() { truncate(to: 0) }

    /// Keeps the first `count` rows.
    public func truncate(to count: Int) {
        instrument.truncateOrExtend(to: count)
        eventTimeNs.truncateOrExtend(to: count)
        ingestTimeNs.truncateOrExtend(to: count)
        bid.truncateOrExtend(to: count)
        ask.truncateOrExtend(to: count)
        bidSize.truncateOrExtend(to: count)
        askSize.truncateOrExtend(to: count)
        updateID.truncateOrExtend(to: count)
        flags.truncateOrExtend(to: count)
        last.truncateOrExtend(to: count)
        lastSize.truncateOrExtend(to: count)
        journalOffset.truncateOrExtend(to: count)
        frameIndex.truncateOrExtend(to: count)
    }

    /// Copies row `source` over row `target`: drops what lies between when followed by `truncate`.
    public func moveRow(from source: Int, to target: Int) {
        guard source != target else { return }
        instrument[target] = instrument[source]
        eventTimeNs[target] = eventTimeNs[source]
        ingestTimeNs[target] = ingestTimeNs[source]
        bid[target] = bid[source]
        ask[target] = ask[source]
        bidSize[target] = bidSize[source]
        askSize[target] = askSize[source]
        updateID[target] = updateID[source]
        flags[target] = flags[source]
        last[target] = last[source]
        lastSize[target] = lastSize[source]
        journalOffset[target] = journalOffset[source]
        frameIndex[target] = frameIndex[source]
    }
}

/// What is remarkable about a quote.
public struct QuoteFlags: OptionSet, Sendable {
    public let rawValue: Int32
    public init(rawValue: Int32) { self.rawValue = rawValue }

    /// The bid is above the ask.
    public static let crossed = QuoteFlags(rawValue: 1)
    /// The bid equals the ask.
    public static let locked = QuoteFlags(rawValue: 2)
    /// Only one side is present.
    public static let oneSided = QuoteFlags(rawValue: 4)
    /// The venue gave no time; the event time is the receive time.
    public static let timeOfReceipt = QuoteFlags(rawValue: 8)
    /// What a MetaTrader 5 terminal says that a tick has changed (2 bid, 4 ask, 8 last, 16 volume, 32 buy, 64 sell)
    /// stands here times this.
    public static let terminalScale: Int32 = 256

    /// The flags that follow from the prices (NaN = missing).
    public static func of(bid: Double, ask: Double) -> QuoteFlags {
        if bid.isNaN || ask.isNaN { return .oneSided }
        return bid > ask ? .crossed : bid == ask ? .locked : []
    }
}

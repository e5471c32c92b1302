/// What a decoder makes of frames: events in the order of the journal, and what was rejected.
///
/// - Order: rows of each kind rise by (journal offset, frame index); trades and quotes of one frame share the index.
public final class EventBatch: @unchecked Sendable {  // one owner at a time
    public let trades = TradeBatch()
    public let quotes = QuoteBatch()
    public let deadLetters = DeadLetterBatch()
    /// Bars as vendors state them, of the intervals in `vendorIntervals`; the engine gives them their revisions. A
    /// decoder makes these or trades and quotes, not both.
    public let vendorBars: BarBatch
    public let quoteSnapshots: RecordBatch
    public let transactions: RecordBatch
    public let deals: RecordBatch
    public let positions: RecordBatch
    public let instruments: RecordBatch
    public let corporateActions: RecordBatch
    public let diagnostics: RecordBatch
    public let logs: RecordBatch
    /// Those of `Tables.records`, in that order.
    public let records: [RecordBatch]
    /// Numbers of category texts.
    public let texts: StringTable
    /// Messages that are valid but not of a subscribed kind (book depth, pings, replies).
    public var ignored = 0

    /// Lengths of bars that vendors give, by place in `BarBatch.intervals` of `vendorBars`; a week starts on Monday.
    public static let vendorIntervals = StringDictionary(
        values: ["1m", "5m", "10m", "15m", "30m", "1h", "4h", "1d", "1w", "1mo"])

    /// - Parameter texts: shared by all batches of an engine.
    public init(texts: StringTable = StringTable()) {
        self.texts = texts
        vendorBars = BarBatch(intervals: Self.vendorIntervals, texts: texts)
        quoteSnapshots = RecordBatch(Tables.quoteSnapshots, texts: texts)
        transactions = RecordBatch(Tables.transactions, texts: texts)
        deals = RecordBatch(Tables.deals, texts: texts)
        positions = RecordBatch(Tables.positions, texts: texts)
        instruments = RecordBatch(Tables.instruments, texts: texts)
        corporateActions = RecordBatch(Tables.corporateActions, texts: texts)
        diagnostics = RecordBatch(Tables.diagnostics, texts: texts)
        logs = RecordBatch(Tables.logs, texts: texts)
        records = [
            quoteSnapshots, transactions, deals, positions, instruments, corporateActions, diagnostics, logs,
        ]
    }

    public func removeAll() {
        trades.removeAll()
        quotes.removeAll()
        deadLetters.removeAll()
        vendorBars.removeAll()
        for batch in records { batch.removeAll() }
        ignored = 0
    }
}

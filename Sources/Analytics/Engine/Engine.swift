public import Market
internal import Platform

/// Turns decoded events into bars and indicators: drops what was seen before, follows event time, closes bars.
///
/// The state is a pure function of the calls in the order of the journal. Output, counters and checkpoints are
/// bit-identical however the events are cut into batches and wherever a checkpoint was taken and restored.
///
/// Rules, in the order in which they apply to an event:
/// 1. *Identity.* A trade whose number was seen for its instrument, or a quote whose update number was, is dropped from
///    the batch. Events without a number are never dropped.
/// 2. *Future.* An event more than the tolerance after its receipt goes to the table only.
/// 3. *Watermark.* The feed's latest event time less the lateness. A bar is final once the watermark reaches its end; it
///    is emitted once, tagged with the journal offset that caused it.
/// 4. *Late.* An event behind the watermark counts as late. It still changes bars whose end lies ahead of the watermark.
/// 5. *Bars.* Open and close are the first and the last price by event time, of equal times by arrival. Changes after
///    the feed's latest event time has passed the end count as revisions. Intervals without events have no bar.
/// - Threading: one owner at a time.
public final class Engine: @unchecked Sendable {  // one owner at a time, by contract
    public let configuration: EngineConfiguration
    private var tradeDeduplicator: TradeDeduplicator
    private var quoteDeduplicator: QuoteDeduplicator
    private var records: [RecordStore]
    private var vendorBars: VendorBars
    private var ledger: CoverageLedger
    private let names: EngineNames
    private var feeds: [FeedState?] = []

    /// A place for a deduplicator in a list.
    private final class RecordStore {
        var deduplicator: RecordDeduplicator
        init(_ deduplicator: consuming RecordDeduplicator) { self.deduplicator = deduplicator }
    }

    /// Tables of records, from the first on, whose state is in a checkpoint. Those of the program itself have none.
    private static let remembering = Tables.records.count - Tables.program.count

    /// - Parameter names: what the numbers in the columns stand for.
    public init(_ configuration: EngineConfiguration, names: EngineNames = .numbers) {
        records = Tables.records.map { RecordStore(RecordDeduplicator($0)) }
        vendorBars = VendorBars(configuration)
        ledger = CoverageLedger(configuration, names)
        self.configuration = configuration
        self.names = names
        tradeDeduplicator = TradeDeduplicator(configuration)
        quoteDeduplicator = QuoteDeduplicator(configuration)
    }

    private func state(of feed: UInt32) -> FeedState {
        while feeds.count <= Int(feed) { feeds.append(nil) }
        if let known = feeds[Int(feed)] { return known }
        let state = FeedState(configuration, names)
        feeds[Int(feed)] = state
        return state
    }

    private func known(_ feed: UInt32) -> FeedState? { Int(feed) < feeds.count ? feeds[Int(feed)] : nil }

    // MARK: Sessions

    /// A session of a feed starts.
    ///
    /// - Parameters:
    ///   - continues: true for a live feed that connects again: open bars stay open. False for a recording: bars that an
    ///     unfinished session left open become final, and event time may start anywhere.
    ///   - connection: which one of the feed.
    public func begin(
        feed: UInt32, continues: Bool, connection: ConnectionLabel = ConnectionLabel(), ingestTimeNs: Int64,
        journalOffset: Int64, into output: EngineOutput
    ) {
        let state = state(of: feed)
        state.session &+= 1
        if !continues { state.end(journalOffset: journalOffset, into: output) }
        ledger.begin(
            feed: feed, continues: continues, connection, ingestTimeNs: ingestTimeNs, journalOffset: journalOffset,
            into: output.coverage)
    }

    /// A live feed lost a connection; its session goes on.
    public func lost(
        feed: UInt32, connection: ConnectionLabel, reason: String, ingestTimeNs: Int64, journalOffset: Int64,
        into output: EngineOutput
    ) {
        ledger.lost(
            feed: feed, connection, reason: reason, ingestTimeNs: ingestTimeNs, journalOffset: journalOffset,
            into: output.coverage)
        state(of: feed).heartbeat(ingestTimeNs: ingestTimeNs, journalOffset: journalOffset, into: output)
    }

    /// A session's data is over: its open bars become final, and event time may start anywhere.
    public func end(feed: UInt32, journalOffset: Int64, into output: EngineOutput) {
        state(of: feed).end(journalOffset: journalOffset, into: output)
        ledger.end(feed: feed, journalOffset: journalOffset, into: output.coverage)
    }

    /// Nothing arrived on a live feed until `ingestTimeNs`: its watermark follows the clock, and bars close.
    public func heartbeat(feed: UInt32, ingestTimeNs: Int64, journalOffset: Int64, into output: EngineOutput) {
        state(of: feed).heartbeat(ingestTimeNs: ingestTimeNs, journalOffset: journalOffset, into: output)
        ledger.heartbeat(
            feed: feed, ingestTimeNs: ingestTimeNs, journalOffset: journalOffset, into: output.coverage)
    }

    // MARK: Events

    /// Says whether a frame brings something new, by the key that its sender gave it; remembers and counts it. The latest
    /// 262,144 keys of a feed are known.
    public func takes(_ delivery: DeliveryKey, feed: UInt32) -> DeliveryOutcome {
        let state = state(of: feed)
        let outcome = state.deliveries.insert(delivery)
        if outcome == .repeated { state.counters.duplicateFrames += 1 }
        return outcome
    }

    /// Says whether a frame lies beyond all that was seen of the log it comes from; remembers that, or counts it as
    /// repeated.
    public func takes(_ position: StreamPosition, feed: UInt32) -> Bool {
        let state = state(of: feed)
        let isNew = unsafe state.positions.advance(to: position)
        if !isNew { state.counters.duplicateFrames += 1 }
        return isNew
    }

    /// Takes in that a feed's earlier sessions had seen a log up to a number, wherever their records are now.
    public func saw(log: [UInt8], upTo number: StreamNumber, feed: UInt32) {
        state(of: feed).positions.advance(log: log, to: number)
    }

    /// How far the logs that a feed consumes were seen.
    public func positions(feed: UInt32) -> StreamPositions { known(feed)?.positions ?? StreamPositions() }

    /// Takes in the events of one feed: drops duplicates from the batch in place and appends what became final.
    ///
    /// - Parameters:
    ///   - tradesFrom: first row of the trades to take in; rows before it stay as they are.
    ///   - quotesFrom: the same for quotes.
    ///   - othersFrom: the same for all others.
    ///   - backfills: those of the frames that were asked for afterwards, in their order.
    ///   - followed: events of other partitions in the same frames, in their order.
    /// - Complexity: no allocation per event; a new instrument, or more open bars than ever before, grows the state.
    public func process(
        _ events: EventBatch, tradesFrom: Int = 0, quotesFrom: Int = 0, othersFrom: OtherRows = OtherRows(),
        backfills: [BackfilledFrame] = [], following followed: [FollowedEvent] = [], feed: UInt32,
        into output: EngineOutput
    ) {
        let state = state(of: feed)
        ledger.prepare(backfills)
        for (place, batch) in events.records.enumerated() {
            records[place].deduplicator.removeDuplicates(
                from: batch, rowsFrom: othersFrom.records[place], counters: &state.counters)
        }
        tradeDeduplicator.removeDuplicates(
            from: events.trades, rowsFrom: tradesFrom, counters: &state.counters, changes: &ledger.changes)
        quoteDeduplicator.removeDuplicates(
            from: events.quotes, rowsFrom: quotesFrom, feed: feed, session: state.session, counters: &state.counters)
        var (trade, quote) = (tradesFrom, quotesFrom)
        // Bars stand in the order of the journal, whoever makes them.
        for row in othersFrom.vendorBars..<events.vendorBars.count {
            let offset = events.vendorBars.journalOffset[row]
            let trades = trade..<Self.end(events.trades.journalOffset, from: trade, before: offset)
            let quotes = quote..<Self.end(events.quotes.journalOffset, from: quote, before: offset)
            state.add(events, trades: trades, quotes: quotes, feed: feed, ledger: &ledger, into: output)
            (trade, quote) = (trades.upperBound, quotes.upperBound)
            vendorBars.take(events.vendorBars, row: row, into: output, counters: &state.counters)
        }
        state.add(
            events, trades: trade..<events.trades.count, quotes: quote..<events.quotes.count, following: followed,
            feed: feed, ledger: &ledger, into: output)
    }

    /// Takes in how far a feed's event time is by what other partitions have of it.
    ///
    /// - Parameter recordTimeNs: when the feed's latest record was received.
    public func follow(_ event: FollowedEvent, recordTimeNs: Int64, feed: UInt32, into output: EngineOutput) {
        let state = state(of: feed)
        ledger.follow(event, recordTimeNs: recordTimeNs, feed: feed, into: output.coverage)
        state.bars.follow(event, watermark: &state.watermark, counters: &state.counters, into: output)
    }

    /// The first row from `start` on that does not lie before a journal offset.
    private static func end(_ offsets: Column<Int64>, from start: Int, before offset: Int64) -> Int {
        var row = start
        while row < offsets.count, offsets[row] < offset { row += 1 }
        return row
    }

    // MARK: Reading

    /// Appends every bar that is still open, as it is now.
    public func openBars(into batch: BarBatch) {
        for feed in feeds { feed?.bars.appendOpenBars(to: batch) }
    }

    /// Appends the open bars that changed since this was last called, each once.
    ///
    /// Must be called now and then where it is used at all; what is not asked for costs four bytes per open bar.
    public func changedBars(into batch: BarBatch) {
        for feed in feeds { feed?.bars.appendChangedBars(to: batch) }
    }

    /// Appends the stretches of coverage that go on, as far as they are known now.
    ///
    /// - Parameter journalOffset: what the rows shall have.
    public func ongoingCoverage(journalOffset: Int64, into batch: RecordBatch) {
        ledger.ongoing(journalOffset: journalOffset, into: batch)
    }

    /// What happened to a feed's events.
    public func counters(feed: UInt32) -> FeedCounters { known(feed)?.counters ?? FeedCounters() }

    /// What happened to the events of all feeds.
    public var totals: FeedCounters {
        feeds.reduce(into: FeedCounters()) { sum, feed in if let feed { sum += feed.counters } }
    }

    /// A feed's watermark in nanoseconds since 1970; nil before its first event.
    public func watermarkNs(feed: UInt32) -> Int64? {
        guard let watermark = known(feed)?.watermark, watermark.reachedNs != .min else { return nil }
        return watermark.timeNs(latenessNs: configuration.latenessNs)
    }

    /// Bars that are open now, over all feeds.
    public var openBarCount: Int { feeds.reduce(0) { $0 + ($1?.bars.openCount ?? 0) } }

    /// Holes in trade numbers that are open and had their ten seconds to fill by themselves, over all feeds.
    public var settledGaps: Int { max(0, totals.gapsOpen - ledger.pendingHoles) }

    // MARK: Checkpoint

    /// The whole state as bytes.
    public func encode() -> [UInt8] {
        var writer = BinaryWriter()
        EngineState.writeHeader(configuration, into: &writer)
        tradeDeduplicator.encode(into: &writer)
        quoteDeduplicator.encode(into: &writer)
        for store in records.prefix(Self.remembering) { store.deduplicator.encode(into: &writer) }
        vendorBars.encode(into: &writer)
        ledger.encode(into: &writer)
        writer.write(UInt32(feeds.count))
        for feed in feeds {
            writer.write(feed != nil)
            feed?.encode(into: &writer)
        }
        return writer.bytes
    }

    /// Continues from what `encode` wrote.
    ///
    /// - Throws: `EngineStateError` where the bytes are damaged, or belong to another configuration or version: then the
    ///   state must be built anew from the journal.
    public init(
        _ configuration: EngineConfiguration, names: EngineNames = .numbers, restoring bytes: [UInt8]
    ) throws(EngineStateError) {
        var reader = BinaryReader(bytes)
        try EngineState.readHeader(configuration, from: &reader)
        self.configuration = configuration
        self.names = names
        tradeDeduplicator = try TradeDeduplicator(configuration, from: &reader)
        quoteDeduplicator = try QuoteDeduplicator(configuration, from: &reader)
        records = []
        for schema in Tables.records.prefix(Self.remembering) {
            records.append(RecordStore(try RecordDeduplicator(schema, from: &reader)))
        }
        records += Tables.program.map { RecordStore(RecordDeduplicator($0)) }
        vendorBars = try VendorBars(configuration, from: &reader)
        ledger = try CoverageLedger(configuration, names, from: &reader)
        for _ in 0..<(try reader.value(UInt32.self)) {
            feeds.append(try reader.flag() ? try FeedState(configuration, names, from: &reader) : nil)
        }
        guard reader.remaining == 0 else {
            throw EngineStateError.damaged(at: reader.position, "\(reader.remaining) bytes too many")
        }
    }
}

/// Rows of a batch besides trades and quotes that were taken in before.
public struct OtherRows: Sendable {
    /// Per table of records, in the order of `Tables.records`.
    public let records: [Int]
    public let vendorBars: Int

    /// None.
    public init() {
        records = [Int](repeating: 0, count: Tables.records.count)
        vendorBars = 0
    }

    /// All that the batch has now.
    public init(_ events: EventBatch) {
        records = events.records.map(\.count)
        vendorBars = events.vendorBars.count
    }
}

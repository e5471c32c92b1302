internal import Market
internal import Platform

/// What was received when: fills the table `coverage` as a pure function of the journal.
///
/// Rows are written once they are known to the end. What goes on is given on demand (`ongoing`), for memory only.
/// - Order: rows have the journal offset of the record that ended their stretch, so that offsets never go down.
struct CoverageLedger: ~Copyable {
    /// By feed; nil where nothing is known of it.
    private var feeds: [FeedCoverage?] = []
    private var sequences = SequenceLedger()
    /// Holes that may still fill by themselves, and were not told.
    var pendingHoles: Int { sequences.holes.count }
    private var silences: SilenceLedger
    private var writer: CoverageWriter
    private let names: EngineNames
    private let futureToleranceNs: Int64
    /// Changes of the call under way, and the next of them.
    var changes: [TradeDeduplicator.Change] = []
    private var nextChange = 0
    private var backfills: [BackfilledFrame] = []
    private var rows: [CoverageWriter.Row] = []

    /// What is known of one feed.
    private final class FeedCoverage {
        var connections = ConnectionLedger()
        /// Time by which event times were behind the receipt of the latest event.
        var lagNs: Int64 = 0
        /// Place among the silences; -1 before its first event.
        var slot = -1

        /// A moment of receipt as event time.
        func eventTimeNs(ofReceipt timeNs: Int64) -> Int64 { saturatingSum(timeNs, -lagNs) }
    }

    private mutating func coverage(of feed: UInt32) -> FeedCoverage {
        while feeds.count <= Int(feed) { feeds.append(nil) }
        if let known = feeds[Int(feed)] { return known }
        let coverage = FeedCoverage()
        feeds[Int(feed)] = coverage
        return coverage
    }

    init(_ configuration: EngineConfiguration, _ names: EngineNames) {
        self.names = names
        writer = CoverageWriter(names)
        silences = SilenceLedger(configuration.calendars, names)
        futureToleranceNs = configuration.futureToleranceNs
    }

    // MARK: Records without events

    mutating func begin(
        feed: UInt32, continues: Bool, _ label: ConnectionLabel, ingestTimeNs: Int64, journalOffset: Int64,
        into batch: RecordBatch
    ) {
        let coverage = coverage(of: feed)
        if continues {
            take(coverage.connections.begin(label, feed: feed, atNs: ingestTimeNs), feed)
        } else {
            sequences.end(feed: feed, &rows)
            take(coverage.connections.beginRecording(label, feed: feed), feed)
            forget(feed, coverage)
        }
        write(journalOffset, into: batch)
    }

    /// A connection is gone.
    mutating func lost(
        feed: UInt32, _ label: ConnectionLabel, reason: String, ingestTimeNs: Int64, journalOffset: Int64,
        into batch: RecordBatch
    ) {
        take(coverage(of: feed).connections.lost(label, reason: reason, feed: feed, atNs: ingestTimeNs), feed)
        sequences.due(feed: feed, ingestTimeNs: ingestTimeNs, &rows)
        sequences.lost(feed: feed, &rows)
        write(journalOffset, into: batch)
    }

    mutating func end(feed: UInt32, journalOffset: Int64, into batch: RecordBatch) {
        let coverage = coverage(of: feed)
        sequences.end(feed: feed, &rows)
        take(coverage.connections.end(feed: feed), feed)
        forget(feed, coverage)
        write(journalOffset, into: batch)
    }

    private mutating func forget(_ feed: UInt32, _ coverage: FeedCoverage) {
        silences.end(feed: feed)
        coverage.lagNs = 0
    }

    mutating func heartbeat(feed: UInt32, ingestTimeNs: Int64, journalOffset: Int64, into batch: RecordBatch) {
        coverage(of: feed).connections.note(ingestTimeNs: ingestTimeNs)
        sequences.due(feed: feed, ingestTimeNs: ingestTimeNs, &rows)
        if !rows.isEmpty { write(journalOffset, into: batch) }
    }

    private mutating func take(_ outcome: ConnectionLedger.Outcome, _ feed: UInt32) {
        let coverage = coverage(of: feed)
        rows += outcome.rows
        if let lostNs = outcome.lostNs {
            let silence = silences.lost(feed: feed, atNs: coverage.eventTimeNs(ofReceipt: lostNs))
            if let silence { rows.append(silence) }
        }
        if let blackout = outcome.blackout {
            let from = coverage.eventTimeNs(ofReceipt: blackout.lowerBound)
            silences.disconnected(feed: feed, from..<coverage.eventTimeNs(ofReceipt: blackout.upperBound))
        }
    }

    private mutating func write(_ journalOffset: Int64, into batch: RecordBatch) {
        for row in rows { writer.write(row, journalOffset: journalOffset, into: batch) }
        rows.removeAll(keepingCapacity: true)
    }

    // MARK: Events

    /// Begins a call of the engine: `changes` is filled behind it.
    mutating func prepare(_ backfills: [BackfilledFrame]) {
        changes.removeAll(keepingCapacity: true)
        nextChange = 0
        self.backfills = backfills
    }

    /// Takes in kept trades of one feed.
    mutating func add(_ trades: TradeBatch, rows range: Range<Int>, feed: UInt32, into batch: RecordBatch) {
        add(
            Columns(trades.instrument, trades.eventTimeNs, trades.ingestTimeNs, trades.journalOffset), range, feed,
            hasNumbers: true, into: batch)
    }

    /// Takes in kept quotes of one feed.
    mutating func add(_ quotes: QuoteBatch, rows range: Range<Int>, feed: UInt32, into batch: RecordBatch) {
        add(
            Columns(quotes.instrument, quotes.eventTimeNs, quotes.ingestTimeNs, quotes.journalOffset), range, feed,
            hasNumbers: false, into: batch)
    }

    private struct Columns {
        let instrument: Column<InstrumentID>
        let eventTimeNs: Column<Int64>
        let ingestTimeNs: Column<Int64>
        let journalOffset: Column<Int64>

        init(
            _ instrument: Column<InstrumentID>, _ eventTimeNs: Column<Int64>, _ ingestTimeNs: Column<Int64>,
            _ journalOffset: Column<Int64>
        ) {
            self.instrument = instrument
            self.eventTimeNs = eventTimeNs
            self.ingestTimeNs = ingestTimeNs
            self.journalOffset = journalOffset
        }
    }

    private mutating func add(
        _ columns: Columns, _ range: Range<Int>, _ feed: UInt32, hasNumbers: Bool, into batch: RecordBatch
    ) {
        guard !range.isEmpty else { return }
        let instruments = unsafe columns.instrument.pointer
        let times = unsafe columns.eventTimeNs.pointer
        let receipts = unsafe columns.ingestTimeNs.pointer
        let coverage = coverage(of: feed)
        if coverage.slot < 0 { coverage.slot = silences.feedSlot(feed) }
        let whole = coverage.slot
        let reached = silences.slots[whole].lastNs
        var latest = (timeNs: Int64.min, receiptNs: Int64.min)
        var bounds = (least: Int64.max, greatest: Int64.min)
        var dueNs = sequences.nextDueNs(feed: feed)
        var changedRow = hasNumbers && nextChange < changes.count ? changes[nextChange].row : .max
        var lastReceiptNs = Int64.min
        for row in range {
            let (time, receipt) = unsafe (times[row], receipts[row])
            lastReceiptNs = max(lastReceiptNs, receipt)
            if receipt >= dueNs {
                sequences.due(feed: feed, ingestTimeNs: receipt, &rows)
                dueNs = sequences.nextDueNs(feed: feed)
            }
            if row == changedRow {
                takeChange(unsafe instruments[row], feed, time, receipt, columns.journalOffset[row])
                changedRow = nextChange < changes.count ? changes[nextChange].row : .max
                dueNs = sequences.nextDueNs(feed: feed)
            }
            if time > saturatingSum(receipt, futureToleranceNs) || !Watermark.isPlaceable(time) {
                if !rows.isEmpty { write(columns.journalOffset[row], into: batch) }
                continue
            }
            bounds = (min(bounds.least, time), max(bounds.greatest, time))
            if time > latest.timeNs { latest = (time, receipt) }
            if let silence = silences.note(whole, timeNs: time) { rows.append(silence) }
            let slot = silences.slot(feed: feed, instrument: unsafe instruments[row])
            if let silence = silences.note(slot, timeNs: time) { rows.append(silence) }
            if !rows.isEmpty { write(columns.journalOffset[row], into: batch) }
        }
        // The first event that came furthest tells how late the feed is.
        if latest.timeNs > reached || (reached == .max && latest.timeNs > .min) {
            coverage.lagNs = max(0, latest.receiptNs - latest.timeNs)
        }
        coverage.connections.note(ingestTimeNs: lastReceiptNs)
        coverage.connections.noteEvents(from: bounds.least, to: bounds.greatest)
    }

    /// Takes in an event of another partition: the feed received it.
    ///
    /// - Parameter recordTimeNs: when the feed's latest record was received.
    mutating func follow(
        _ event: FollowedEvent, recordTimeNs: Int64 = .min, feed: UInt32, into batch: RecordBatch
    ) {
        let (time, receipt) = (event.eventTimeNs, max(event.ingestTimeNs, recordTimeNs))
        let coverage = coverage(of: feed)
        if coverage.slot < 0 { coverage.slot = silences.feedSlot(feed) }
        if receipt >= sequences.nextDueNs(feed: feed) { sequences.due(feed: feed, ingestTimeNs: receipt, &rows) }
        coverage.connections.note(ingestTimeNs: receipt)
        if time <= saturatingSum(event.ingestTimeNs, futureToleranceNs), Watermark.isPlaceable(time) {
            let reached = silences.slots[coverage.slot].lastNs
            if time > reached || reached == .max { coverage.lagNs = max(0, event.ingestTimeNs - time) }
            if let silence = silences.note(coverage.slot, timeNs: time) { rows.append(silence) }
            coverage.connections.noteEvents(from: time, to: time)
        }
        if !rows.isEmpty { write(event.journalOffset, into: batch) }
    }

    private mutating func takeChange(
        _ instrument: InstrumentID, _ feed: UInt32, _ timeNs: Int64, _ receiptNs: Int64, _ journalOffset: Int64
    ) {
        let change = changes[nextChange]
        nextChange += 1
        switch change.effect {
        case .leavesAbove(let numbers), .leavesBelow(let numbers):
            sequences.opened(
                SequenceLedger.Hole(
                    feed: feed, instrument: instrument, numbers: numbers,
                    fromNs: min(change.fromNs, change.toNs), toNs: max(change.fromNs, change.toNs),
                    dueNs: saturatingSum(receiptNs, SequenceLedger.graceNs)), &rows)
        case .fills(let number):
            sequences.filled(
                number, instrument: instrument, feed: feed, eventTimeNs: timeNs, ingestTimeNs: receiptNs,
                source: backfills.first { $0.journalOffset == journalOffset }?.source, &rows)
        case .none: break
        }
    }

    // MARK: Reading

    /// Appends every stretch that goes on, as far as it is known.
    func ongoing(journalOffset: Int64, into batch: RecordBatch) {
        var writer = CoverageWriter(names)
        for (number, coverage) in feeds.enumerated() {
            guard let coverage else { continue }
            let feed = UInt32(number)
            let ledger = coverage.connections
            let untilNs = coverage.eventTimeNs(ofReceipt: ledger.isDown ? ledger.downSinceNs : ledger.lastRecordNs)
            let silent = ledger.recording == nil ? silences.ongoing(feed: feed, untilNs: untilNs) : []
            for row in ledger.ongoing(feed: feed) + sequences.ongoing(feed: feed) + silent {
                writer.write(row, journalOffset: journalOffset, ongoing: true, into: batch)
            }
        }
    }

    // MARK: Checkpoint

    func encode(into writer: inout BinaryWriter) {
        writer.write(UInt32(feeds.count))
        for coverage in feeds {
            writer.write(coverage != nil)
            writer.write(coverage?.lagNs ?? 0)
            coverage?.connections.encode(into: &writer)
        }
        sequences.encode(into: &writer)
        silences.encode(into: &writer)
    }

    init(
        _ configuration: EngineConfiguration, _ names: EngineNames, from reader: inout BinaryReader
    ) throws(EngineStateError) {
        self.init(configuration, names)
        for feed in 0..<(try reader.value(UInt32.self)) {
            let isKnown = try reader.flag()
            let lagNs: Int64 = try reader.value()
            guard isKnown else {
                feeds.append(nil)
                continue
            }
            coverage(of: feed).lagNs = lagNs
            coverage(of: feed).connections = try ConnectionLedger(from: &reader)
        }
        sequences = try SequenceLedger(from: &reader)
        try silences.restore(from: &reader)
    }
}

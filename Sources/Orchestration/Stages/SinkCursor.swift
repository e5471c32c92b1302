internal import Delivery
internal import Lake
internal import Market
internal import Platform

/// How far a target has each table, and the way to go on; of one connection to the target.
///
/// - Threading: that of its sink.
final class SinkCursor {
    /// What became of a unit.
    struct Outcome {
        var rows: Int64 = 0
        var rejected: Int64 = 0
        /// Why rows were rejected.
        var reason: String?
    }

    private let target: any DeliveryTarget
    private let store: HotStore
    private let reader: UnitReader
    /// Where the target can use it; begun when something is left behind a unit.
    private var ahead: UnitsAhead?
    /// What was looked through so far.
    private var offsets: [String: Int64] = [:]
    /// What the target says it has: ranges without rows are not worth a transaction.
    private var committed: [String: Int64] = [:]
    /// Offsets that a unit covers; follows the rows that they hold.
    private var spans: [String: Int64] = [:]
    private static let spanMax: Int64 = 1 << 40

    /// - Parameter first: no rows have an offset below.
    init(
        _ target: any DeliveryTarget, _ tables: [TableSchema], _ store: HotStore, from first: Int64 = 0
    ) throws {
        self.target = target
        self.store = store
        reader = try UnitReader(store, wantsPayloads: target.wantsPayloads)
        try target.open(tables)
        for table in tables {
            let offset = try target.committedOffset(table)
            offsets[table.name] = max(offset, first - 1)
            committed[table.name] = offset
            spans[table.name] = 65_536
        }
    }

    /// The table of which the target has most, and the last offset up to which it has it.
    var furthest: (table: String, offset: Int64) {
        let most = committed.max { ($0.value, $1.key) < ($1.value, $0.key) }
        return most.map { ($0.key, $0.value) } ?? ("", -1)
    }

    /// Compares what the target said with the end of the journal.
    ///
    /// - Throws: `ahead` where the target has rows from `end` on: those of this journal would be taken for delivered.
    func check(notBeyond end: Int64) throws(DeliveryError) {
        let (table, offset) = furthest
        guard offset >= end else { return }
        throw DeliveryError(
            .ahead,
            "the target has \(table) up to journal offset \(offset), but the journal ended before \(end): another journal "
                + "filled it (this one is older, from a backup say, or is in another data folder), and new rows would be taken "
                + "for delivered. Empty the target, or let the sink write elsewhere (docs/backup.md)")
    }

    /// The last offset up to which the target has all rows of a table; -1 where it has none.
    func offset(_ table: TableSchema) -> Int64 { offsets[table.name] ?? -1 }

    /// The last offset up to which memory and lake have the rows of a table.
    func visibleOffset(_ table: TableSchema) -> Int64 {
        max(store.visibleOffset, store.committedOffset(table.name))
    }

    /// Delivers the next rows of a table.
    ///
    /// - Parameters:
    ///   - last: at most `visibleOffset`.
    ///   - rowsMax: a unit has no more rows, but for those of a single offset.
    func deliver(_ table: TableSchema, upTo last: Int64, rowsMax: Int64) throws -> Outcome {
        let after = offset(table)
        let ready = ahead?.take(table, after: after, rowsMax: rowsMax)
        let range =
            try ready?.range
            ?? reader.find(table, after: after, upTo: last, span: spans[table.name] ?? 1, rowsMax: rowsMax)
        let span = range.end - after
        let nextSpan = range.rows * 2 < rowsMax ? min(span * 2, Self.spanMax) : span
        var outcome = Outcome()
        if range.rows > 0 {
            do {
                outcome.rows = try send(table, range, ready?.unit) { (prepare) in
                    guard range.end < last else { return }
                    let ahead = try self.ahead ?? UnitsAhead(UnitReader(store, wantsPayloads: target.wantsPayloads))
                    self.ahead = ahead
                    ahead.begin(table, after: range.end, upTo: last, span: nextSpan, rowsMax: rowsMax, prepare)
                }
            } catch let error as DeliveryError where error.kind == .row {
                guard span == 1 else {
                    // Nearer to the row that is meant.
                    spans[table.name] = max(1, span / 2)
                    return outcome
                }
                try target.reject(table, after: committed(table), last: range.end, reason: error.message)
                outcome.rejected = range.rows
                outcome.reason = "offset \(range.end): \(error.message)"
            }
            committed[table.name] = range.end
        }
        offsets[table.name] = range.end
        spans[table.name] = nextSpan
        return outcome
    }

    private func committed(_ table: TableSchema) -> Int64 { committed[table.name] ?? -1 }

    /// Delivers a unit.
    ///
    /// - Parameter meanwhile: called where the target can make another unit ready before this one is on its way.
    private func send(
        _ table: TableSchema, _ range: UnitRange, _ ready: PreparedUnit?,
        meanwhile: (@escaping UnitPreparation) throws -> Void
    ) throws -> Int64 {
        guard let target = target as? any PreparingTarget else {
            return try target.deliver(reader.read(table, range, committed: committed(table)))
        }
        let prepare = try target.preparation(of: table)
        let unit = try ready ?? prepare(reader.read(table, range, committed: committed(table)))
        try meanwhile(prepare)
        return try target.deliver(unit)
    }
}

internal import Databases
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
    private let connection: Connection
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
        connection = try store.connect()
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
                + "for delivered. Empty the target, or give the pipeline another name (docs/backup.md)")
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
        var end = min(last, after + (spans[table.name] ?? 1))
        var found = try look(table, after: after, last: end)
        while found.rows > rowsMax, end > after + 1 {
            end = after + (end - after) / 2
            found = try look(table, after: after, last: end)
        }
        var outcome = Outcome()
        if found.rows > 0 {
            do {
                outcome.rows = try send(table, last: end, found.months)
            } catch let error as DeliveryError where error.kind == .row {
                guard end == after + 1 else {
                    // Nearer to the row that is meant.
                    spans[table.name] = max(1, (end - after) / 2)
                    return outcome
                }
                try target.reject(table, after: committed(table), last: end, reason: error.message)
                outcome.rejected = found.rows
                outcome.reason = "offset \(end): \(error.message)"
            }
            committed[table.name] = end
        }
        offsets[table.name] = end
        let span = end - after
        spans[table.name] = found.rows * 2 < rowsMax ? min(span * 2, Self.spanMax) : span
        return outcome
    }

    /// Rows of a range, and the months of their times.
    private func look(
        _ table: TableSchema, after: Int64, last: Int64
    ) throws -> (rows: Int64, months: [CivilDate]) {
        let timeNs = SQLText.identifier(table.timeColumn)
        func answer(_ columns: String) throws -> [SQLValue] {
            try store.retryingConflicts(table.name) { () throws(DatabaseError) in
                let rows = store.finalRows(of: table, after: after, upTo: last)
                return try connection.query("SELECT \(columns) FROM (\(rows))").collect().rows[0]
            }
        }
        let row = try answer("count(*), min(\(timeNs)), max(\(timeNs))")
        guard case .integer(let count) = row[0], case .integer(let earliestNs) = row[1],
            case .integer(let latestNs) = row[2]
        else {
            return (0, [])
        }
        let months = [earliestNs, latestNs].map { TablePartition.month.firstDay(ofNs: $0) }
        // Most units lie within one; to look at the month of every row takes as long as to read it.
        if months[0] == months[1] { return (count, [months[0]]) }
        let time = SQLText.identifier(table.moment)
        let all = try answer("string_agg(DISTINCT strftime(\(time), '%Y-%m-01'), ',')")
        return (count, all[0].text.split(separator: ",").compactMap { CivilDate(String($0)) }.sorted())
    }

    private func committed(_ table: TableSchema) -> Int64 { committed[table.name] ?? -1 }

    private func send(_ table: TableSchema, last: Int64, _ months: [CivilDate]) throws -> Int64 {
        // Between what the target has and what was looked through are no rows.
        let rows = try store.retryingConflicts(table.name) { () throws(DatabaseError) in
            try connection.query(
                target.wantsPayloads
                    ? store.finalRowsWithPayloads(of: table, after: offset(table), upTo: last)
                    : store.finalRows(of: table, after: offset(table), upTo: last))
        }
        return try target.deliver(
            DeliveryUnit(table: table, after: committed(table), last: last, months: months, rows: rows))
    }
}

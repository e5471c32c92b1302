internal import Databases
internal import Delivery
internal import Lake
internal import Market
internal import Platform

/// Cuts what memory and lake have of a table into units, and reads them.
///
/// - Threading: one thread at a time.
final class UnitReader: @unchecked Sendable {  // one user at a time by contract
    private let store: HotStore
    private let connection: Connection
    private let wantsPayloads: Bool

    /// - Parameter wantsPayloads: as the target says.
    init(_ store: HotStore, wantsPayloads: Bool) throws {
        self.store = store
        self.wantsPayloads = wantsPayloads
        connection = try store.connect()
    }

    /// The next unit of a table.
    ///
    /// - Parameters:
    ///   - span: offsets that it covers at most.
    ///   - rowsMax: it has no more rows, but for those of a single offset.
    func find(
        _ table: TableSchema, after: Int64, upTo last: Int64, span: Int64, rowsMax: Int64
    ) throws -> UnitRange {
        var end = min(last, after + span)
        var found = try look(table, after: after, last: end)
        while found.rows > rowsMax, end > after + 1 {
            end = after + (end - after) / 2
            found = try look(table, after: after, last: end)
        }
        return UnitRange(after: after, end: end, rows: found.rows, months: found.months)
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

    /// The rows of a unit, as they are computed.
    ///
    /// - Parameter committed: what the target has: between that and what was looked through are no rows.
    func read(_ table: TableSchema, _ range: UnitRange, committed: Int64) throws -> DeliveryUnit {
        let rows = try store.retryingConflicts(table.name) { () throws(DatabaseError) in
            try connection.query(
                wantsPayloads
                    ? store.finalRowsWithPayloads(of: table, after: range.after, upTo: range.end)
                    : store.finalRows(of: table, after: range.after, upTo: range.end))
        }
        return DeliveryUnit(table: table, after: committed, last: range.end, months: range.months, rows: rows)
    }
}

/// What a unit holds.
struct UnitRange {
    /// Its offsets are above this one.
    let after: Int64
    /// Its offsets reach up to this one, itself included.
    let end: Int64
    /// Rows in it.
    let rows: Int64
    /// First days of the UTC months of the rows' times, in order.
    let months: [CivilDate]
}

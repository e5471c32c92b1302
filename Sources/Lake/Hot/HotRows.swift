internal import Databases
internal import Market
internal import Platform
internal import Synchronization

/// The rows of all tables that are in memory, for queries and flushes.
///
/// Every transaction of the database sees one state of all tables: the one at its first look at any of them (for five
/// seconds; a query plans all its tables long before that, and keeps what it planned as long as it runs).
/// - Threading: one thread appends; the rest from any.
final class HotRows: Sendable {
    private struct State {
        var tables: [String: HotTable]
        /// The states that transactions look at, the newest last.
        var views: [View] = []
    }

    private struct View {
        let transaction: Int64
        let sinceNs: Int64
        let tables: [String: HotTable]
    }

    /// How long the state of a transaction is remembered: all statements of a query are planned by then.
    private static let viewNs: Int64 = 5_000_000_000

    private let state: Mutex<State>
    /// The segment that gets a table's next rows; for the appending thread.
    private nonisolated(unsafe) var tails: [String: HotSegment] = [:]

    init(_ tables: [TableSchema]) {
        let empty = tables.map { ($0.name, HotTable($0)) }
        state = Mutex(State(tables: Dictionary(uniqueKeysWithValues: empty)))
    }

    /// The name of the table function over a table's rows.
    static func functionName(_ table: String) -> String { "hot_" + table }

    /// The table function over a table's rows: it takes the offset behind which rows are wanted, and the number of the
    /// transaction.
    func memoryTable(_ schema: TableSchema) -> MemoryTable {
        let name = schema.name
        var columns = schema.columns.map { (name: $0.name, type: $0.type) }
        columns.append((TableSchema.partitionColumn, .date))
        return MemoryTable(name: Self.functionName(name), columns: columns, parameterCount: 2) {
            [weak self] arguments throws(DatabaseError) in
            guard let table = self?.table(name, transaction: arguments[1]) else { return [] }
            let parts = try table.parts(after: arguments[0]) + (table.open.map { [$0] } ?? [])
            return parts.map { $0.memory(schema) }
        }
    }

    private func table(_ name: String, transaction: Int64) -> HotTable? {
        state.withLock { state in
            if let known = state.views.last(where: { $0.transaction == transaction }) { return known.tables[name] }
            state.views.append(
                View(transaction: transaction, sinceNs: Stopwatch.monotonicNs(), tables: state.tables))
            return state.tables[name]
        }
    }

    /// Rows to append to one table.
    struct Input {
        let table: String
        let columns: [ArrowColumn]
        let rows: Range<Int>
    }

    /// Appends rows to tables and shows them all at once.
    ///
    /// - Parameter openBars: replaces the bars that can still change; nil leaves them.
    func append(_ inputs: [Input], openBars: (columns: [ArrowColumn], rows: Int)?) {
        var appended: [(input: Input, runs: [HotTable.Run])] = []
        for input in inputs {
            var runs: [HotTable.Run] = []
            var rows = input.rows
            while !rows.isEmpty {
                let tail = unsafe tails[input.table]
                let taken = tail?.append(rows, of: input.columns) ?? 0
                if let tail, taken > 0 {
                    runs.append(HotTable.Run(segment: tail, count: tail.count))
                    rows = rows.lowerBound + taken..<rows.upperBound
                } else {
                    let spare = taken == 0 && tail?.count != 0 ? spareSegment(input.table) : nil
                    unsafe tails[input.table] =
                        spare ?? HotSegment(for: input.columns, row: rows.lowerBound, after: tail)
                }
            }
            appended.append((input, runs))
        }
        state.withLock { state in
            for (input, runs) in appended { state.tables[input.table]?.publish(runs, newest: input.columns) }
            if let openBars {
                state.tables[Tables.bars.name]?.open = HotPart(
                    columns: openBars.columns, rows: 0..<openBars.rows)
            }
        }
    }

    /// Memory that segments take, in bytes.
    var memoryBytes: Int {
        state.withLock { state in
            state.tables.values.reduce(0) { sum, table in
                let bytes = table.memoryBytes
                return sum + bytes.visible + bytes.retired + bytes.spare
            }
        }
    }

    private func spareSegment(_ table: String) -> HotSegment? { state.withLock { $0.tables[table]?.takeSpare() } }

    /// Rows of a table whose offset is above `after` and at most `last`.
    func parts(_ table: String, after: Int64, upTo last: Int64) throws(DatabaseError) -> [HotPart] {
        try state.withLock { state throws(DatabaseError) in
            try state.tables[table]?.parts(after: after, upTo: last) ?? []
        }
    }

    /// Lets go of rows that the lake has, and frees those of earlier calls.
    func retire(_ table: String, upTo committed: Int64) {
        state.withLock { $0.tables[table]?.retire(upTo: committed) }
    }

    /// Frees memory that no query needs any more.
    func sweep() {
        state.withLock { state in
            let limitNs = Stopwatch.monotonicNs() - Self.viewNs
            state.views.removeFirst(state.views.prefix { $0.sinceNs < limitNs }.count)
            for name in state.tables.keys { state.tables[name]?.sweep() }
        }
    }
}

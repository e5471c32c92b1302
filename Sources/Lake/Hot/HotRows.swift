internal import Databases
internal import Market
internal import Platform
internal import Synchronization

/// The rows of all tables that are in memory, for queries and flushes.
///
/// A query sees one state of all tables: the one at its first look at any of them.
/// - Threading: one thread appends; the rest from any.
final class HotRows: Sendable {
    private struct State {
        var tables: [String: HotTable]
        /// The states that queries look at, by the number of their transaction.
        var views: [(transaction: Int64, view: Weak)] = []
    }

    /// A state of all tables, alive as long as a query is planned with it or runs.
    private final class View: Sendable {
        let tables: [String: HotTable]
        init(_ tables: [String: HotTable]) { self.tables = tables }
    }

    private struct Weak { weak var view: View? }

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
        if schema.partition == .date { columns.append((schema.partition.column, .date)) }
        return MemoryTable(name: Self.functionName(name), columns: columns, parameterCount: 2) {
            [weak self] arguments throws(DatabaseError) in
            guard let view = self?.view(transaction: arguments[1]), let table = view.tables[name] else {
                return MemoryTable.Snapshot([])
            }
            let parts = try table.parts(after: arguments[0]) + (table.open.map { [$0] } ?? [])
            return MemoryTable.Snapshot(parts.map { $0.memory(schema) }, owner: view)
        }
    }

    private func view(transaction: Int64) -> View {
        state.withLock { state in
            state.views.removeAll { $0.view.view == nil }
            if let known = state.views.first(where: { $0.transaction == transaction })?.view.view { return known }
            let view = View(state.tables)
            state.views.append((transaction, Weak(view: view)))
            return view
        }
    }

    /// Rows to append to one table.
    struct Input {
        let table: String
        let columns: [ArrowColumn]
        let rows: Range<Int>

        init(table: String, columns: [ArrowColumn], rows: Range<Int>) {
            self.table = table
            self.columns = columns
            self.rows = rows
        }

        /// All rows of a batch.
        init(_ batch: any ColumnarBatch, _ dictionaries: BatchDictionaries) {
            self.init(table: batch.schema.name, columns: batch.columns(dictionaries), rows: 0..<batch.count)
        }
    }

    /// Appends rows to tables and shows them all at once.
    ///
    /// - Parameter open: replaces the rows of these tables that can still change.
    func append(_ inputs: [Input], open: [Input]) {
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
            for open in open { state.tables[open.table]?.open = HotPart(columns: open.columns, rows: open.rows) }
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
            for name in state.tables.keys { state.tables[name]?.sweep() }
        }
    }
}

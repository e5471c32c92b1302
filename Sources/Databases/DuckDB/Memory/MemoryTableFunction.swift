internal import CPlatform
internal import Market
internal import Synchronization

/// The callbacks of a memory table's table function.
///
/// DuckDB calls `bind` once while it plans a query, `init` once when it runs it, `localInit` once per thread, then `scan`
/// from all these threads until it gives no rows.
enum MemoryTableFunction {
    typealias Handle = DuckDBFunctions.Handle

    /// What belongs to the function.
    private final class Registration: Sendable {
        let table: MemoryTable
        let functions: DuckDBFunctions

        init(_ table: MemoryTable, _ functions: DuckDBFunctions) {
            self.table = table
            self.functions = functions
        }
    }

    /// What belongs to a planned query.
    private final class Plan: Sendable {
        let snapshot: MemoryTable.Snapshot
        var parts: [MemoryTable.Part] { snapshot.parts }

        init(_ snapshot: MemoryTable.Snapshot) { self.snapshot = snapshot }
    }

    /// What belongs to a running query: which rows come next.
    private final class Run: Sendable {
        let plan: Plan
        /// Column of the table for each column that the query wants; other numbers stand for no column.
        let projection: [Int]
        private let next = Mutex((part: 0, row: 0))

        init(_ plan: Plan, _ projection: [Int]) {
            self.plan = plan
            self.projection = projection
        }

        /// The next rows, at most `limit` and of one part; nil at the end.
        func take(_ limit: Int) -> (part: Int, rows: Range<Int>)? {
            next.withLock { next in
                while next.part < plan.parts.count {
                    let rows = plan.parts[next.part].rows
                    let start = rows.lowerBound + next.row
                    if start < rows.upperBound {
                        let end = min(start + limit, rows.upperBound)
                        next.row += end - start
                        return (next.part, start..<end)
                    }
                    next = (next.part + 1, 0)
                }
                return nil
            }
        }
    }

    /// Rows that make another thread worthwhile.
    private static let rowsPerThread = 65_536

    static func register(_ table: MemoryTable, _ functions: DuckDBFunctions, _ connection: Handle) -> Bool {
        var function = unsafe functions.createTableFunction()
        defer { unsafe functions.destroyTableFunction(&function) }
        unsafe functions.setName(function, table.name)
        for _ in 0..<table.parameterCount {
            unsafe functions.withType(.int64) { type in unsafe functions.addParameter(function, type) }
        }
        unsafe functions.setExtraInfo(function, retained(Registration(table, functions)), release)
        unsafe functions.setBind(function) { unsafe MemoryTableFunction.bind($0) }
        unsafe functions.setInit(function) { unsafe MemoryTableFunction.begin($0) }
        unsafe functions.setLocalInit(function) { unsafe MemoryTableFunction.beginThread($0) }
        unsafe functions.setFunction(function) { unsafe MemoryTableFunction.scan($0, $1) }
        unsafe functions.supportsProjection(function, true)
        return unsafe functions.register(connection, function) == 0
    }

    /// Gives an object to DuckDB, which passes it from thread to thread.
    private static func retained(_ object: AnyObject) -> Handle {
        let handle = unsafe Unmanaged.passRetained(object).toOpaque()
        unsafe td_hand_over(handle)
        return unsafe handle
    }

    private static let release: DuckDBFunctions.Destroy = { handle in
        guard let handle = unsafe handle else { return }
        unsafe td_take_over(handle)
        unsafe Unmanaged<AnyObject>.fromOpaque(handle).release()
    }

    private static func object<T: AnyObject>(_ handle: Handle?, as type: T.Type) -> T? {
        guard let handle = unsafe handle else { return nil }
        unsafe td_take_over(handle)
        return unsafe Unmanaged<T>.fromOpaque(handle).takeUnretainedValue()
    }

    /// The functions, before the object that holds them is known.
    private static var loaded: DuckDBFunctions? { try? DuckDBLibrary.loadedFunctions() }

    private static func bind(_ info: Handle?) {
        guard let functions = loaded,
            let registration = unsafe object(functions.bindExtraInfo(info), as: Registration.self)
        else { return }
        let table = registration.table
        let arguments = (0..<table.parameterCount).map { place in
            var value = unsafe functions.bindParameter(info, UInt64(place))
            defer { unsafe functions.destroyValue(&value) }
            return unsafe functions.valueInt64(value)
        }
        for column in table.columns {
            unsafe functions.withType(column.type) { type in unsafe functions.bindAddColumn(info, column.name, type) }
        }
        do throws(DatabaseError) {
            let plan = Plan(try table.open(arguments))
            unsafe functions.bindSetCardinality(info, UInt64(plan.parts.reduce(0) { $0 + $1.rows.count }), true)
            unsafe functions.bindSetData(info, retained(plan), release)
        } catch {
            unsafe functions.bindSetError(info, "\(error)")
        }
    }

    private static func begin(_ info: Handle?) {
        guard let functions = loaded, let plan = unsafe object(functions.initBindData(info), as: Plan.self) else {
            return
        }
        let projection = (0..<(unsafe functions.initColumnCount(info))).map { place in
            Int(truncatingIfNeeded: unsafe functions.initColumnIndex(info, place))
        }
        let rows = plan.parts.reduce(0) { $0 + $1.rows.count }
        unsafe functions.initSetMaxThreads(info, UInt64(1 + rows / rowsPerThread))
        unsafe functions.initSetData(info, retained(Run(plan, projection)), release)
    }

    private static func beginThread(_ info: Handle?) {
        guard let functions = loaded else { return }
        unsafe functions.initSetData(info, retained(VectorWriter(functions)), release)
    }

    private static func scan(_ info: Handle?, _ chunk: Handle?) {
        guard let functions = loaded, let run = unsafe object(functions.functionInitData(info), as: Run.self),
            let writer = unsafe object(functions.functionLocalData(info), as: VectorWriter.self),
            let (place, rows) = run.take(Int(functions.vectorSize()))
        else { return }
        let part = run.plan.parts[place]
        for (target, source) in run.projection.enumerated() where part.columns.indices.contains(source) {
            let vector = unsafe functions.chunkVector(chunk, UInt64(target))
            unsafe writer.write(part.columns[source], rows, to: vector, place: target)
        }
        unsafe functions.chunkSetSize(chunk, UInt64(rows.count))
    }
}

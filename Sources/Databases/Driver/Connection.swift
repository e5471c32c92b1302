internal import CADBC
public import Market

/// A connection: runs one statement at a time.
///
/// - Threading: one thread at a time; `cancel` from any thread.
@safe
public final class Connection: @unchecked Sendable {  // one user at a time by contract; cancel is thread-safe
    let database: Database
    let handle: UnsafeMutablePointer<AdbcConnection>
    let dictionaries = DictionaryCache()

    init(_ database: Database) throws(DatabaseError) {
        self.database = database
        let handle = UnsafeMutablePointer<AdbcConnection>.allocate(capacity: 1)
        unsafe handle.initialize(to: AdbcConnection())
        unsafe self.handle = handle
        let functions = unsafe database.driver.functions
        let parent = unsafe database.handle
        // Everything is set, so that what throws from here on ends in deinit.
        try unsafe ADBCDriver.check("new connection") { unsafe functions.pointee.ConnectionNew(handle, $0) }
        try unsafe ADBCDriver.check("connect") { unsafe functions.pointee.ConnectionInit(handle, parent, $0) }
    }

    deinit {
        if unsafe handle.pointee.private_data != nil {
            try? unsafe ADBCDriver.check("close connection") {
                unsafe database.driver.functions.pointee.ConnectionRelease(handle, $0)
            }
        }
        unsafe handle.deallocate()
    }

    /// Runs SQL whose rows, if any, are not wanted.
    public func execute(_ sql: String, parameters: [SQLValue] = []) throws(DatabaseError) {
        let statement = try Statement(self)
        try statement.prepare(sql, parameters: parameters)
        try statement.execute()
    }

    /// Runs SQL and returns its rows as they are computed.
    ///
    /// - Parameter timeoutNs: how long the query may run, fetching included; nil for no limit.
    /// - Throws: `timeout` here or while fetching, when the limit is over.
    public func query(
        _ sql: String, parameters: [SQLValue] = [], timeoutNs: Int64? = nil
    ) throws(DatabaseError) -> ResultStream {
        let statement = try Statement(self)
        try statement.prepare(sql, parameters: parameters)
        return try statement.query(timeoutNs: timeoutNs)
    }

    /// Appends rows to a table.
    ///
    /// The columns are handed over without copying; the driver has let go of them when this returns.
    /// - Parameter columns: matched to the table by position, each with at least `rows` values.
    /// - Complexity: linear in the rows; dictionaries are converted once and kept while they do not change.
    public func ingest(
        _ columns: [ArrowColumn], rows: Int, into table: String, schema: String? = nil, mode: IngestMode = .append
    ) throws(DatabaseError) {
        guard rows > 0 else { return }
        let statement = try Statement(self)
        try statement.ingest(ArrowExport(columns, rows: rows, dictionaries), table: table, schema: schema, mode: mode)
    }

    /// Appends the rows of a query, of this database or another, to a table as they come.
    ///
    /// - Parameter rows: used up by this, whether it works or not; columns go by name.
    /// - Returns: rows that were appended.
    @discardableResult
    public func ingest(
        _ rows: ResultStream, into table: String, schema: String? = nil, mode: IngestMode = .append
    ) throws(DatabaseError) -> Int64 {
        try Statement(self).ingest(rows, table: table, schema: schema, mode: mode)
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    public func transaction<T>(_ body: () throws(DatabaseError) -> T) throws(DatabaseError) -> T {
        try execute("BEGIN TRANSACTION")
        do {
            let value = try body()
            try execute("COMMIT")
            return value
        } catch {
            try? execute("ROLLBACK")  // fails where the failed statement already ended the transaction
            throw error
        }
    }

    /// Stops what the connection is running.
    ///
    /// - Threading: any thread.
    public func cancel() {
        try? unsafe ADBCDriver.check("cancel") { unsafe database.driver.functions.pointee.ConnectionCancel(handle, $0) }
    }
}

/// What an ingest does with the table.
public enum IngestMode: String, Sendable {
    /// The table exists and gets more rows.
    case append = "adbc.ingest.mode.append"
    /// The table is made, and must not exist.
    case create = "adbc.ingest.mode.create"
}

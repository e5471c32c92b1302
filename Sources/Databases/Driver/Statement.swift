internal import CADBC
internal import Synchronization

/// A statement of a connection, released with this object.
@safe
final class Statement: @unchecked Sendable {  // one user at a time; `cancel` reads only immutable fields
    let connection: Connection
    private let handle: UnsafeMutablePointer<AdbcStatement>
    private var functions: UnsafeMutablePointer<AdbcDriver> { unsafe connection.database.driver.functions }
    /// The SQL, for errors.
    private(set) var text = ""

    init(_ connection: Connection) throws(DatabaseError) {
        self.connection = connection
        let handle = UnsafeMutablePointer<AdbcStatement>.allocate(capacity: 1)
        unsafe handle.initialize(to: AdbcStatement())
        unsafe self.handle = handle
        let functions = unsafe connection.database.driver.functions
        let parent = unsafe connection.handle
        // Everything is set, so that what throws from here on ends in deinit.
        try unsafe ADBCDriver.check("new statement") { unsafe functions.pointee.StatementNew(parent, handle, $0) }
    }

    deinit {
        if unsafe handle.pointee.private_data != nil {
            try? unsafe ADBCDriver.check("close statement") { unsafe functions.pointee.StatementRelease(handle, $0) }
        }
        unsafe handle.deallocate()
    }

    func prepare(_ sql: String, parameters: [SQLValue]) throws(DatabaseError) {
        text = sql
        try unsafe ADBCDriver.check(sql) { unsafe functions.pointee.StatementSetSqlQuery(handle, sql, $0) }
        guard !parameters.isEmpty else { return }
        try unsafe ADBCDriver.check(sql) { unsafe functions.pointee.StatementPrepare(handle, $0) }
        try bind(try ArrowExport(parameters: parameters))
    }

    private func bind(_ export: consuming ArrowExport) throws(DatabaseError) {
        let (array, schema) = unsafe export.take()
        try unsafe ADBCDriver.check(text) { unsafe functions.pointee.StatementBind(handle, array, schema, $0) }
        // The driver has moved both structures out of the shells.
        unsafe array.deallocate()
        unsafe schema.deallocate()
    }

    func execute() throws(DatabaseError) {
        try unsafe ADBCDriver.check(text) { unsafe functions.pointee.StatementExecuteQuery(handle, nil, nil, $0) }
    }

    func query(timeoutNs: Int64?) throws(DatabaseError) -> ResultStream {
        let timer = timeoutNs.map { limit in
            let connection = connection
            return QueryTimer(afterNs: limit) { connection.cancel() }
        }
        let stream = UnsafeMutablePointer<ArrowArrayStream>.allocate(capacity: 1)
        unsafe stream.initialize(to: ArrowArrayStream())
        do throws(DatabaseError) {
            try unsafe ADBCDriver.check(text) {
                unsafe functions.pointee.StatementExecuteQuery(handle, stream, nil, $0)
            }
        } catch {
            unsafe stream.deallocate()
            throw timer?.refine(error) ?? error
        }
        return try unsafe ResultStream(stream, of: self, timer: timer)
    }

    func ingest(
        _ export: consuming ArrowExport, table: String, schema: String?, mode: IngestMode
    ) throws(DatabaseError) {
        try target(table, schema: schema, mode: mode)
        try bind(export)
        try execute()
    }

    func ingest(
        _ rows: ResultStream, table: String, schema: String?, mode: IngestMode
    ) throws(DatabaseError) -> Int64 {
        try target(table, schema: schema, mode: mode)
        try unsafe rows.handOver { stream throws(DatabaseError) in
            try unsafe ADBCDriver.check(text) { unsafe functions.pointee.StatementBindStream(handle, stream, $0) }
        }
        var count: Int64 = 0
        try unsafe ADBCDriver.check(text) { unsafe functions.pointee.StatementExecuteQuery(handle, nil, &count, $0) }
        return count
    }

    private func target(_ table: String, schema: String?, mode: IngestMode) throws(DatabaseError) {
        text = "append to \(table)"
        try set("adbc.ingest.target_table", table)
        if let schema { try set("adbc.ingest.target_db_schema", schema) }
        try set("adbc.ingest.mode", mode.rawValue)
    }

    private func set(_ key: String, _ value: String) throws(DatabaseError) {
        try unsafe ADBCDriver.check("option \(key)") {
            unsafe functions.pointee.StatementSetOption(handle, key, value, $0)
        }
    }
}

internal import CADBC

/// An open database.
///
/// - Threading: any thread; each thread that runs SQL takes a connection of its own.
@safe
public final class Database: @unchecked Sendable {  // the handle is immutable; drivers allow concurrent connects
    let driver: ADBCDriver
    let handle: UnsafeMutablePointer<AdbcDatabase>

    /// Opens a database.
    ///
    /// - Parameter options: what the driver documents, for example `uri` or, for DuckDB, `path` and any setting.
    /// - Throws: what the driver reports.
    public init(_ driver: ADBCDriver, options: [(key: String, value: String)] = []) throws(DatabaseError) {
        self.driver = driver
        let handle = UnsafeMutablePointer<AdbcDatabase>.allocate(capacity: 1)
        unsafe handle.initialize(to: AdbcDatabase())
        unsafe self.handle = handle
        let functions = unsafe driver.functions
        // Everything is set, so that what throws from here on ends in deinit.
        try unsafe ADBCDriver.check("new database") { unsafe functions.pointee.DatabaseNew(handle, $0) }
        for (key, value) in options {
            try unsafe ADBCDriver.check("option \(key)") {
                unsafe functions.pointee.DatabaseSetOption(handle, key, value, $0)
            }
        }
        try unsafe ADBCDriver.check("open database") { unsafe functions.pointee.DatabaseInit(handle, $0) }
    }

    deinit {
        if unsafe handle.pointee.private_data != nil {
            try? unsafe ADBCDriver.check("close database") {
                unsafe driver.functions.pointee.DatabaseRelease(handle, $0)
            }
        }
        unsafe handle.deallocate()
    }

    /// Opens a connection.
    public func connect() throws(DatabaseError) -> Connection { try Connection(self) }
}

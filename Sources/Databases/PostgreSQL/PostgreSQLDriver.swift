internal import Platform

extension ADBCDriver {
    private static let loadedPostgreSQL = LoadedOnce<ADBCDriver>()

    /// The driver of PostgreSQL: a system's library where one is installed, otherwise the one that the setup script put into
    /// `.deps/lib`.
    ///
    /// - Throws: `driverMissing`.
    public static func postgreSQL() throws(DatabaseError) -> ADBCDriver {
        try loadedPostgreSQL.get(loadPostgreSQL)
    }

    private static func loadPostgreSQL() throws(DatabaseError) -> ADBCDriver {
        let name = "libadbc_driver_postgresql.so"
        let entryPoint = "AdbcDriverPostgresqlInit"
        if let system = try? SharedLibrary(path: name) { return try ADBCDriver(system, entryPoint: entryPoint) }
        guard let path = Dependencies.find("lib/" + name) else {
            throw DatabaseError(
                .driverMissing,
                "the ADBC driver of PostgreSQL is not installed: run scripts/setup, or set TAPEDECK_DEPS to the folder it "
                    + "filled", operation: "load \(name)")
        }
        do {
            return try ADBCDriver(try SharedLibrary(path: path), entryPoint: entryPoint)
        } catch let error as DatabaseError {
            throw error
        } catch {
            throw DatabaseError(.driverMissing, "\(error)", operation: "load \(path)", cause: error)
        }
    }
}

extension Database {
    /// A PostgreSQL server.
    ///
    /// - Parameter uri: a connection URI of libpq; what it leaves open comes from libpq's environment and files.
    public static func postgreSQL(uri: String) throws(DatabaseError) -> Database {
        try Database(ADBCDriver.postgreSQL(), options: [("uri", uri)])
    }
}

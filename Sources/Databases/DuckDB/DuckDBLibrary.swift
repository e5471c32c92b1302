internal import Glibc
internal import Platform

extension ADBCDriver {
    private static let loadedDuckDB = LoadedOnce<ADBCDriver>()

    /// The embedded DuckDB: a system's `libduckdb.so` where one is installed, otherwise the library that the setup
    /// script put into `.deps/lib`.
    ///
    /// - Throws: `driverMissing`, naming the places that were searched.
    public static func duckDB() throws(DatabaseError) -> ADBCDriver {
        try loadedDuckDB.get(DuckDBLibrary.load)
    }
}

/// Finds and loads DuckDB.
enum DuckDBLibrary {
    private static let functions = LoadedOnce<DuckDBFunctions>()

    /// DuckDB's own C interface, of the library that was loaded.
    ///
    /// - Throws: `driverMissing`; `unsupported` where it is of another version.
    static func loadedFunctions() throws(DatabaseError) -> DuckDBFunctions {
        try functions.get { () throws(DatabaseError) in
            let driver = try ADBCDriver.duckDB()
            do {
                return try DuckDBFunctions(try SharedLibrary(path: driver.path))
            } catch let error as DatabaseError {
                throw error
            } catch {
                throw DatabaseError(.driverMissing, "\(error)", operation: "load DuckDB", cause: error)
            }
        }
    }

    static func load() throws(DatabaseError) -> ADBCDriver {
        if let plain = try? SharedLibrary(path: "libduckdb.so") {
            return try ADBCDriver(plain, entryPoint: "duckdb_adbc_init")
        }
        let candidates = Dependencies.folders.map { $0 + "/lib/duckdb.so" }
        guard let path = candidates.first(where: Dependencies.isReadable) else {
            throw DatabaseError(
                .driverMissing,
                "DuckDB is not installed: run scripts/setup, or set TAPEDECK_DEPS to the folder it filled "
                    + "(searched: libduckdb.so, \(candidates.joined(separator: ", ")))", operation: "load DuckDB")
        }
        do {
            // This build of the library refers to symbols of Python without ever starting an interpreter.
            _ = try SharedLibrary(path: "libpython3.11.so.1.0", global: true)
            return try ADBCDriver(try SharedLibrary(path: path), entryPoint: "duckdb_adbc_init")
        } catch let error as DatabaseError {
            throw error
        } catch {
            throw DatabaseError(
                .driverMissing, "DuckDB cannot be loaded: \(error); scripts/setup installs what it needs",
                operation: "load \(path)", cause: error)
        }
    }
}

/// Where files fetched by the setup script are.
public enum Dependencies {
    /// Folders in the order in which they are searched: `TAPEDECK_DEPS`, `.deps` beside the executable or above it,
    /// `.deps` in the current folder.
    public static let folders: [String] = {
        var folders: [String] = []
        if let given = unsafe getenv("TAPEDECK_DEPS") { folders.append(unsafe String(cString: given)) }
        var place = executablePath.split(separator: "/").dropLast()
        while !place.isEmpty {
            folders.append("/" + place.joined(separator: "/") + "/.deps")
            place = place.dropLast()
        }
        folders.append(".deps")
        return folders
    }()

    /// The first existing file of this name below `folders`, for example `lib/delta.duckdb_extension`.
    public static func find(_ name: String) -> String? {
        folders.lazy.map { $0 + "/" + name }.first(where: isReadable)
    }

    static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }

    private static var executablePath: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let count = unsafe readlink("/proc/self/exe", &buffer, buffer.count)
        guard count > 0 else { return "" }
        return String(decoding: buffer.prefix(count).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}

/// How an embedded DuckDB is opened.
public struct DuckDBSettings: Sendable {
    /// File of the database; nil for one in memory.
    public var path: String?
    /// Upper bound of its memory in bytes; nil leaves DuckDB's own (80 % of the machine).
    public var memoryBytes: Int64?
    /// Threads it may use; nil leaves DuckDB's own (all cores).
    public var threads: Int?
    /// Where it spills what does not fit into memory; nil forbids spilling.
    public var spillFolder: String?
    /// Folders that SQL may read and write; nil leaves all access open. With folders, nothing outside them can be
    /// reached and no setting can be changed any more.
    public var confinedTo: [String]?
    /// Promises that no file it reads changes while it is open: what it knows of them is then never checked again.
    public var filesNeverChange: Bool
    /// Buckets that it reads, beside files.
    public var buckets: [BucketAccess] = []

    public init(
        path: String? = nil, memoryBytes: Int64? = nil, threads: Int? = nil, spillFolder: String? = nil,
        confinedTo: [String]? = nil, filesNeverChange: Bool = false
    ) {
        self.path = path
        self.memoryBytes = memoryBytes
        self.threads = threads
        self.spillFolder = spillFolder
        self.confinedTo = confinedTo
        self.filesNeverChange = filesNeverChange
    }

    /// The statements that apply the settings, in order.
    var statements: [String] {
        var statements = ["SET GLOBAL TimeZone = 'UTC'", "SET GLOBAL autoinstall_known_extensions = false"]
        if let memoryBytes { statements.append("SET GLOBAL memory_limit = '\(memoryBytes)B'") }
        if let threads { statements.append("SET GLOBAL threads = \(threads)") }
        statements.append("SET GLOBAL temp_directory = \(SQLText.literal(spillFolder ?? ""))")
        // In memory there is nothing to save: a checkpoint only compresses and compacts, and DuckDB would make one at
        // every large commit. Who deletes much asks for one.
        if path == nil { statements.append("SET GLOBAL checkpoint_threshold = '1TB'") }
        if filesNeverChange {
            statements += [
                "SET GLOBAL parquet_metadata_cache = true", "SET GLOBAL validate_external_file_cache = 'NO_VALIDATION'",
            ]
        }
        return statements
    }

    /// The statements that lock the database up, after which none of the others is allowed.
    var confinement: [String] {
        var statements: [String] = []
        if let confinedTo {
            let folders = confinedTo.map(SQLText.literal).joined(separator: ", ")
            statements += [
                "SET GLOBAL allowed_directories = [\(folders)]", "SET GLOBAL enable_external_access = false",
                "SET GLOBAL lock_configuration = true",
            ]
        }
        return statements
    }
}

extension Database {
    /// Opens an embedded DuckDB in UTC.
    ///
    /// - Throws: `driverMissing` where DuckDB is not installed; `io` where the file cannot be opened or is locked.
    public static func duckDB(_ settings: DuckDBSettings = DuckDBSettings()) throws(DatabaseError) -> Database {
        let database = try Database(ADBCDriver.duckDB(), options: [("path", settings.path ?? ":memory:")])
        let connection = try database.connect()
        for statement in settings.statements { try connection.execute(statement) }
        for bucket in settings.buckets {
            for statement in try bucket.preparation() { try connection.execute(statement) }
            try connection.grant(bucket)
        }
        for statement in settings.confinement { try connection.execute(statement) }
        return database
    }
}

/// Writes names and values into SQL.
public enum SQLText {
    /// A quoted identifier.
    public static func identifier(_ name: String) -> String { "\"" + doubled(name, "\"") + "\"" }
    /// A quoted text.
    public static func literal(_ text: String) -> String { "'" + doubled(text, "'") + "'" }

    private static func doubled(_ text: String, _ mark: Character) -> String {
        text.split(separator: mark, omittingEmptySubsequences: false).joined(separator: "\(mark)\(mark)")
    }
}

public import Databases
public import Market
internal import Platform
internal import Synchronization

/// A lake opened for reading, without a running program: the same views, over its files as they are now.
public final class LakeReader: Sendable {
    /// The database with the views; where it is confined, it reaches the lake and nothing else.
    public let database: Database
    public let lake: any LakePlace

    /// Opens a lake.
    ///
    /// - Parameters:
    ///   - archive: where rows were archived; nil where none were.
    ///   - versions: which one of each table; those that were made later than a time that is meant for all are empty.
    ///   - tables: those that the lake does not have become empty views.
    ///   - isConfined: whether SQL may come from users.
    ///   - statement: what will be asked: tables of others that it names become views, too; all that can be read where it names none
    ///     of the lake.
    /// - Throws: `invalidArgument` where the folder holds no table at all; `unsupported` and others where a table cannot be read.
    public init(
        _ lake: any LakePlace, archive: (any LakePlace)? = nil, at versions: LakeVersions = .newest,
        tables: [TableSchema] = Tables.all, memoryBytes: Int64? = nil, threads: Int? = nil, isConfined: Bool = true,
        for statement: String? = nil
    ) throws(LakeError) {
        let (views, found) = try Self.viewStatements(lake, archive, at: versions, tables: tables)
        var others: [String] = []
        if statement != nil {
            others = try LakeFolder(lake).tables(without: Set(tables.map(\.name)))
        }
        guard found > 0 || !others.isEmpty else {
            throw LakeError(
                .invalidArgument, "this folder is not a lake: it has none of the tables", operation: lake.url)
        }
        self.lake = lake
        let settings = DuckDBSettings(memoryBytes: memoryBytes, threads: threads, filesNeverChange: true)
        let database = try lake.database(settings, and: archive, confined: isConfined)
        self.database = database
        let connection = try onDatabase("open \(lake.url)") { () throws(DatabaseError) in
            let connection = try database.connect()
            for view in views { try connection.execute(view) }
            return connection
        }
        // What does not parse is told when it is asked.
        guard let statement, let named = try? ReadOnlySQL.tables(statement, on: connection) else { return }
        let wanted = others.filter { named.contains($0.lowercased()) }
        let isAboutTables = named.isDisjoint(with: (tables.map(\.name) + others).map { $0.lowercased() })
        for name in isAboutTables ? others : wanted {
            do throws(LakeError) {
                let delta = try LakeFolder(lake).open(name, at: versions.version(name))
                let rows = try Self.rows(delta, nil, archive)
                try Self.execute("CREATE VIEW main.\(SQLText.identifier(name)) AS \(rows)", of: delta, on: connection)
            } catch {
                guard isAboutTables else { throw error }
            }
        }
    }

    /// Makes the view of a table of others. What is wrong with it is said in a line, without the statement, which nobody wrote.
    private static func execute(_ view: String, of delta: DeltaTable, on connection: Connection) throws(LakeError) {
        do {
            try connection.execute(view)
        } catch {
            let line = error.message.prefix { !$0.isNewline }
            throw LakeError(error.code == .io ? .io : .database, String(line), operation: delta.path, cause: error)
        }
    }

    /// The SQL that makes the views over a lake's files as they are now, and how many of the tables are there.
    ///
    /// - Throws: `invalidArgument` where a table does not have its version.
    private static func viewStatements(
        _ lake: any LakePlace, _ archive: (any LakePlace)?, at versions: LakeVersions, tables: [TableSchema]
    ) throws(LakeError) -> ([String], Int) {
        let views = Mutex([String](repeating: "", count: tables.count))
        let found = Atomic(0)
        try ParallelWork.run("open", count: tables.count, threads: lake.requestsAtOnce) { (number) throws(LakeError) in
            let schema = tables[number]
            let place = lake.folder(schema.name)
            var rows = TableSQL(schema: schema).rows(after: nil, files: [], lackColumns: false)
            if let time = versions.commonTime(schema.name), try DeltaLog(place: place).begins(after: time) {
                found.add(1, ordering: .relaxed)
            } else if try lake.hasFolder(schema.name),
                let delta = try DeltaTable.open(place, at: versions.version(schema.name))
            {
                found.add(1, ordering: .relaxed)
                rows = try Self.rows(delta, schema, archive)
            }
            let view = "CREATE OR REPLACE VIEW main.\(SQLText.identifier(schema.name)) AS \(rows)"
            views.withLock { $0[number] = view }
        }
        return (views.withLock { $0 }, found.load(ordering: .relaxed))
    }

    /// A SELECT statement for the rows of a table.
    ///
    /// - Parameter schema: what it should be; nil for tables of others.
    private static func rows(
        _ delta: DeltaTable, _ schema: TableSchema?, _ archive: (any LakePlace)?
    ) throws(LakeError) -> String {
        if let schema, case .own(let hasOlderFiles) = delta.layout(schema) {
            let archived = try ArchivedFiles.urls(of: delta, in: archive?.folder(schema.name))
            return TableSQL(schema: schema).rows(
                after: nil, files: delta.urls(delta.files) + archived, lackColumns: hasOlderFiles)
        }
        guard ArchivedFiles.version(delta) == nil else {
            throw LakeError(
                .unsupported, "rows were archived, and the table is no longer as Tapedeck makes it",
                operation: delta.path)
        }
        return try DeltaRows(delta).sql()
    }

    /// Gives tables of a lake as they were, for SQL that names them with `AT`.
    ///
    /// - Parameter archive: where rows were archived; nil where none were.
    public static func past(_ lake: any LakePlace, archive: (any LakePlace)?) -> PastTables.Rows {
        { (table, version) throws(DatabaseError) in
            do throws(LakeError) {
                let wanted: TableVersion =
                    switch version {
                    case .number(let number): .number(number)
                    case .time(let timeNs): .time(Timestamp(nanoseconds: timeNs))
                    }
                let schema = LakeFolder.schema(table)
                // A name is no path: nothing outside of the lake is a table of it.
                if schema == nil, try !LakeFolder(lake).tables().contains(table) {
                    throw LakeError(.invalidArgument, "the lake has no table of this name", operation: table)
                }
                return try rows(LakeFolder(lake).open(table, at: wanted), schema, archive)
            } catch {
                throw DatabaseError(.invalidArgument, error.message, operation: error.operation)
            }
        }
    }

    /// The last offset, included, up to which each table has the rows of a pipeline; tables that are not there are left out.
    static func committedOffsets(_ lake: any LakePlace, pipeline: String) throws(LakeError) -> [String: Int64] {
        var offsets: [String: Int64] = [:]
        for schema in Tables.all {
            guard let delta = try DeltaTable.open(lake.folder(schema.name)) else { continue }
            offsets[schema.name] = delta.transactionVersion(LakeTable.appID(pipeline, schema))
        }
        return offsets
    }

    /// A connection for queries.
    public func connect() throws(LakeError) -> Connection {
        try onDatabase("connect") { () throws(DatabaseError) in try database.connect() }
    }
}

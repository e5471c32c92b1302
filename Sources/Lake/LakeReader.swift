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
    /// - Throws: `invalidArgument` where the folder holds no table at all.
    public init(
        _ lake: any LakePlace, archive: (any LakePlace)? = nil, at versions: LakeVersions = .newest,
        tables: [TableSchema] = Tables.all, memoryBytes: Int64? = nil, threads: Int? = nil, isConfined: Bool = true
    ) throws(LakeError) {
        let views = try Self.viewStatements(lake, archive, at: versions, tables: tables)
        self.lake = lake
        let settings = DuckDBSettings(memoryBytes: memoryBytes, threads: threads, filesNeverChange: true)
        let database = try lake.database(settings, and: archive, confined: isConfined)
        self.database = database
        try onDatabase("open \(lake.url)") { () throws(DatabaseError) in
            let connection = try database.connect()
            for view in views { try connection.execute(view) }
        }
    }

    /// The SQL that makes the views over a lake's files as they are now.
    ///
    /// - Throws: `invalidArgument` where the folder holds no table at all, or a table does not have its version.
    static func viewStatements(
        _ lake: any LakePlace, _ archive: (any LakePlace)?, at versions: LakeVersions, tables: [TableSchema]
    ) throws(LakeError) -> [String] {
        let views = Mutex([String](repeating: "", count: tables.count))
        let found = Atomic(0)
        try ParallelWork.run("open", count: tables.count, threads: lake.requestsAtOnce) { (number) throws(LakeError) in
            let schema = tables[number]
            let place = lake.folder(schema.name)
            var files: [String] = []
            var delta: DeltaTable?
            if let time = versions.commonTime(schema.name), try DeltaLog(place: place).begins(after: time) {
                found.add(1, ordering: .relaxed)
            } else if try lake.hasFolder(schema.name) {
                delta = try DeltaTable.open(place, at: versions.version(schema.name))
            }
            if let delta {
                found.add(1, ordering: .relaxed)
                files = try delta.urls(delta.files) + ArchivedFiles.urls(of: delta, in: archive?.folder(schema.name))
            }
            let view = TableSQL(schema: schema).view(
                after: nil, files: files, lackColumns: delta?.hasAddedColumns ?? false)
            views.withLock { $0[number] = view }
        }
        guard found.load(ordering: .relaxed) > 0 else {
            throw LakeError(
                .invalidArgument, "this folder is not a lake: it has none of the tables", operation: lake.url)
        }
        return views.withLock { $0 }
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
                guard let schema = LakeFolder.schema(table) else {
                    throw LakeError(.invalidArgument, "the lake has no table of this name", operation: table)
                }
                let delta = try LakeFolder(lake).open(table, at: wanted)
                return try TableSQL(schema: schema).rows(
                    after: nil,
                    files: delta.urls(delta.files) + ArchivedFiles.urls(of: delta, in: archive?.folder(table)),
                    lackColumns: delta.hasAddedColumns)
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

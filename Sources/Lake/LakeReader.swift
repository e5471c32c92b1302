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
    ///   - versions: which one of each table.
    ///   - tables: those that the lake does not have become empty views.
    ///   - isConfined: whether SQL may come from users.
    /// - Throws: `invalidArgument` where the folder holds no table at all.
    public init(
        _ lake: any LakePlace, at versions: LakeVersions = .newest, tables: [TableSchema] = Tables.all,
        memoryBytes: Int64? = nil, threads: Int? = nil, isConfined: Bool = true
    ) throws(LakeError) {
        let views = try Self.viewStatements(lake, at: versions, tables: tables)
        self.lake = lake
        let settings = DuckDBSettings(memoryBytes: memoryBytes, threads: threads, filesNeverChange: true)
        let database = try lake.database(settings, confined: isConfined)
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
        _ lake: any LakePlace, at versions: LakeVersions = .newest, tables: [TableSchema] = Tables.all
    ) throws(LakeError) -> [String] {
        let views = Mutex([String](repeating: "", count: tables.count))
        let found = Atomic(0)
        try ParallelWork.run("open", count: tables.count, threads: lake.requestsAtOnce) { (number) throws(LakeError) in
            let schema = tables[number]
            let delta =
                try lake.hasFolder(schema.name)
                ? DeltaTable.open(lake.folder(schema.name), at: versions.version(schema.name)) : nil
            if delta != nil { found.add(1, ordering: .relaxed) }
            let view = TableSQL(schema: schema).view(
                after: nil, files: delta.map { $0.urls($0.files) } ?? [],
                lackColumns: delta?.hasAddedColumns ?? false)
            views.withLock { $0[number] = view }
        }
        guard found.load(ordering: .relaxed) > 0 else {
            throw LakeError(
                .invalidArgument, "this folder is not a lake: it has none of the tables", operation: lake.url)
        }
        return views.withLock { $0 }
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

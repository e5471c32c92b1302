public import Databases
public import Market
internal import Platform

/// A lake opened for reading, without a running program: the same views, over its files as they are now.
public final class LakeReader: Sendable {
    /// The database with the views; it reaches the lake and nothing else.
    public let database: Database
    /// Absolute path of the lake.
    public let lake: String

    /// Opens a lake.
    ///
    /// - Parameters:
    ///   - versions: which one of each table; those that were made later than a time that is meant for all are empty.
    ///   - tables: those that the lake does not have become empty views.
    /// - Throws: `invalidArgument` where the folder holds no table at all.
    public init(
        _ path: String, at versions: LakeVersions = .newest, tables: [TableSchema] = Tables.all,
        memoryBytes: Int64? = nil, threads: Int? = nil
    ) throws(LakeError) {
        let lake = try DurableFile.resolve(path)
        let views = try Self.viewStatements(lake, at: versions, tables: tables)
        self.lake = lake
        let settings = DuckDBSettings(
            memoryBytes: memoryBytes, threads: threads, confinedTo: [lake], filesNeverChange: true)
        database = try onDatabase("open \(lake)") { () throws(DatabaseError) in
            let database = try Database.duckDB(settings)
            let connection = try database.connect()
            for view in views { try connection.execute(view) }
            return database
        }
    }

    /// The SQL that makes the views over a lake's files as they are now, in any database that may read them.
    ///
    /// - Throws: `invalidArgument` where the folder holds no table at all, or a table does not have its version.
    public static func viewStatements(
        _ path: String, at versions: LakeVersions = .newest, tables: [TableSchema] = Tables.all
    ) throws(LakeError) -> [String] {
        let lake = try DurableFile.resolve(path)
        var views: [String] = []
        var found = 0
        for schema in tables {
            let folder = "\(lake)/\(schema.name)"
            var delta: DeltaTable?
            if let time = versions.commonTime(schema.name), try DeltaLog(table: folder).begins(after: time) {
                found += 1
            } else if DurableFile.exists(folder) {
                delta = try DeltaTable.open(folder, at: versions.version(schema.name))
                if delta != nil { found += 1 }
            }
            views.append(
                TableSQL(schema: schema).view(
                    after: nil, files: LakeTable.paths(delta?.files ?? [], in: folder),
                    lackColumns: delta?.hasAddedColumns ?? false))
        }
        guard found > 0 else {
            throw LakeError(.invalidArgument, "this folder is not a lake: it has none of the tables", operation: lake)
        }
        return views
    }

    /// Gives tables of a lake as they were, for SQL that names them with `AT`.
    ///
    /// - Parameter lake: absolute path.
    public static func past(_ lake: String) -> PastTables.Rows {
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
                return TableSQL(schema: schema).rows(
                    after: nil, files: LakeTable.paths(delta.files, in: delta.path),
                    lackColumns: delta.hasAddedColumns)
            } catch {
                throw DatabaseError(.invalidArgument, error.message, operation: error.operation)
            }
        }
    }

    /// The last offset, included, up to which each table has the rows of a pipeline; tables that are not there are left out.
    static func committedOffsets(_ path: String, pipeline: String) throws(LakeError) -> [String: Int64] {
        let lake = try DurableFile.resolve(path)
        var offsets: [String: Int64] = [:]
        for schema in Tables.all {
            guard let delta = try DeltaTable.open("\(lake)/\(schema.name)") else { continue }
            offsets[schema.name] = delta.transactionVersion(LakeTable.appID(pipeline, schema))
        }
        return offsets
    }

    /// A connection for queries.
    public func connect() throws(LakeError) -> Connection {
        try onDatabase("connect") { () throws(DatabaseError) in try database.connect() }
    }
}

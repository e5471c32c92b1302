public import Databases
public import Delivery
public import Market
internal import Platform
internal import Synchronization

/// The last minutes of every table in memory, the rest in the lake, and one view per table over both.
///
/// A query sees a consistent cut: whole engine steps, each row once, also while a flush moves rows to the lake.
/// - Threading: `append` from one thread, `flush` from that or one other thread, connections from any.
public final class HotStore: Sink {
    /// How a store is opened.
    public struct Options: Sendable {
        /// Folder of the lake; made where it is missing.
        public var lake: String
        /// Names the progress in the tables: one pipeline, one journal.
        public var pipeline: String
        public var tables: [TableSchema]
        /// Upper bound of the database's memory in bytes; nil for DuckDB's own.
        public var memoryBytes: Int64?
        /// Threads of the database; nil for all cores.
        public var threads: Int?
        /// Rows of a Parquet row group.
        public var rowGroupRows: Int
        /// Called at each point that a flush passes; what it throws stops the flush there.
        public var reached: @Sendable (FlushStep) throws(LakeError) -> Void

        public init(
            lake: String, pipeline: String, tables: [TableSchema] = Tables.all, memoryBytes: Int64? = nil,
            threads: Int? = nil, rowGroupRows: Int = 122_880
        ) {
            self.lake = lake
            self.pipeline = pipeline
            self.tables = tables
            self.memoryBytes = memoryBytes
            self.threads = threads
            self.rowGroupRows = rowGroupRows
            reached = { _ in }
        }
    }

    /// The database with the views: make connections here to query it.
    public let database: Database
    /// Absolute path of the lake.
    public let lake: String
    let options: Options
    /// Used by the thread that appends.
    private let appender: Connection
    /// Used by the thread that flushes.
    let flusher: Connection
    let tables: [LakeTable]
    private let resumeOffsets: [String: Int64]
    private let lock: FolderLock
    private let visible: Atomic<Int64>
    let progress: Mutex<Progress>

    struct Progress {
        var committed: [String: Int64]
        var hotRows: [String: Int64]
    }

    /// Opens the lake and its hot tables, which are empty: the caller replays what the lake does not have.
    ///
    /// - Throws: `locked` where another program writes the same pipeline; `schemaMismatch`, `unsupported`, `io`.
    public init(_ options: Options) throws(LakeError) {
        try DurableFile.makeFolder(options.lake)
        let lake = try DurableFile.resolve(options.lake)
        guard !lake.contains(where: { "*?[]".contains($0) }) else {
            throw LakeError(.invalidArgument, "the path of a lake cannot have any of * ? [ ]", operation: lake)
        }
        try DurableFile.makeFolder(lake + "/.tapedeck")
        let writer = PartName.writer(of: options.pipeline)
        lock = try FolderLock("\(lake)/.tapedeck/\(writer).lock")
        var tables: [LakeTable] = []
        for schema in options.tables {
            tables.append(try LakeTable(schema, lake: lake, pipeline: options.pipeline, writer: writer))
        }
        self.lake = lake
        self.options = options
        self.tables = tables
        resumeOffsets = Dictionary(uniqueKeysWithValues: tables.map { ($0.schema.name, $0.resumeOffset) })
        let committed = resumeOffsets
        progress = Mutex(Progress(committed: committed, hotRows: committed.mapValues { _ in 0 }))
        visible = Atomic(-1)
        let spillFolder = "\(lake)/.tapedeck/\(writer).spill"
        for name in try DurableFile.names(in: spillFolder) { DurableFile.remove("\(spillFolder)/\(name)") }
        let settings = DuckDBSettings(
            memoryBytes: options.memoryBytes, threads: options.threads, spillFolder: spillFolder, confinedTo: [lake],
            filesNeverChange: true)
        let views = tables.map { ($0.sql, $0.files) }
        (database, appender, flusher) = try onDatabase("open hot tables") { () throws(DatabaseError) in
            let database = try Database.duckDB(settings)
            let appender = try database.connect()
            try appender.execute("CREATE SCHEMA hot")
            for (sql, files) in views {
                try appender.execute(sql.create(sql.hotName))
                if sql.schema.name == Tables.bars.name { try appender.execute(sql.create(Self.openBars)) }
                try appender.execute(sql.view(hot: Self.hotTables(sql), files: files))
            }
            return (database, appender, try database.connect())
        }
    }

    /// Lets another program write the lake; what is in it and in hot tables can still be queried.
    ///
    /// - Precondition: nothing is appended or flushed afterwards.
    public func close() { lock.release() }

    /// Bars that can still change; replaced as a whole.
    static let openBars = "hot.bars_open"

    static func hotTables(_ sql: TableSQL) -> [String] {
        sql.schema.name == Tables.bars.name ? [sql.hotName, openBars] : [sql.hotName]
    }

    /// The offset up to which rows can be queried, itself included; -1 where nothing was appended since the opening.
    public var visibleOffset: Int64 { visible.load(ordering: .acquiring) }

    /// The offset up to which the lake holds the rows of a table, itself included; -1 where it holds none.
    public func committedOffset(_ table: String) -> Int64 { progress.withLock { $0.committed[table] ?? -1 } }

    /// Rows in hot tables.
    public var hotRows: Int64 { progress.withLock { $0.hotRows.values.reduce(0, +) } }

    /// A connection for queries.
    public func connect() throws(LakeError) -> Connection {
        try onDatabase("connect") { () throws(DatabaseError) in try database.connect() }
    }

    /// Takes all rows of one engine step in one transaction. Rows that the lake had when it was opened are dropped.
    ///
    /// - Throws: `database`; nothing has changed then, and the step can be tried again.
    public func append(
        _ batches: [any ColumnarBatch], _ dictionaries: BatchDictionaries, upTo offset: Int64
    ) throws(LakeError) {
        try append(batches, openBars: nil, dictionaries, upTo: offset)
    }

    /// The same, and in the same transaction replaces the bars that can still change.
    ///
    /// - Parameter openBars: nil leaves them as they are.
    public func append(
        _ batches: [any ColumnarBatch], openBars: BarBatch?, _ dictionaries: BatchDictionaries, upTo offset: Int64
    ) throws(LakeError) {
        precondition(offset >= visibleOffset, "steps go forward: \(offset) after \(visibleOffset)")
        let inputs = batches.compactMap { HotInput($0, dictionaries, resumeOffsets) }
        if !inputs.isEmpty || openBars != nil {
            let added = try retryingConflicts("append to hot tables") { () throws(DatabaseError) in
                try appender.transaction { () throws(DatabaseError) in
                    var added: [(String, Int64)] = []
                    for input in inputs { added.append((input.table, try input.ingest(appender))) }
                    if let openBars { try replace(openBars, dictionaries) }
                    return added
                }
            }
            progress.withLock { progress in
                for (table, rows) in added { progress.hotRows[table, default: 0] += rows }
            }
        }
        visible.store(offset, ordering: .releasing)
    }

    /// Replaces the bars that can still change, and nothing else.
    public func replaceOpenBars(_ bars: BarBatch, _ dictionaries: BatchDictionaries) throws(LakeError) {
        try retryingConflicts("replace open bars") { () throws(DatabaseError) in
            try appender.transaction { () throws(DatabaseError) in try replace(bars, dictionaries) }
        }
    }

    /// A new table frees the old one's memory at once; deleted rows would stay until a checkpoint.
    private func replace(_ bars: BarBatch, _ dictionaries: BatchDictionaries) throws(DatabaseError) {
        try appender.execute(TableSQL(schema: Tables.bars).create(Self.openBars))
        try appender.ingest(bars.columns(dictionaries), rows: bars.count, into: "bars_open", schema: "hot")
    }

    /// Tries again where the other thread's transaction came in between.
    func retryingConflicts<T>(
        _ operation: String, _ body: () throws(DatabaseError) -> T
    ) throws(LakeError) -> T {
        for _ in 0..<20 {
            do {
                return try body()
            } catch  where error.code == .conflict {
                continue
            } catch {
                throw LakeError(error, operation: operation)
            }
        }
        return try onDatabase(operation, body)
    }
}

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
        /// Where the tables are.
        public var lake: any LakePlace
        /// Where rows were archived; nil where none were.
        public var archive: (any LakePlace)?
        /// Folder of this machine for what is not to be kept, which pipelines of one lake may share.
        public var scratch: String
        /// Names the progress in the tables: one pipeline, one journal.
        public var pipeline: String
        public var tables: [TableSchema]
        /// Upper bound of the database's memory in bytes; nil for DuckDB's own.
        public var memoryBytes: Int64?
        /// Threads of the database; nil for all cores.
        public var threads: Int?
        /// Rows of a Parquet row group.
        public var rowGroupRows: Int
        /// Nil where the pipeline is the only writer of its name.
        public var share: LakeShare?
        /// Called at each point that a flush passes; what it throws stops the flush there.
        public var reached: @Sendable (FlushStep) throws(LakeError) -> Void

        public init(
            lake: any LakePlace, scratch: String, pipeline: String, tables: [TableSchema] = Tables.all,
            memoryBytes: Int64? = nil,
            threads: Int? = nil, rowGroupRows: Int = 131_072
        ) {
            self.lake = lake
            self.scratch = scratch
            self.pipeline = pipeline
            self.tables = tables
            self.memoryBytes = memoryBytes
            self.threads = threads
            self.rowGroupRows = rowGroupRows
            reached = { _ in }
        }
    }

    public typealias Failure = Never
    /// The database with the views: make connections here to query it.
    public let database: Database
    /// Where the tables are.
    public let lake: any LakePlace
    /// Where rows were archived; nil where none were.
    public var archive: (any LakePlace)? { options.archive }
    let options: Options
    /// Used by the thread that flushes.
    let flusher: Connection
    let rows: HotRows
    let tables: [LakeTable]
    private let resumeOffsets: [String: Int64]
    private let lock: FolderLock
    private let visible: Atomic<Int64>
    let progress: Mutex<Progress>
    /// The versions of tables that the views show.
    let shownVersions: Mutex<[String: Int64]>
    /// The files that the views show, by table.
    let storedFiles: Mutex<[String: StoredFiles]>

    struct Progress {
        var committed: [String: Int64]
        var hotRows: [String: Int64]
    }

    /// Opens the lake and its hot tables, which are empty: the caller replays what the lake does not have.
    ///
    /// - Throws: `locked` where another program writes the same pipeline; `schemaMismatch`, `unsupported`, `io`.
    public init(_ options: Options) throws(LakeError) {
        let lake = options.lake
        guard !lake.url.contains(where: { "*?[]".contains($0) }) else {
            throw LakeError(.invalidArgument, "the path of a lake cannot have any of * ? [ ]", operation: lake.url)
        }
        let own = PartName.writer(of: options.pipeline)
        let writer = options.share == nil ? own : own + "_" + PartName.unique()
        let scratch = options.share?.scratch ?? options.scratch
        try DurableFile.makeFolder(scratch)
        lock = try FolderLock("\(scratch)/\(own).lock")
        let opened = Mutex([LakeTable?](repeating: nil, count: options.tables.count))
        try ParallelWork.run("open", count: options.tables.count, threads: lake.requestsAtOnce) {
            (number) throws(LakeError) in
            let table = try LakeTable(
                options.tables[number], lake: lake, archive: options.archive, pipeline: options.pipeline,
                writer: writer, offsets: options.share?.offsets)
            opened.withLock { $0[number] = table }
        }
        let tables = opened.withLock { $0 }.compactMap { $0 }
        self.lake = lake
        self.options = options
        self.tables = tables
        resumeOffsets = Dictionary(uniqueKeysWithValues: tables.map { ($0.schema.name, $0.resumeOffset) })
        let committed = resumeOffsets
        progress = Mutex(Progress(committed: committed, hotRows: committed.mapValues { _ in 0 }))
        visible = Atomic(-1)
        let spillFolder = "\(scratch)/\(own).spill"
        for name in try DurableFile.names(in: spillFolder) { DurableFile.remove("\(spillFolder)/\(name)") }
        let settings = DuckDBSettings(
            memoryBytes: options.memoryBytes, threads: options.threads, spillFolder: spillFolder,
            filesNeverChange: true)
        let database = try lake.database(settings, and: options.archive, confined: true)
        self.database = database
        let rows = HotRows(options.tables)
        self.rows = rows
        flusher = try onDatabase("open hot tables") { () throws(DatabaseError) in
            let connection = try database.connect()
            for schema in options.tables { try connection.register(rows.memoryTable(schema)) }
            return connection
        }
        var shown: [String: Int64] = [:]
        var stored: [String: StoredFiles] = [:]
        for table in tables {
            let view = try Self.view(of: table, on: flusher)
            let flusher = flusher
            try onDatabase(table.place.url) { () throws(DatabaseError) in try flusher.execute(view.sql) }
            if view.isWhole { shown[table.schema.name] = table.version }
            stored[table.schema.name] = view.files
        }
        shownVersions = Mutex(shown)
        storedFiles = Mutex(stored)
    }

    /// Lets another program write the lake; what is in it and in hot tables can still be queried.
    ///
    /// - Precondition: nothing is appended or flushed afterwards.
    public func close() { lock.release() }

    /// The offset up to which rows can be queried, itself included; -1 where nothing was appended since the opening.
    public var visibleOffset: Int64 { visible.load(ordering: .acquiring) }

    /// The offset up to which the lake holds the rows of a table, itself included; -1 where it holds none.
    public func committedOffset(_ table: String) -> Int64 { progress.withLock { $0.committed[table] ?? -1 } }

    /// Rows in hot tables.
    public var hotRows: Int64 { progress.withLock { $0.hotRows.values.reduce(0, +) } }

    /// Memory reserved for rows in hot tables, in bytes.
    public var hotBytes: Int { rows.memoryBytes }

    /// A connection for queries.
    public func connect() throws(LakeError) -> Connection {
        try onDatabase("connect") { () throws(DatabaseError) in try database.connect() }
    }

    /// Takes all rows of one engine step, and shows them at once. Rows that the lake had when it was opened are dropped.
    public func append(
        _ batches: [any ColumnarBatch], _ dictionaries: BatchDictionaries, upTo offset: Int64
    ) {
        append(batches, openBars: nil, dictionaries, upTo: offset)
    }

    /// The same, and in the same step replaces what can still change.
    ///
    /// - Parameters:
    ///   - openBars: not to be changed afterwards; nil leaves them as they are.
    ///   - ongoing: the same for the stretches of coverage that go on.
    public func append(
        _ batches: [any ColumnarBatch], openBars: BarBatch?, ongoing: RecordBatch? = nil,
        _ dictionaries: BatchDictionaries, upTo offset: Int64
    ) {
        precondition(offset >= visibleOffset, "steps go forward: \(offset) after \(visibleOffset)")
        var inputs: [HotRows.Input] = []
        // Another owner of the pipeline's name may have committed more than was there at the opening.
        let committed = progress.withLock { $0.committed }
        for batch in batches where batch.count > 0 {
            let name = batch.schema.name
            guard let opened = resumeOffsets[name] else { continue }
            let resume = max(opened, committed[name] ?? -1)
            let columns = batch.columns(dictionaries)
            let first = HotSegment.firstRow(
                above: resume, in: HotSegment.offsets(columns), count: batch.count)
            guard first < batch.count else { continue }
            inputs.append(HotRows.Input(table: name, columns: columns, rows: first..<batch.count))
        }
        rows.sweep()
        let open = [openBars as (any ColumnarBatch)?, ongoing].compactMap { $0 }
        rows.append(inputs, open: open.map { HotRows.Input($0, dictionaries) })
        progress.withLock { progress in
            for input in inputs { progress.hotRows[input.table, default: 0] += Int64(input.rows.count) }
        }
        visible.store(offset, ordering: .releasing)
    }

    /// Replaces the bars that can still change, and nothing else.
    ///
    /// - Parameter bars: not to be changed afterwards.
    public func replaceOpenBars(_ bars: BarBatch, _ dictionaries: BatchDictionaries) {
        rows.append([], open: [HotRows.Input(bars, dictionaries)])
    }

    /// Tries again where the other thread's transaction came in between, or rows moved to the lake.
    public func retryingConflicts<T>(
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

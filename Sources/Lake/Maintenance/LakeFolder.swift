internal import Market
public import Platform

/// The tables of a lake, for looking after them; a pipeline may write them meanwhile.
///
/// - Threading: one thread at a time.
public struct LakeFolder {
    public let place: any LakePlace
    /// What errors call it: a path, or a URL.
    public var path: String { place.url }

    /// Where rows were archived; nil where none were.
    public let archive: (any LakePlace)?

    public init(_ place: any LakePlace, archive: (any LakePlace)? = nil) {
        self.place = place
        self.archive = archive
    }

    /// The tables that are there: those of Tapedeck in its order, then others by name.
    ///
    /// - Parameter excluded: tables that are not asked for.
    public func tables(without excluded: Set<String> = []) throws(LakeError) -> [String] {
        var found: [String] = []
        for name in try place.folders() where !excluded.contains(name) {
            if try place.folder(name).hasFolder(DeltaLog.folderName) { found.append(name) }
        }
        let known = Tables.all.map(\.name).filter(found.contains)
        return known + found.filter { !known.contains($0) }.sorted()
    }

    /// Opens a table.
    ///
    /// - Throws: `invalidArgument` where there is none.
    public func open(_ table: String, at version: TableVersion = .newest) throws(LakeError) -> DeltaTable {
        guard !table.contains("/"), let delta = try DeltaTable.open(place.folder(table), at: version, writer: "keeper")
        else {
            throw LakeError(
                .invalidArgument, "there is no table `\(table)`; there are \(try tables().joined(separator: ", "))",
                operation: path)
        }
        return delta
    }

    /// The tables that can be read here, and why others cannot. Those of Tapedeck must.
    ///
    /// - Parameter forWriting: whether it must be possible to write them, too.
    /// - Throws: what is wrong with a table of Tapedeck.
    public func usableTables(
        forWriting: Bool
    ) throws(LakeError) -> (tables: [DeltaTable], others: [(name: String, reason: String)]) {
        var found: [DeltaTable] = []
        var others: [(String, String)] = []
        for name in try tables() {
            do throws(LakeError) {
                let table = try open(name)
                if forWriting { try table.requireWritable() }
                found.append(table)
            } catch {
                guard Self.schema(name) == nil else { throw error }
                others.append((name, error.message))
            }
        }
        return (found, others)
    }

    /// Gives the columns of a table the wider types that this version has for them.
    ///
    /// - Parameter commits: false to see only what would change.
    /// - Returns: what became wider, as `size from integer to long`.
    /// - Throws: `unsupported` for tables that are not Tapedeck's; as `DeltaTable.widen`.
    public func widen(_ table: DeltaTable, commits: Bool = true) throws(LakeError) -> [String] {
        guard let schema = Self.schema(table.name) else {
            throw LakeError(.unsupported, "only columns of tables of Tapedeck become wider", operation: table.path)
        }
        return try table.widen(to: schema, commits: commits)
    }

    /// The schema of a table of Tapedeck; nil for others.
    static func schema(_ table: String) -> TableSchema? { Tables.all.first { $0.name == table } }
}

extension DeltaTable {
    /// The name of the table's folder.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }

    /// Whether no other pipeline than this writes it.
    public func isOnly(of pipeline: String) -> Bool {
        state.transactions.keys.allSatisfy { $0 == "\(pipeline)/\(name)" || $0 == ArchivedFiles.application }
    }

    /// A table in figures.
    public struct Summary: Sendable {
        public let name: String
        public let version: Int64
        public let files: Int
        /// Rows, where the log says for all files.
        public let rows: Int64?
        public let bytes: Int64
        /// The partitions, by value, in rising order.
        public let partitions: [Partition]
        /// When it was changed last; nil where that commit is no longer in the log.
        public let changed: Timestamp?
    }

    /// A part of a table.
    public struct Partition: Sendable {
        /// The partition columns' values, as folders are named: `date=2026-01-31`; empty where the table has none.
        public let value: String
        public let files: Int
        public let rows: Int64?
        public let bytes: Int64
    }

    /// The table as it is known here.
    public func summary() throws(LakeError) -> Summary {
        var sums: [String: (files: Int, rows: Int64?, bytes: Int64)] = [:]
        for file in state.files.values {
            let rows = FileStatistics.rows(file)
            let partition = partition(file)
            let (files, rowsBefore, bytes) = sums[partition] ?? (0, 0, 0)
            sums[partition] = (files + 1, rowsBefore.flatMap { sum in rows.map { sum + $0 } }, bytes + file.size)
        }
        let partitions = sums.map { Partition(value: $0, files: $1.files, rows: $1.rows, bytes: $1.bytes) }
        return Summary(
            name: name, version: version, files: state.files.count,
            rows: partitions.reduce(0) { sum, part in sum.flatMap { sum in part.rows.map { sum + $0 } } },
            bytes: partitions.reduce(0) { $0 + $1.bytes }, partitions: partitions.sorted { $0.value < $1.value },
            changed: try log.entry(version)?.time)
    }

    /// Rows of files; nil where the log does not say for all.
    static func rows(_ files: [AddFile]) -> Int64? {
        var sum: Int64 = 0
        for file in files {
            guard let rows = FileStatistics.rows(file) else { return nil }
            sum += rows
        }
        return sum
    }

    /// The partition of a file, as folders are named.
    func partition(_ file: AddFile) -> String {
        (state.metadata?.partitionColumns ?? []).map { column in
            let value = file.partitionValues[column].flatMap(\.self)
            return "\(column)=\(value ?? "__HIVE_DEFAULT_PARTITION__")"
        }.joined(separator: "/")
    }

    /// Its commits that are still in the log, the newest first.
    ///
    /// - Parameter limit: how many at most.
    public func history(limit: Int) throws(LakeError) -> [TableCommit] {
        var commits: [TableCommit] = []
        var version = version
        while version >= 0, commits.count < limit, let entry = try log.entry(version) {
            commits.append(entry)
            version -= 1
        }
        return commits
    }

    /// The files of the log up to the version that is known here, relative to the table.
    public func logFiles() throws(LakeError) -> [String] {
        try log.names().filter { name in Int64(name.prefix(20)).map { $0 <= version } ?? false }.sorted()
            .map(DeltaLog.path)
    }

    /// Files of the table beside those of data and log, relative to the table: parts of checkpoints, and the rows of data files that do not
    /// count.
    public func sideFiles() throws(LakeError) -> [String] {
        var paths = Set(try place.paths(below: DeltaLog.path("_sidecars")))
        for reference in files.compactMap(\.deletionVector) where reference.storageType != "i" {
            paths.insert(try DeletionVector.path(reference, place))
        }
        return paths.sorted()
    }

    /// What a table is, beyond its files.
    public struct Description: Sendable {
        public let id: String
        public let text: String
        /// Names and types as the log has them; nullable ones say so.
        public let columns: [(name: String, type: String, isNullable: Bool)]
        public let partitionColumns: [String]
        public let properties: [String: String]
        /// Versions of the protocol that a reader and a writer need.
        public let protocolVersions: (reader: Int, writer: Int)
        /// Features of the protocol that are named one by one.
        public let features: [String]
        /// Why the table cannot be written here; nil where it can.
        public let writeObstacle: String?
        /// How far applications are.
        public let progress: [AppTransaction]
        public let created: Timestamp?
    }

    /// The table's description at its version.
    public func description() throws(LakeError) -> Description {
        guard let metadata = state.metadata else {
            throw LakeError(.corrupt, "the log has no metadata", operation: path)
        }
        let fields = DeltaSchema.fields(metadata.schemaString) ?? []
        return Description(
            id: metadata.id, text: metadata.description ?? "",
            columns: fields.map { ($0.name, $0.type.text, $0.nullable) }, partitionColumns: metadata.partitionColumns,
            properties: metadata.configuration ?? [:],
            protocolVersions: (state.versions?.minReaderVersion ?? 1, state.versions?.minWriterVersion ?? 2),
            features: Set((state.versions?.readerFeatures ?? []) + (state.versions?.writerFeatures ?? [])).sorted(),
            writeObstacle: state.writeObstacle, progress: state.transactions.values.sorted { $0.appId < $1.appId },
            created: metadata.createdTime.map { Timestamp(nanoseconds: $0 * 1_000_000) })
    }
}

internal import Databases
public import Delivery
internal import Market
public import Platform

/// Moves partitions that are over into an archive: sealed, copied, compared, and only then taken out of the table.
///
/// A crash anywhere leaves every row in one of the two; what an attempt left behind in the archive is made up for by the next one.
/// - Threading: one thread at a time, and one program; pipelines and others may write the table meanwhile.
public struct Archiving {
    /// How a table is archived.
    public struct Options: Sendable {
        /// How long a partition must be over.
        public var afterNs: Int64 = 86_400_000_000_000
        /// Whether it is copied to the archive; sealed and checked it is in any case.
        public var uploads = true
        /// How it is sealed.
        public var sealing = Compaction.Options()
        /// Compares the rows of a sealed partition with where they come from; what it throws keeps them where they are.
        public var check: @Sendable (RowDigests) throws(LakeError) -> Void = { _ in }
        /// Called at each point that the move of a partition passes; what it throws stops it there.
        public var reached: @Sendable (ArchiveStep) throws(LakeError) -> Void = { _ in }

        public init() {}
    }

    /// What became of a partition.
    public struct Outcome: Sendable {
        public let partition: String
        public var rows: Int64 = 0
        public var files = 0
        public var bytes: Int64 = 0
        /// True where somebody else changed its files meanwhile: then it stays, for the next time.
        public var isOutdated = false
    }

    let table: DeltaTable
    private let schema: TableSchema
    private let archive: (any LakePlace)?
    private let options: Options
    private let now: Timestamp

    /// - Parameter archive: the folder of the table in the archive; nil where nothing is copied.
    /// - Throws: `unsupported` for tables that are not Tapedeck's, and for those in a bucket.
    public init(
        _ table: DeltaTable, to archive: (any LakePlace)?, _ options: Options = Options(), now: Timestamp = .now()
    ) throws(LakeError) {
        guard let schema = LakeFolder.schema(table.name) else {
            throw LakeError(.unsupported, "only tables of Tapedeck are archived", operation: table.path)
        }
        guard table.place.access == nil else {
            throw LakeError(.unsupported, "the lake is in a bucket already", operation: table.path)
        }
        self.table = table
        self.schema = schema
        self.archive = archive
        self.options = options
        self.now = now
    }

    /// The partitions that are over, the oldest first.
    public func partitions() throws(LakeError) -> [DeltaTable.Partition] {
        try table.summary().partitions.filter { isOver($0.value) }
    }

    /// Whether all days of a partition ended long enough ago.
    private func isOver(_ partition: String) -> Bool {
        guard let value = partition.split(separator: "=").last, let first = CivilDate(String(value)) else {
            return false
        }
        let endNs = schema.partition.spanNs(firstDay: first).upperBound
        return now.nanoseconds - options.afterNs >= endNs
    }

    /// Moves a partition.
    ///
    /// - Parameter progress: told of rows as they are read; returns false to stop.
    /// - Returns: nil where it was stopped.
    /// - Throws: `corrupt` where the copy is not what it should be; what `check` throws.
    public func run(
        _ partition: String, _ progress: (Int64) -> Bool = { _ in true }
    ) throws(LakeError) -> Outcome? {
        try table.refresh()
        guard try seal(partition, progress) else { return nil }
        let files = table.files.filter { table.partition($0) == partition }
        var outcome = Outcome(partition: partition)
        outcome.files = files.count
        outcome.bytes = files.reduce(0) { $0 + $1.size }
        guard let digests = try digests(table.urls(files), progress) else { return nil }
        outcome.rows = digests.rows
        try options.check(digests)
        guard options.uploads, let archive else { return outcome }
        let target = try open(archive)
        for file in files where !target.isCurrent(file) {
            _ = try archive.add(table.place.location(file.relativePath), as: file.relativePath)
            try options.reached(.copied(path: file.relativePath))
        }
        guard let copied = try self.digests(files.map { archive.location($0.relativePath) }, progress) else {
            return nil
        }
        guard copied == digests else {
            throw LakeError(
                .corrupt, "the copy of \(partition) in the archive has other rows than the lake", operation: archive.url
            )
        }
        let added = files.filter { !target.isCurrent($0) }
        if !added.isEmpty { _ = try target.commit(add: added) }
        try options.reached(.archived)
        outcome.isOutdated = try !take(files, target)
        return outcome
    }

    /// Makes few files of many; afterwards nothing about the partition's rows is left to be done.
    private func seal(_ partition: String, _ progress: (Int64) -> Bool) throws(LakeError) -> Bool {
        var sealing = options.sealing
        sealing.filesMin = 2
        sealing.isWanted = { $0 == partition }
        let compaction = try Compaction(table, sealing)
        for group in compaction.groups() {
            guard try compaction.run(group, progress) != nil else { return false }
        }
        return true
    }

    /// The archive's table, without what an attempt before left there that did not come to its end.
    private func open(_ archive: any LakePlace) throws(LakeError) -> DeltaTable {
        let target = try DeltaTable.open(archive, creating: schema, writer: "archive")
        let version = ArchivedFiles.version(table)
        guard version ?? -1 <= target.version else {
            throw LakeError(
                .conflict,
                "the lake knows version \(version ?? -1) of its archive, and this one is at \(target.version): is it another?",
                operation: archive.url)
        }
        let counted = try version.map { version throws(LakeError) in
            Set(try DeltaTable.open(archive, at: .number(version))?.files.map(\.path) ?? [])
        }
        // Files that the table still has may stay: they are what is moved next.
        let left = target.files.filter { !(counted?.contains($0.path) ?? false) && !table.isCurrent($0) }
        if !left.isEmpty {
            _ = try target.commit(
                add: [], remove: left.map { RemoveFile($0, dataChange: true) }, operation: "DELETE",
                parameters: ["predicate": "[]"])
        }
        return target
    }

    /// Takes files out of the table, in the commit that says that the archive has them.
    ///
    /// - Returns: false where somebody else changed them meanwhile.
    private func take(_ files: [AddFile], _ target: DeltaTable) throws(LakeError) -> Bool {
        let before = ArchivedFiles.version(table)
        try ArchivedFiles.writeList(of: target, beside: table)
        try options.reached(.listed)
        do {
            let outcome = try table.commit(
                add: [], remove: files.map { RemoveFile($0, dataChange: true) },
                transaction: AppTransaction(appId: ArchivedFiles.application, version: target.version),
                after: before ?? -1, operation: "DELETE", parameters: ["archive": target.path])
            guard case .committed = outcome else { return false }
        } catch  where error.code == .conflict {
            return false
        }
        try options.reached(.taken)
        // Queries that run may still read the list before.
        if let before { try ArchivedFiles.removeLists(before: before, beside: table) }
        return true
    }

    /// What the rows of files amount to; nil where it was stopped.
    private func digests(_ urls: [String], _ progress: (Int64) -> Bool) throws(LakeError) -> RowDigests? {
        var digests = RowDigests()
        guard !urls.isEmpty else { return digests }
        let database = try (archive ?? table.place).database(DuckDBSettings())
        let source = TableSQL(schema: schema).fileRows(urls, lackColumns: table.hasOlderFiles)
        var isStopped = false
        try onDatabase(table.path) { () throws(DatabaseError) in
            let rows = try database.connect().query("SELECT \(RowDigests.selection(schema)) FROM \(source)")
            try digests.add(rows, of: schema) { rows in
                isStopped = !progress(rows)
                return !isStopped
            }
        }
        return isStopped ? nil : digests
    }
}

/// Points that the move of a partition passes, in this order; a hook may stop it there, as a crash would.
public enum ArchiveStep: Sendable, Equatable {
    /// A file is in the archive, and nobody knows yet.
    case copied(path: String)
    /// The archive has all rows, and the table still has them, too: they count there.
    case archived
    /// The table has the list of the archive's files.
    case listed
    /// The rows count in the archive.
    case taken
}

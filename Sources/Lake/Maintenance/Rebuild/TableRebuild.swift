internal import Databases
internal import Delivery
internal import Market
public import Platform

/// Puts rows that were made anew in the place of those that a table has, whole partitions in one commit.
///
/// Only what differs is replaced, and of that only rows of one pipeline with offsets up to where the table was: what it appends
/// meanwhile stays, as does its progress. Where others rearrange the same files, it looks again.
/// - Threading: one thread at a time; pipelines and others may write the table meanwhile.
public struct TableRebuild {
    /// A partition of the table, as it is and as it was made.
    public struct Partition: Sendable, Equatable {
        /// As folders are named: `date=2026-01-31`.
        public let value: String
        /// Rows that are there; nil where some files cannot be read.
        public var rowsNow: Int64?
        public var rowsRebuilt: Int64
        /// Whether they are the same, value by value.
        public var isSame: Bool
    }

    /// What became of a table.
    public struct Outcome: Sendable {
        public var partitions: [Partition] = []
        /// The version that has the new rows; nil where nothing was changed.
        public var version: Int64?

        /// Partitions that differed.
        public var differing: [Partition] { partitions.filter { !$0.isSame } }
    }

    let parts: Compaction
    let pipeline: String
    /// Offsets of the rows that were made anew.
    let offsets: ClosedRange<Int64>
    let days: ClosedRange<CivilDate>
    private let rebuilt: DeltaTable?
    /// Partitions that have rows in the archive: they stay as they are.
    private let archived: Set<String>
    /// How often others may come in between.
    private static let attemptsMax = 8

    var table: DeltaTable { parts.table }
    var schema: TableSchema { parts.schema }

    /// - Parameters:
    ///   - table: opened before rows were made anew.
    ///   - pipeline: whose rows are replaced.
    ///   - first: the offset of the first frame that was decoded anew.
    ///   - lake: folder of a lake with the rows made anew.
    ///   - archive: where the table's rows were archived; nil where none were. What is there stays as it is.
    ///   - days: partitions that are replaced: those with any of these days.
    ///   - options: sizes of files and memory; which partitions are wanted does not count.
    /// - Returns: nil where the pipeline has no rows in the table.
    /// - Throws: `unsupported` where the table has columns that are not known here, whose values would be lost.
    public init?(
        _ table: DeltaTable, pipeline: String, from first: Int64, madeIn lake: String,
        archive: (any LakePlace)? = nil, days: ClosedRange<CivilDate>, _ options: Compaction.Options = .init()
    ) throws(LakeError) {
        parts = try Compaction(table, options)
        guard let last = table.committedOffset(of: pipeline), last >= first else { return nil }
        self.pipeline = pipeline
        self.days = days
        offsets = first...last
        rebuilt = try DeltaTable.open("\(lake)/\(table.name)")
        archived = Set(try ArchivedFiles.files(of: table, in: archive).map(table.partition))
    }

    /// Compares, and replaces what differs.
    ///
    /// - Parameters:
    ///   - commits: false leaves the table as it is.
    ///   - progress: told how many rows were read; returns false to stop, which leaves the table as it is.
    /// - Returns: nil where it was stopped.
    /// - Throws: `conflict` where others kept rearranging the files; `unsupported` where files hold rows of several pipelines;
    ///   `io`, `database`.
    public func run(commits: Bool, _ progress: (Int64) -> Bool = { _ in true }) throws(LakeError) -> Outcome? {
        for attempt in 1...Self.attemptsMax {
            try table.refresh()
            let connection = try parts.connect()
            let files = try ownFiles()
            var outcome = Outcome()
            for value in Set(files.keys).union(made.keys).sorted() {
                guard let partition = try compare(value, files[value] ?? [], connection, progress) else { return nil }
                outcome.partitions.append(partition)
            }
            guard commits, !outcome.differing.isEmpty else { return outcome }
            do throws(LakeError) {
                outcome.version = try replace(outcome.differing, files, connection, progress)
                return outcome.version == nil ? nil : outcome
            } catch  where error.code == .conflict && attempt < Self.attemptsMax {
                continue
            }
        }
        preconditionFailure("the last attempt returns or throws")
    }

    /// Files whose rows are replaced, by partition.
    private func ownFiles() throws(LakeError) -> [String: [AddFile]] {
        let wanted = table.files.filter { isWanted(table.partition($0)) }
        let files = try table.owned(wanted, by: pipeline).filter { file in
            file.partName?.mayHold(from: offsets.lowerBound, to: offsets.upperBound) ?? true
        }
        return Dictionary(grouping: files, by: table.partition)
    }

    /// Files with rows made anew, by partition.
    private var made: [String: [AddFile]] {
        guard let rebuilt else { return [:] }
        return Dictionary(grouping: rebuilt.files, by: rebuilt.partition).filter { isWanted($0.key) }
    }

    /// Partitions of the days that stay as they are, since they have rows in the archive.
    public var archivedPartitions: [String] { archived.filter(hasDay).sorted() }

    func isWanted(_ partition: String) -> Bool { !archived.contains(partition) && hasDay(partition) }

    /// Whether a partition has any of the days.
    private func hasDay(_ partition: String) -> Bool {
        guard let day = partition.split(separator: "=").last.flatMap({ CivilDate($0) }) else { return false }
        guard schema.partition == .month else { return days.contains(day) }
        return day <= days.upperBound
            && schema.partition.firstDay(ofNs: days.lowerBound.start.nanoseconds) <= day
    }

    /// What to select rows made anew from; nil where there are none.
    private func madeRows(_ value: String) -> String? {
        guard let rebuilt, let files = made[value] else { return nil }
        // In the order of the journal: rows with the same key and time stay in it.
        let sorted = files.sorted { ($0.partName?.firstOffset ?? 0) < ($1.partName?.firstOffset ?? 0) }
        return TableSQL(schema: schema).fileRows(rebuilt.urls(sorted), lackColumns: false)
    }

    private func ownRows(_ files: [AddFile]) -> String {
        TableSQL(schema: schema).fileRows(
            table.urls(files), lackColumns: table.hasOlderFiles)
    }

    private var isInside: String { "journal_offset BETWEEN \(offsets.lowerBound) AND \(offsets.upperBound)" }

    // MARK: Comparing

    private func compare(
        _ value: String, _ files: [AddFile], _ connection: Connection, _ progress: (Int64) -> Bool
    ) throws(LakeError) -> Partition? {
        var isStopped = false
        func goesOn(_ rows: Int64) -> Bool {
            isStopped = isStopped || !progress(rows)
            return !isStopped
        }
        let expected = try onDatabase(table.path) { () throws(DatabaseError) in
            try digests(madeRows(value), connection, goesOn)
        }
        var partition = Partition(value: value, rowsNow: nil, rowsRebuilt: expected.rows, isSame: false)
        // Files that are gone or damaged are as good as others that differ.
        if let found = try? digests(files.isEmpty ? nil : ownRows(files), connection, goesOn) {
            partition.rowsNow = found.rows
            let isConsistent = (try? files.isEmpty || !hasOddMoments(ownRows(files), connection)) ?? false
            partition.isSame = found == expected && isConsistent
        }
        return isStopped ? nil : partition
    }

    private func digests(
        _ source: String?, _ connection: Connection, _ goesOn: (Int64) -> Bool
    ) throws(DatabaseError) -> RowDigests {
        var digests = RowDigests()
        guard let source else { return digests }
        let rows = try connection.query(
            "SELECT \(RowDigests.selection(schema)) FROM \(source) WHERE \(isInside)")
        try digests.add(rows, of: schema, goesOn: goesOn)
        return digests
    }

    /// Whether moments or dates are not those of their nanoseconds, which alone are in digests.
    private func hasOddMoments(_ source: String, _ connection: Connection) throws(DatabaseError) -> Bool {
        let conditions = schema.columns.compactMap { column -> String? in
            guard let nanoseconds = column.nanoseconds else { return nil }
            let moment = SQLText.identifier(column.name), exact = SQLText.identifier(nanoseconds)
            let unit: Int64 = column.type == .date ? 86_400_000_000_000 : 1000
            return "(\(moment) IS NULL) <> (\(exact) IS NULL) "
                + "OR NOT (\(exact) - epoch_us(\(moment)) * 1000 BETWEEN 0 AND \(unit - 1))"
        }
        guard !conditions.isEmpty else { return false }
        let rows = try connection.query(
            "SELECT 1 FROM \(source) WHERE \(isInside) AND (\(conditions.joined(separator: " OR "))) LIMIT 1")
        return try !rows.collect().rows.isEmpty
    }

    // MARK: Replacing

    /// Writes partitions anew and commits them.
    ///
    /// - Returns: the version; nil where it was stopped.
    private func replace(
        _ partitions: [Partition], _ files: [String: [AddFile]], _ connection: Connection, _ progress: (Int64) -> Bool
    ) throws(LakeError) -> Int64? {
        var writers: [CompactionWriter] = []
        do throws(LakeError) {
            var written: [WrittenFile] = []
            for partition in partitions {
                let bytes = (made[partition.value] ?? []).reduce(0) { $0 + $1.size }
                var writer = CompactionWriter(
                    parts, partition.value, values: Self.values(partition.value), rows: partition.rowsRebuilt,
                    bytes: bytes, offsets: offsets, dataChange: true)
                defer { writers.append(writer) }
                let sources = sources(partition.value, files)
                if !sources.isEmpty {
                    let rows = Self.union(sources, schema)
                    guard try parts.copy(rows, connection, to: &writer, progress) else {
                        for writer in writers + [writer] { writer.removeFiles() }
                        return nil
                    }
                }
                written += try writer.finish()
            }
            try parts.options.reached(.filesComplete)
            let removed = partitions.flatMap { files[$0.value] ?? [] }
            _ = try table.commit(
                add: written.map(\.file), remove: removed.map { RemoveFile($0, dataChange: true) },
                operation: "REBUILD",
                parameters: [
                    "pipeline": pipeline, "offsets": "\(offsets.lowerBound)-\(offsets.upperBound)",
                    "partitions": partitions.map(\.value).joined(separator: ","),
                ])
            try parts.options.reached(.committed)
            return table.version
        } catch {
            // A commit whose end is not known may have gone through: then the log names the files.
            try? table.refresh()
            writers.forEach { $0.removeFiles() }
            throw error
        }
    }

    /// `date=2026-01-31` as the log has it.
    private static func values(_ partition: String) -> [String: String?] {
        let sides = partition.split(separator: "=").map(String.init)
        return [sides[0]: sides[1]]
    }

    /// Rows of a partition as it will be: those made anew, and those of its files that are before or behind them.
    private func sources(_ value: String, _ files: [String: [AddFile]]) -> [String] {
        var sources: [String] = []
        let mixed = (files[value] ?? []).filter { file in
            guard let name = file.partName else { return true }
            return name.firstOffset < offsets.lowerBound || name.lastOffset > offsets.upperBound
        }
        if !mixed.isEmpty { sources.append("\(ownRows(mixed)) WHERE journal_offset < \(offsets.lowerBound)") }
        if let made = madeRows(value) { sources.append("\(made) WHERE \(isInside)") }
        if !mixed.isEmpty { sources.append("\(ownRows(mixed)) WHERE journal_offset > \(offsets.upperBound)") }
        return sources
    }

    private static func union(_ sources: [String], _ schema: TableSchema) -> String {
        let selection = StoredParts.selection(schema)
        return "(\(sources.map { "SELECT \(selection) FROM \($0)" }.joined(separator: " UNION ALL ")))"
    }
}

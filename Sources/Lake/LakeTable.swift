internal import Databases
internal import Market
internal import Platform

/// One table of a lake that a pipeline writes: its Delta log and the files it adds.
final class LakeTable: @unchecked Sendable {  // used by one thread at a time
    let schema: TableSchema
    let sql: TableSQL
    let place: any LakePlace
    private let archive: (any LakePlace)?
    private let delta: DeltaTable
    private let appID: String
    private let writer: String
    /// Offsets of this pipeline where others write the lake too; nil where all files count.
    private let offsets: Range<Int64>?
    /// The offset up to which rows had been committed when the table was opened: replayed rows up to it are dropped.
    let resumeOffset: Int64
    /// Files of attempts that have not been committed, relative to the table, and its version at the attempt.
    private var pending: [(path: String, version: Int64)] = []
    /// Files of this machine that are not complete yet.
    private var drafts: [String] = []
    /// Memory of row groups, kept from flush to flush.
    private var buffer: RowGroupBuffer?
    private let order = RowOrder()

    init(
        _ schema: TableSchema, lake: any LakePlace, archive: (any LakePlace)? = nil, pipeline: String, writer: String,
        offsets: Range<Int64>? = nil
    ) throws(LakeError) {
        self.schema = schema
        self.writer = writer
        self.offsets = offsets
        sql = TableSQL(schema: schema)
        place = lake.folder(schema.name)
        self.archive = archive?.folder(schema.name)
        appID = Self.appID(pipeline, schema)
        delta = try DeltaTable.open(place, creating: schema, writer: writer)
        resumeOffset = delta.transactionVersion(appID) ?? -1
        try removeLeftovers()
    }

    /// The last offset, included, whose rows the table durably holds; -1 where it holds none.
    var committedOffset: Int64 { delta.transactionVersion(appID) ?? -1 }

    /// The version of the table that `view` shows.
    var version: Int64 { delta.version }

    /// The view over its files and, behind the last offset that they have, over the rows in memory; and its files.
    func view() throws(LakeError) -> (sql: String, files: StoredFiles) {
        // What others asked of readers since it was opened, this view may not heed.
        try delta.requireWritable()
        var archived = try ArchivedFiles.urls(of: delta, in: archive)
        if let offsets { archived = archived.filter { Self.isWithin(offsets, $0) } }
        let urls = files + archived
        let lackColumns = delta.hasOlderFiles
        return (
            sql.view(after: committedOffset, files: urls, lackColumns: lackColumns),
            StoredFiles(urls, lackColumns: lackColumns)
        )
    }

    /// Whether none of its files is here, and some are in the archive.
    var isInArchiveOnly: Bool { ArchivedFiles.version(delta) != nil && delta.state.files.isEmpty }

    /// A view that says why the table's archive cannot be read.
    func failingView(_ reason: String) -> String { sql.failingView(after: committedOffset, reason) }

    /// Reads what others did to the table: files that they rearranged, or took out.
    func refresh() throws(LakeError) { try delta.refresh() }

    /// Under which name the log keeps how far the table is.
    static func appID(_ pipeline: String, _ schema: TableSchema) -> String { "\(pipeline)/\(schema.name)" }

    /// Where the table's files are; where others write the lake too, those of this pipeline.
    var files: [String] {
        guard let offsets else { return delta.urls(delta.files) }
        return delta.urls(delta.files.filter { Self.isWithin(offsets, $0.relativePath) })
    }

    private static func isWithin(_ offsets: Range<Int64>, _ path: String) -> Bool {
        guard let name = PartName(path: path) else { return false }
        return offsets.contains(name.lastOffset)
    }

    /// Removes files of this writer that no commit names: a crash came between writing and committing them.
    private func removeLeftovers() throws(LakeError) {
        for path in try place.paths(below: "") where path.hasPrefix(schema.partition.column + "=") {
            guard let part = PartName(path: path), part.kind == .flushed,
                part.writer == writer
            else { continue }
            guard part.isTemporary || !delta.names(path) else { continue }
            if place.isRemote { pending.append((path, version)) } else { place.remove(path) }
        }
    }

    /// Removes what an attempt left that failed without a crash, unless its commit went through after all. `committedOffset` is
    /// then that of now: to be called before rows are chosen for files.
    func removePending() throws(LakeError) {
        for draft in drafts { DurableFile.remove(draft) }
        drafts = []
        guard !pending.isEmpty else { return }
        try delta.refresh()
        removeSettled()
    }

    /// Removes files that no commit names, nor will: where a commit may still come about, its version must be taken first.
    private func removeSettled() {
        for (path, attempt) in pending where !delta.names(path) && (!place.isRemote || version > attempt) {
            place.remove(path)
        }
        pending = pending.filter { place.isRemote && version <= $0.version }
    }

    /// Writes rows to new files, one per partition; they count only once committed.
    ///
    /// - Precondition: `removePending` was called before the rows were chosen.
    /// - Parameters:
    ///   - parts: the rows in memory behind the last commit, up to `last`.
    ///   - last: the offset that the commit will reach.
    func writeFiles(
        _ parts: [HotPart], upTo last: Int64, rowGroupRows: Int, _ reached: (FlushStep) throws(LakeError) -> Void
    ) throws(LakeError) -> [WrittenFile] {
        let first = committedOffset
        guard let kinds = parts.first?.columns else { return [] }
        let buffer = buffer ?? RowGroupBuffer(schema, like: kinds, rowsMax: rowGroupRows)
        self.buffer = buffer
        defer { buffer.letGo() }
        let key = SortKey(schema)
        var written: [WrittenFile] = []
        for day in RowOrder.partitions(parts, schema) {
            order.fill(parts, timeColumn: schema.timeColumn, spanNs: schema.partition.spanNs(firstDay: day))
            order.sort(parts, by: key)
            let partition = "\(schema.partition.column)=\(day)"
            let name = PartName(writer: writer, firstOffset: first + 1, lastOffset: last)
            let (temporary, path) = ("\(partition)/\(name.temporary)", "\(partition)/\(name.final)")
            let draft = try place.draft(temporary)
            drafts.append(draft)
            pending.append((path, version))
            let file = try ParquetFileWriter(path: draft, columns: schema.columns.map { ParquetColumn($0) })
            var start = 0
            while start < order.count {
                let rows = buffer.take(order, from: start, of: parts)
                try file.append(rows: rows) { buffer.column($0) }
                start += rows
            }
            let report = try file.finish(durably: true)
            try reached(.fileWritten(table: schema.name, path: temporary))
            let placed = try place.keep(draft, as: path)
            drafts.removeLast()
            try reached(.fileNamed(table: schema.name, path: path))
            written.append(
                WrittenFile(
                    path, placed, schema, partitionValues: [schema.partition.column: "\(day)"], report))
        }
        return written
    }

    /// Makes files part of the table, and remembers in the same step that all rows up to `last` are there; unless the table
    /// is no longer at the files' beginning.
    func commit(_ files: [AddFile], upTo last: Int64) throws(LakeError) -> DeltaTable.Outcome {
        let outcome = try delta.commit(
            add: files, transaction: AppTransaction(appId: appID, version: last), after: committedOffset)
        if case .committed = outcome { removeSettled() }
        return outcome
    }
}

/// A data file that is not committed yet.
struct WrittenFile: Sendable {
    let file: AddFile
    let rows: Int64

    /// A file under its final name.
    ///
    /// - Parameters:
    ///   - path: relative to the table.
    ///   - dataChange: false where its rows were there before.
    init(
        _ path: String, _ placed: PlacedFile, _ schema: TableSchema, partitionValues: [String: String?],
        dataChange: Bool = true, _ report: ParquetFileReport
    ) {
        file = AddFile(
            relativePath: path, partitionValues: partitionValues, size: placed.bytes,
            modificationTime: placed.modifiedMs, dataChange: dataChange,
            stats: DeltaStatistics(report: report, schema: schema).json)
        rows = report.rows
    }
}

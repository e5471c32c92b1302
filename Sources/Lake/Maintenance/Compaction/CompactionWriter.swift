internal import Market

/// Writes the rows of a partition to new files, each of about the size that is aimed at.
struct CompactionWriter {
    private let table: DeltaTable
    private let schema: TableSchema
    private let options: Compaction.Options
    /// As folders are named.
    private let partition: String
    private let partitionValues: [String: String?]
    private let dataChange: Bool
    /// Rows of a file, about.
    private let rowsMax: Int64
    private let offsets: ClosedRange<Int64>
    private var open: (file: ParquetFileWriter, draft: String, name: PartName)?
    private var rows: Int64 = 0
    private var written: [WrittenFile] = []
    /// Names that were given, relative to the table.
    private var paths: [String] = []
    /// Files of this machine that are not complete yet.
    private var drafts: [String] = []

    /// For the same rows as those of a group.
    init(_ compaction: Compaction, _ group: Compaction.Group) {
        let names = group.files.compactMap(\.partName)
        // Files of others may have rows of any offset.
        let isKnown = names.count == group.files.count
        let first = isKnown ? names.map(\.firstOffset).min() ?? 0 : 0
        self.init(
            compaction, group.partition, values: group.files[0].partitionValues, rows: group.rows, bytes: group.bytes,
            offsets: first...(isKnown ? max(first, names.map(\.lastOffset).max() ?? first) : .max), dataChange: false)
    }

    /// - Parameters:
    ///   - partition: as folders are named.
    ///   - values: of the partition columns.
    ///   - rows: how many about; 0 where that is not known.
    ///   - bytes: of the files that they were in.
    ///   - dataChange: false where the table has these rows already.
    init(
        _ compaction: Compaction, _ partition: String, values: [String: String?], rows: Int64, bytes: Int64,
        offsets: ClosedRange<Int64>, dataChange: Bool
    ) {
        table = compaction.table
        schema = compaction.schema
        options = compaction.options
        self.partition = partition
        partitionValues = values
        self.dataChange = dataChange
        // A remainder does not become a small file again: one file may be half as large again.
        let count = max(1, Int64((Double(bytes) / Double(options.targetBytes)).rounded()))
        rowsMax = rows > 0 ? (rows + count - 1) / count : .max
        self.offsets = offsets
    }

    /// Writes rows behind those before, in the order of the table.
    ///
    /// - Parameter parts: rows of which those with the same key and time are in order.
    mutating func append(_ parts: [HotPart]) throws(LakeError) {
        guard let kinds = parts.first?.columns else { return }
        let order = RowOrder()
        order.fill(parts, timeColumn: schema.timeColumn, spanNs: .min ..< .max)
        order.sort(parts, by: SortKey(schema))
        let buffer = RowGroupBuffer(schema, like: kinds, rowsMax: options.rowGroupRows)
        var start = 0
        while start < order.count {
            let taken = buffer.take(order, from: start, of: parts)
            if open == nil { open = try openFile() }
            try open?.file.append(rows: taken, threads: options.threads) { buffer.column($0) }
            start += taken
            rows += Int64(taken)
            if rows >= rowsMax { try closeFile() }
        }
    }

    /// Ends the last file.
    mutating func finish() throws(LakeError) -> [WrittenFile] {
        try closeFile()
        return written
    }

    private mutating func openFile() throws(LakeError) -> (ParquetFileWriter, String, PartName) {
        let name = PartName(
            .compacted, writer: "all", firstOffset: offsets.lowerBound, lastOffset: offsets.upperBound)
        let draft = try table.place.draft(path(name.temporary))
        drafts.append(draft)
        paths.append(path(name.final))
        let file = try ParquetFileWriter(path: draft, columns: schema.columns.map { ParquetColumn($0) })
        return (file, draft, name)
    }

    private mutating func closeFile() throws(LakeError) {
        guard let (file, draft, name) = open else { return }
        open = nil
        rows = 0
        let report = try file.finish(durably: true)
        try options.reached(.fileWritten(path: path(name.temporary)))
        let placed = try table.place.keep(draft, as: path(name.final))
        try options.reached(.fileNamed(path: path(name.final)))
        written.append(
            WrittenFile(
                path(name.final), placed, schema, partitionValues: partitionValues, dataChange: dataChange, report))
    }

    private func path(_ name: String) -> String { "\(partition)/\(name)" }

    /// Removes the files that no commit names.
    func removeFiles() {
        for draft in drafts { DurableFile.remove(draft) }
        for path in paths where !table.names(path) { table.place.remove(path) }
    }
}

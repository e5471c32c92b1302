internal import Market

/// Writes the rows of a group to new files, each of about the size that is aimed at.
struct CompactionWriter {
    private let table: DeltaTable
    private let schema: TableSchema
    private let options: Compaction.Options
    private let group: Compaction.Group
    /// Rows of a file, about.
    private let rowsMax: Int64
    private let offsets: ClosedRange<Int64>
    private var open: (file: ParquetFileWriter, name: PartName)?
    private var rows: Int64 = 0
    private var written: [WrittenFile] = []
    /// Names that were given, relative to the table.
    private var paths: [String] = []

    init(_ compaction: Compaction, _ group: Compaction.Group) {
        table = compaction.table
        schema = compaction.schema
        options = compaction.options
        self.group = group
        let rows = DeltaTable.rows(group.files) ?? 0
        // A remainder does not become a small file again: one file may be half as large again.
        let count = max(1, Int64((Double(group.bytes) / Double(options.targetBytes)).rounded()))
        rowsMax = rows > 0 ? (rows + count - 1) / count : .max
        let names = group.files.compactMap(\.partName)
        let first = names.map(\.firstOffset).min() ?? 0
        offsets = first...max(first, names.map(\.lastOffset).max() ?? 0)
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
            let columns = buffer.gather(order, from: start, of: parts)
            if open == nil { open = try openFile() }
            try open?.file.append(columns, rows: buffer.rows)
            start += buffer.rows
            rows += Int64(buffer.rows)
            if rows >= rowsMax { try closeFile() }
        }
    }

    /// Ends the last file.
    mutating func finish() throws(LakeError) -> [WrittenFile] {
        try closeFile()
        return written
    }

    private mutating func openFile() throws(LakeError) -> (file: ParquetFileWriter, name: PartName) {
        let name = PartName(
            .compacted, writer: "all", firstOffset: offsets.lowerBound, lastOffset: offsets.upperBound)
        paths += [path(name.temporary), path(name.final)]
        try DurableFile.makeFolder("\(table.path)/\(group.partition)")
        let file = try ParquetFileWriter(
            path: "\(table.path)/\(path(name.temporary))", columns: schema.columns.map { ParquetColumn($0) })
        return (file, name)
    }

    private mutating func closeFile() throws(LakeError) {
        guard let (file, name) = open else { return }
        open = nil
        rows = 0
        let report = try file.finish(durably: true)
        try options.reached(.fileWritten(path: path(name.temporary)))
        try DurableFile.rename("\(table.path)/\(path(name.temporary))", to: "\(table.path)/\(path(name.final))")
        try DurableFile.syncFolder("\(table.path)/\(group.partition)")
        try options.reached(.fileNamed(path: path(name.final)))
        written.append(
            try WrittenFile(
                path(name.final), in: table.path, schema, partitionValues: group.files[0].partitionValues,
                dataChange: false, report))
    }

    private func path(_ name: String) -> String { "\(group.partition)/\(name)" }

    /// Removes the files that no commit names.
    func removeFiles() {
        for path in paths where !table.names(path) { DurableFile.remove("\(table.path)/\(path)") }
    }
}

internal import Market

/// What the footer of a file that Tapedeck wrote says.
///
/// - Source: Apache Parquet format, `parquet.thrift`, `FileMetaData`.
struct ParquetDescription {
    /// Where the pages of a column are.
    struct Chunk {
        var start: Int64 = 0
        var bytes: Int64 = 0
        var uncompressedBytes: Int64 = 0
    }

    struct RowGroup {
        var rows = 0
        var chunks: [Chunk] = []
    }

    /// Who writes files that can be read here.
    static let writer = "Tapedeck version 1.0.0"
    /// No row group is larger.
    static let groupRowsMax = 1 << 24

    private(set) var columns: [ParquetColumn] = []
    private(set) var rowGroups: [RowGroup] = []
    var rows: Int64 { rowGroups.reduce(0) { $0 + Int64($1.rows) } }

    /// - Parameters:
    ///   - footer: its bytes, without those around them.
    ///   - end: where in the file it begins.
    init(_ footer: UnsafeRawBufferPointer, end: Int64) throws(ParquetUnreadable) {
        var reader = unsafe ThriftReader(footer)
        var columns: [ParquetColumn] = []
        var groups: [RowGroup] = []
        var createdBy = ""
        try reader.fields { (file, id, kind) throws(ParquetUnreadable) in
            switch id {
            case 2:
                var isRoot = true
                try file.list(kind) { (element, _) throws(ParquetUnreadable) in
                    let column = try Self.column(&element, isRoot: isRoot)
                    if let column { columns.append(column) }
                    isRoot = false
                }
            case 4:
                try file.list(kind) { (element, _) throws(ParquetUnreadable) in
                    groups.append(try Self.rowGroup(&element))
                }
            case 6: createdBy = try file.text(kind)
            default: return false
            }
            return true
        }
        guard createdBy == Self.writer else { throw ParquetUnreadable("another program wrote it") }
        for group in groups {
            guard group.chunks.count == columns.count else { throw ParquetUnreadable("a row group lacks columns") }
            for chunk in group.chunks {
                guard chunk.start >= 4, chunk.bytes >= 0, chunk.start <= end, chunk.bytes <= end - chunk.start else {
                    throw ParquetUnreadable("a column is beyond the end")
                }
            }
        }
        self.columns = columns
        rowGroups = groups
    }

    /// An element of the schema; nil for the root.
    private static func column(
        _ reader: inout ThriftReader, isRoot: Bool
    ) throws(ParquetUnreadable) -> ParquetColumn? {
        var name = ""
        var physical: Int64 = -1
        var repetition: Int64 = 0
        var converted: Int64?
        var (scale, children) = (0, 0)
        try reader.fields { (element, id, kind) throws(ParquetUnreadable) in
            switch id {
            case 1: physical = try element.integer(kind)
            case 3: repetition = try element.integer(kind)
            case 4: name = try element.text(kind)
            case 5: children = try element.count(kind)
            case 6: converted = try element.integer(kind)
            case 7: scale = try element.count(kind)
            default: return false
            }
            return true
        }
        if isRoot { return nil }
        guard children == 0, repetition == 0 || repetition == 1 else {
            throw ParquetUnreadable("column \(name) is no plain column")
        }
        let type: TableSchema.ColumnType? =
            switch (physical, converted) {
            case (0, nil): .boolean
            case (1, nil): .int32
            case (1, 6): .date
            case (2, nil): .int64
            case (2, 10): .timestamp
            case (2, 5): .decimal(scale: scale)
            case (5, nil): .float64
            case (6, nil): .binary
            case (6, 0): .string
            default: nil
            }
        guard let type else { throw ParquetUnreadable("column \(name) has a type that is not written") }
        return ParquetColumn(name: name, type: type, isNullable: repetition == 1)
    }

    private static func rowGroup(_ reader: inout ThriftReader) throws(ParquetUnreadable) -> RowGroup {
        var group = RowGroup()
        try reader.fields { (element, id, kind) throws(ParquetUnreadable) in
            switch id {
            case 1:
                try element.list(kind) { (chunk, _) throws(ParquetUnreadable) in
                    group.chunks.append(try Self.chunk(&chunk))
                }
            case 3: group.rows = try element.count(kind)
            default: return false
            }
            return true
        }
        guard group.rows <= groupRowsMax else { throw ParquetUnreadable("a row group is too large") }
        return group
    }

    private static func chunk(_ reader: inout ThriftReader) throws(ParquetUnreadable) -> Chunk {
        var chunk = Chunk()
        var codec: Int64 = -1
        var dictionary: Int64?
        try reader.fields { (element, id, kind) throws(ParquetUnreadable) in
            guard id == 3, kind == .structure else { return false }
            try element.fields { (metadata, id, kind) throws(ParquetUnreadable) in
                switch id {
                case 4: codec = try metadata.integer(kind)
                case 6: chunk.uncompressedBytes = try metadata.integer(kind)
                case 7: chunk.bytes = try metadata.integer(kind)
                case 9: chunk.start = try metadata.integer(kind)
                case 11: dictionary = try metadata.integer(kind)
                default: return false
                }
                return true
            }
            return true
        }
        guard codec == 6 else { throw ParquetUnreadable("pages are not compressed with zstd") }
        if let dictionary { chunk.start = min(chunk.start, dictionary) }
        return chunk
    }
}

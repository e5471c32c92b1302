internal import Market
internal import Platform

/// Writes one Parquet file, row group by row group.
///
/// Encodings follow the values: texts and what repeats go to dictionaries, integers and times are differences, other
/// doubles stay as they are; pages are compressed with zstd where that makes them smaller.
///
/// - Shape: memory is bounded by the largest row group and not by the file: about 12 bytes a row for one column at a
///   time, up to 16 bytes a row for a dictionary of distinct values, three pages and 1 MiB of output.
/// - Threading: one thread at a time.
/// - Source: Apache Parquet format 2.12.
final class ParquetFileWriter {
    /// How a file is written.
    struct Options: Sendable {
        /// As zstd counts levels; negative ones are faster, higher ones smaller.
        var zstdLevel = 1
        /// Rows of a page; a multiple of 64.
        var pageRows = 65_536
        /// Bytes of a page of texts or binary values, before compression.
        var pageBytes = 1 << 20
    }

    private static let magic = "PAR1"

    private let columns: [ParquetColumn]
    private let path: String
    private let output: ParquetOutput
    private let encoder: ChunkEncoder
    private var rowGroups: [ParquetFooter.RowGroup] = []
    private var rows: Int64 = 0

    /// Opens a file; what it held is lost.
    init(path: String, columns: [ParquetColumn], options: Options = Options()) throws(LakeError) {
        self.path = path
        self.columns = columns
        output = try ParquetOutput(path)
        output.pending.append(Self.magic)
        encoder = ChunkEncoder(
            PageWriter(output, columns: columns.count, level: options.zstdLevel), columns: columns.count,
            pageRows: options.pageRows, pageBytes: options.pageBytes)
    }

    /// Writes the first rows of columns as one row group; none for no rows.
    ///
    /// Values are missing where a nullable column has its sentinel: the smallest integer, NaN, the largest index.
    /// Timestamps are microseconds.
    /// - Throws: `io` where the file cannot be written, `unsupported` for a value of a gigabyte; the file is of no use
    ///   then.
    func append(_ values: [ArrowColumn], rows count: Int) throws(LakeError) {
        precondition(values.count == columns.count, "a row group has the columns of its file")
        guard count > 0 else { return }
        var chunks: [ColumnChunk] = []
        for (place, (column, value)) in zip(columns, values).enumerated() {
            precondition(column.accepts(value.values), "values of \(column.name) have the type of their column")
            precondition(value.values.rows >= count, "\(column.name) has a value for each row")
            chunks.append(
                try encoder.encode(value.values, rows: count, isNullable: column.isNullable, place: place))
        }
        rowGroups.append(ParquetFooter.RowGroup(rows: count, chunks: chunks))
        rows += Int64(count)
    }

    /// Writes the footer; nothing can be appended afterwards.
    ///
    /// - Parameter durably: waits until the content is on the device.
    func finish(durably: Bool = false) throws(LakeError) -> ParquetFileReport {
        let start = output.pending.count
        ParquetFooter(columns: columns, rowGroups: rowGroups, createdBy: "Tapedeck version 1.0.0").write(
            into: output.pending)
        output.pending.appendLittleEndian(UInt64(output.pending.count - start), bytes: 4)
        output.pending.append(Self.magic)
        try output.finish()
        if durably { try output.synchronize() }
        var statistics = [ParquetStatistics](repeating: ParquetStatistics(), count: columns.count)
        for group in rowGroups {
            for (place, chunk) in group.chunks.enumerated() { statistics[place].merge(chunk.statistics) }
        }
        return ParquetFileReport(rows: rows, bytes: output.position, columns: statistics)
    }
}

extension ArrowColumn.Values {
    /// Values held.
    var rows: Int {
        switch self {
        case .int64(let column): column.count
        case .int32(let column): column.count
        case .float64(let column): column.count
        case .boolean(let column): column.count
        case .dictionary(let indices, _): indices.count
        case .dictionary8(let indices, _): indices.count
        case .binary(let offsets, _), .text(let offsets, _): offsets.count - 1
        }
    }
}

internal import Market
internal import Platform
internal import Synchronization

/// Writes one Parquet file, row group by row group.
///
/// Encodings follow the values: texts and what repeats go to dictionaries, integers and times are differences, other
/// doubles stay as they are; pages are compressed with zstd where that makes them smaller.
///
/// - Shape: memory is bounded by the largest row group and not by the file: about 12 bytes a row for one column at a
///   time, up to 16 bytes a row for a dictionary of distinct values, three pages (all this for each thread), the
///   compressed row group and 1 MiB of output.
/// - Threading: one thread at a time.
/// - Source: Apache Parquet format 2.12.
final class ParquetFileWriter: @unchecked Sendable {  // by contract; its own threads share what is locked
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
    private let options: Options
    private let output: ParquetOutput
    private let encoded: [EncodedColumn]
    /// Encoders that nobody uses at the moment.
    private let spare = Mutex<[ChunkEncoder]>([])
    private var rowGroups: [ParquetFooter.RowGroup] = []
    private var rows: Int64 = 0

    /// Opens a file; what it held is lost.
    init(path: String, columns: [ParquetColumn], options: Options = Options()) throws(LakeError) {
        self.path = path
        self.columns = columns
        output = try ParquetOutput(path)
        output.pending.append(Self.magic)
        encoded = columns.map { _ in EncodedColumn() }
        self.options = options
    }

    /// Writes the first rows of columns as one row group; none for no rows.
    ///
    /// Values are missing where a nullable column has its sentinel: the smallest integer, NaN, the largest index.
    /// Timestamps are microseconds.
    /// - Throws: `io` where the file cannot be written, `unsupported` for a value of a gigabyte; the file is of no use
    ///   then.
    func append(_ values: [ArrowColumn], rows count: Int) throws(LakeError) {
        precondition(values.count == columns.count, "a row group has the columns of its file")
        try append(rows: count) { values[$0] }
    }

    /// The same, of columns that are made when they are needed.
    ///
    /// - Parameters:
    ///   - threads: how many columns are made and encoded at once; the file is the same.
    ///   - values: makes the column of a number, each on one thread.
    func append(
        rows count: Int, threads: Int = 1, _ values: @escaping @Sendable (Int) -> ArrowColumn
    ) throws(LakeError) {
        guard count > 0 else { return }
        let chunks = Mutex([ColumnChunk](repeating: ColumnChunk(), count: columns.count))
        try ParallelWork.run("parquet", count: columns.count, threads: threads) { [self] (place) throws(LakeError) in
            let (column, value) = (columns[place], values(place))
            precondition(column.accepts(value.values), "values of \(column.name) have the type of their column")
            precondition(value.values.rows >= count, "\(column.name) has a value for each row")
            let encoder = spare.withLock { $0.popLast() } ?? makeEncoder()
            defer { spare.withLock { $0.append(encoder) } }
            let chunk = try encoder.encode(
                value.values, rows: count, isNullable: column.isNullable, encoded[place])
            chunks.withLock { $0[place] = chunk }
        }
        var placed: [ColumnChunk] = []
        for (var chunk, column) in zip(chunks.withLock({ $0 }), encoded) {
            chunk.move(by: output.position)
            placed.append(chunk)
            output.pending.append(column.pages)
            try output.flushIfLarge()
        }
        rowGroups.append(ParquetFooter.RowGroup(rows: count, chunks: placed))
        rows += Int64(count)
    }

    private func makeEncoder() -> ChunkEncoder {
        ChunkEncoder(PageWriter(level: options.zstdLevel), pageRows: options.pageRows, pageBytes: options.pageBytes)
    }

    /// Writes the footer; nothing can be appended afterwards.
    ///
    /// - Parameter durably: waits until the content is on the device.
    func finish(durably: Bool = false) throws(LakeError) -> ParquetFileReport {
        let start = output.pending.count
        ParquetFooter(columns: columns, rowGroups: rowGroups, createdBy: ParquetDescription.writer).write(
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

internal import Platform

/// Writes the pages of one column chunk after the other.
///
/// - Source: Apache Parquet format, "Data Pages". Version 2, where levels stay uncompressed, and so does what compression does not
///   make smaller; version 1, where both are compressed together, for columns in which some rows have a value and others do not: of quotes
///   that have one side each, the levels are most of a column.
final class PageWriter {
    /// Bytes of a page that are compressed to see whether that helps.
    private static let probeBytes = 8 << 10
    /// Pages for which a negative answer holds.
    private static let probePages = 8

    private let zstd: ZstdCompressor
    private let compressed = ByteBuffer()
    private let levels = ByteBuffer()
    private let whole = ByteBuffer()
    /// What the next page holds; the encoders write here.
    let body = ByteBuffer()
    private var chunk = ColumnChunk()
    private var column = EncodedColumn()
    private var output: ByteBuffer { column.pages }

    init(level: Int) { zstd = ZstdCompressor(level: level) }

    /// The pages that follow are those of a column; what it had before is let go of.
    func begin(_ column: EncodedColumn) {
        self.column = column
        column.pages.removeAll()
        chunk = ColumnChunk()
    }

    /// The column's pages are complete.
    func end(_ statistics: ParquetStatistics) -> ColumnChunk {
        chunk.statistics = statistics
        chunk.compressedBytes = Int64(output.count)
        return chunk
    }

    /// Writes the dictionary that `body` holds, and empties `body`.
    func dictionaryPage(values: Int) {
        chunk.dictionaryOffset = Int64(output.count)
        compressed.removeAll()
        unsafe zstd.compress(UnsafeRawBufferPointer(body.buffer), into: compressed)
        page(type: 2, bytes: body.count, [compressed]) {
            $0.structure(7) {
                $0.int32(1, values)
                $0.int32(2, ParquetEncoding.plain.rawValue)
            }
        }
        body.removeAll()
    }

    /// Writes the values that `body` holds, and empties `body`.
    ///
    /// - Parameters:
    ///   - presence: of a nullable column.
    ///   - rows: of the row group.
    ///   - values: rows that have one.
    func dataPage(
        _ encoding: ParquetEncoding, _ presence: Presence?, rows: Range<Int>, values: Int
    ) {
        if chunk.values == 0 {
            chunk.dataOffset = Int64(output.count)
            chunk.isVersion1 = presence?.isMixed ?? false
        }
        chunk.values += Int64(rows.count)
        chunk.dataPages[encoding, default: 0] += 1
        levels.removeAll()
        presence?.encodeLevels(rows, into: levels)
        if chunk.isVersion1 {
            dataPage1(encoding, rows: rows.count)
        } else {
            dataPage2(encoding, rows: rows.count, values: values)
        }
        body.removeAll()
    }

    /// Levels and values, compressed together.
    private func dataPage1(_ encoding: ParquetEncoding, rows: Int) {
        let whole = self.whole
        whole.removeAll()
        whole.appendLittleEndian(UInt64(levels.count), bytes: 4)
        whole.append(levels)
        whole.append(body)
        compressed.removeAll()
        unsafe zstd.compress(UnsafeRawBufferPointer(whole.buffer), into: compressed)
        page(type: 0, bytes: whole.count, [compressed]) {
            $0.structure(5) {
                $0.int32(1, rows)
                $0.int32(2, encoding.rawValue)
                $0.int32(3, ParquetEncoding.runLength.rawValue)
                $0.int32(4, ParquetEncoding.runLength.rawValue)
            }
        }
    }

    /// Levels, then values, compressed where that makes them smaller.
    private func dataPage2(_ encoding: ParquetEncoding, rows: Int, values: Int) {
        let isCompressed = compressBody()
        page(type: 3, bytes: levels.count + body.count, [levels, isCompressed ? compressed : body]) {
            $0.structure(8) {
                $0.int32(1, rows)
                $0.int32(2, rows - values)
                $0.int32(3, rows)
                $0.int32(4, encoding.rawValue)
                $0.int32(5, levels.count)
                $0.int32(6, 0)
                $0.boolean(7, isCompressed)
            }
        }
    }

    /// Empties `body` and writes nothing.
    ///
    /// - Returns: the bytes it would have taken.
    func measureBody() -> Int {
        let isSmaller = helps(body.count)
        defer { body.removeAll() }
        return isSmaller ? compressed.count : body.count
    }

    /// Fills `compressed` where that makes the page smaller.
    private func compressBody() -> Bool {
        guard body.count > 32 else { return false }
        if column.pagesToLeave > 0 {
            column.pagesToLeave -= 1
            return false
        }
        if body.count > 4 * Self.probeBytes, !helps(Self.probeBytes) {
            column.pagesToLeave = Self.probePages - 1
            return false
        }
        return helps(body.count)
    }

    /// Compresses the first bytes of the page; a few per cent are not worth the reader's time.
    private func helps(_ count: Int) -> Bool {
        compressed.removeAll()
        unsafe zstd.compress(UnsafeRawBufferPointer(start: body.pointer, count: count), into: compressed)
        return compressed.count < count - count / 32
    }

    /// Writes a page with its header.
    ///
    /// - Parameters:
    ///   - bytes: of the page before it was compressed.
    ///   - stored: what stands behind the header.
    ///   - details: writes the fields of the header that pages of its type have.
    private func page(type: Int, bytes: Int, _ stored: [ByteBuffer], _ details: (inout ThriftWriter) -> Void) {
        let start = output.count
        let sum = stored.reduce(UInt32(0)) { unsafe CRC32.of(UnsafeRawBufferPointer($1.buffer), after: $0) }
        var header = ThriftWriter(output)
        header.element {
            $0.int32(1, type)
            $0.int32(2, bytes)
            $0.int32(3, stored.reduce(0) { $0 + $1.count })
            $0.int32(4, Int(Int32(bitPattern: sum)))
            details(&$0)
        }
        chunk.uncompressedBytes += Int64(output.count - start + bytes)
        for part in stored { output.append(part) }
    }
}

/// What encoders keep of a column from one row group to the next.
///
/// - Threading: one thread at a time.
final class EncodedColumn: @unchecked Sendable {  // by contract
    /// The pages of the row group.
    let pages = ByteBuffer()
    let texts = TextNumbers()
    /// Pages still to be left uncompressed.
    fileprivate var pagesToLeave = 0
}

/// A column of a row group, as the footer names it.
struct ColumnChunk {
    /// Offsets are those in the file once the pages are there, and before that those in the pages.
    private(set) var firstOffset: Int64 = 0
    var dictionaryOffset: Int64?
    var dataOffset: Int64 = 0
    /// Rows, with or without a value.
    var values: Int64 = 0
    /// Bytes with the headers of pages.
    var uncompressedBytes: Int64 = 0
    var compressedBytes: Int64 = 0
    /// Whether its data pages are of version 1.
    var isVersion1 = false
    /// Data pages by encoding.
    var dataPages: [ParquetEncoding: Int] = [:]
    var statistics = ParquetStatistics()

    /// The pages come to stand so many bytes further behind.
    mutating func move(by bytes: Int64) {
        firstOffset += bytes
        dataOffset += bytes
        dictionaryOffset = dictionaryOffset.map { $0 + bytes }
    }
}

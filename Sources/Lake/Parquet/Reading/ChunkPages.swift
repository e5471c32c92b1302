internal import Platform

/// The pages of a column and row group, one after the other.
///
/// - Threading: one thread at a time.
/// - Source: Apache Parquet format, "Data Pages".
@safe
final class ChunkPages {
    /// What the header of a page says.
    struct Header {
        fileprivate(set) var isDictionary = false
        /// With or without a value.
        fileprivate(set) var rows = 0
        fileprivate(set) var encoding = -1
        fileprivate var isVersion1 = false
        fileprivate var isCompressed = true
        fileprivate var levelBytes = 0
        fileprivate var bytes = 0
        fileprivate var compressedBytes = 0
        /// Of the page as it is stored; nil where its writer gave none.
        fileprivate var checksum: UInt32?
    }

    /// The whole column as it is in the file.
    let chunk = ByteBuffer()
    private let checks: Bool
    private var position = 0
    private let zstd = ZstdDecompressor()
    private let page = ByteBuffer()
    private let bits = Column<UInt32>()
    /// 1 for each row of the page that has a value, 0 for the others; nil where all have one.
    private(set) var levels: Column<UInt32>?
    /// Values of the page.
    private(set) var values = 0

    /// - Parameter checks: whether pages must be what their checksums say.
    init(checks: Bool = true) { self.checks = checks }

    /// Goes to the front of `chunk`.
    func begin() { position = 0 }

    /// The header of the next page; nil at the end.
    func next() throws(ParquetUnreadable) -> Header? {
        guard position < chunk.count else { return nil }
        var header = Header()
        var type: Int64 = -1
        var reader = unsafe ThriftReader(UnsafeRawBufferPointer(chunk.buffer), at: position)
        try reader.fields { (page, id, kind) throws(ParquetUnreadable) in
            switch id {
            case 1: type = try page.integer(kind)
            case 2: header.bytes = try page.count(kind)
            case 3: header.compressedBytes = try page.count(kind)
            case 4: header.checksum = UInt32(truncatingIfNeeded: try page.integer(kind))
            case 5, 7, 8:
                guard kind == .structure else { return false }
                try Self.details(&page, id, &header)
            default: return false
            }
            return true
        }
        guard type == 0 || type == 2 || type == 3 else { throw ParquetUnreadable("a page of an unknown kind") }
        header.isDictionary = type == 2
        header.isVersion1 = type == 0
        position = reader.position
        guard header.compressedBytes <= chunk.count - position, header.levelBytes <= header.compressedBytes,
            header.levelBytes <= header.bytes, header.encoding >= 0, header.rows <= ParquetDescription.groupRowsMax
        else { throw ParquetUnreadable("a page is beyond the end") }
        return header
    }

    private static func details(
        _ reader: inout ThriftReader, _ type: Int, _ header: inout Header
    ) throws(ParquetUnreadable) {
        var rows = 0, encoding = -1, levelBytes = 0
        var isCompressed = true
        try reader.fields { (page, id, kind) throws(ParquetUnreadable) in
            switch (type, id) {
            case (_, 1): rows = try page.count(kind)
            case (5, 2), (7, 2), (8, 4): encoding = try page.count(kind)
            case (8, 5): levelBytes = try page.count(kind)
            case (8, 6):
                guard try page.integer(kind) == 0 else { throw ParquetUnreadable("a page has repeated values") }
            case (8, 7): isCompressed = kind == .yes
            default: return false
            }
            return true
        }
        (header.rows, header.encoding, header.levelBytes) = (rows, encoding, levelBytes)
        header.isCompressed = isCompressed
    }

    /// Goes behind a page without looking at it.
    func skip(_ header: Header) { position += header.compressedBytes }

    /// Goes behind a page whose bytes are what its writer wrote.
    func check(_ header: Header) throws(ParquetUnreadable) { _ = try unsafe stored(header) }

    /// The bytes of a page.
    private func stored(_ header: Header) throws(ParquetUnreadable) -> UnsafeRawBufferPointer {
        let rest = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(chunk.buffer)[position...])
        let stored = unsafe UnsafeRawBufferPointer(rebasing: rest[..<header.compressedBytes])
        position += header.compressedBytes
        if checks, let checksum = header.checksum, unsafe checksum != CRC32.of(stored) {
            throw ParquetUnreadable("a page is damaged: its checksum is another", isDamage: true)
        }
        return unsafe stored
    }

    /// The values of a page, behind its levels, with `BitUnpacking.paddingBytes` that are readable behind them.
    ///
    /// They live until the next page is read.
    func read(_ header: Header, isNullable: Bool) throws(ParquetUnreadable) -> BitUnpacking {
        let stored = try unsafe stored(header)
        levels = nil
        values = header.rows
        if header.isDictionary {
            return try unsafe BitUnpacking(content(of: stored, bytes: header.bytes))
        }
        if header.isVersion1 {
            let whole = try unsafe content(of: stored, bytes: header.bytes)
            guard isNullable else { return unsafe BitUnpacking(whole) }
            guard whole.count >= 4 else { throw ParquetUnreadable("a page lacks its levels") }
            let count = Int(unsafe whole.loadUnaligned(as: UInt32.self).littleEndian)
            guard count <= whole.count - 4 else { throw ParquetUnreadable("levels are beyond the end") }
            try unsafe readLevels(UnsafeRawBufferPointer(rebasing: whole[4..<4 + count]), header.rows)
            return unsafe BitUnpacking(UnsafeRawBufferPointer(rebasing: whole[(4 + count)...]))
        }
        let body = unsafe UnsafeRawBufferPointer(rebasing: stored[header.levelBytes...])
        if isNullable {
            try unsafe readLevels(UnsafeRawBufferPointer(rebasing: stored[..<header.levelBytes]), header.rows)
        }
        guard header.isCompressed else { return unsafe BitUnpacking(body) }
        return try unsafe BitUnpacking(content(of: body, bytes: header.bytes - header.levelBytes))
    }

    private func content(
        of stored: UnsafeRawBufferPointer, bytes: Int
    ) throws(ParquetUnreadable) -> UnsafeRawBufferPointer {
        try unsafe zstd.decompress(stored, bytes: bytes, into: page)
        return unsafe UnsafeRawBufferPointer(page.buffer)
    }

    private func readLevels(_ bytes: UnsafeRawBufferPointer, _ rows: Int) throws(ParquetUnreadable) {
        bits.removeAll()
        bits.reserve(rows)
        var reader = unsafe BitUnpacking(bytes)
        try unsafe reader.runs(count: rows, width: 1, into: bits.pointer)
        bits.truncateOrExtend(to: rows)
        var (present, union) = (0, UInt32(0))
        for row in 0..<rows {
            let level = unsafe bits.pointer[row]
            present &+= Int(truncatingIfNeeded: level)
            union |= level
        }
        guard union <= 1 else { throw ParquetUnreadable("a level is neither 0 nor 1") }
        values = present
        if present < rows { levels = bits }
    }
}

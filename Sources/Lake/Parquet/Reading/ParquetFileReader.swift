internal import Market
internal import Platform

/// A file that Tapedeck wrote, to read back what is in it.
///
/// Whatever else a file of Parquet may have is left to a database.
struct ParquetFileReader: Sendable {
    /// Bytes at the end that are read at once: most footers are in them.
    private static let endBytes: Int64 = 64 << 10

    let path: String
    let rowGroups: [ParquetDescription.RowGroup]
    var rows: Int64 { rowGroups.reduce(0) { $0 + Int64($1.rows) } }

    /// - Parameter columns: all that the file must have, in their order; nil for any.
    init(_ path: String, columns: [ParquetColumn]? = nil) throws(ParquetUnreadable) {
        self.path = path
        let file = try Self.onFile { () throws(FileError) in try File(path, .read) }
        let size = try Self.onFile { () throws(FileError) in try file.size }
        guard size >= 12 else { throw ParquetUnreadable("the file is too short") }
        var end = try Self.read(file, min(size, Self.endBytes), before: size)
        guard end.suffix(4) == Array("PAR1".utf8)[...] else { throw ParquetUnreadable("the file has no end") }
        let bytes = end.dropLast(4).suffix(4).reversed().reduce(Int64(0)) { $0 << 8 | Int64($1) }
        guard bytes <= size - 12 else { throw ParquetUnreadable("the footer is larger than the file") }
        if bytes > Int64(end.count) - 8 { end = try Self.read(file, bytes + 8, before: size) }
        let footer = end.dropLast(8).suffix(Int(bytes))
        let found = try unsafe footer.withUnsafeBytes { footer in
            Result { () throws(ParquetUnreadable) in try unsafe ParquetDescription(footer, end: size - 8 - bytes) }
        }.get()
        rowGroups = found.rowGroups
        guard let columns else { return }
        let isSame =
            found.columns.count == columns.count
            && zip(found.columns, columns).allSatisfy {
                $0.name == $1.name && $0.type == $1.type && $0.isNullable == $1.isNullable
            }
        guard isSame else { throw ParquetUnreadable("the file has other columns") }
    }

    private static func read(_ file: File, _ count: Int64, before end: Int64) throws(ParquetUnreadable) -> [UInt8] {
        let bytes = try onFile { () throws(FileError) in try file.read(Int(count), at: end - count) }
        guard bytes.count == count else { throw ParquetUnreadable("the file became shorter") }
        return bytes
    }

    private static func onFile<T>(_ body: () throws(FileError) -> T) throws(ParquetUnreadable) -> T {
        do { return try body() } catch { throw ParquetUnreadable(error.description) }
    }

    /// Opens the file for reading columns.
    func open() throws(ParquetUnreadable) -> File {
        let path = path
        return try Self.onFile { () throws(FileError) in try File(path, .read) }
    }

    /// Compares every page with its checksum.
    ///
    /// - Throws: where one is damaged, or a header cannot be read.
    func checkPages() throws(ParquetUnreadable) {
        let file = try open()
        let pages = ChunkPages()
        for group in rowGroups {
            for chunk in group.chunks {
                try read(chunk, of: file, into: pages)
                pages.begin()
                while let page = try pages.next() { try pages.check(page) }
            }
        }
    }

    /// Reads the pages of a column.
    func read(_ chunk: ParquetDescription.Chunk, of file: File, into pages: ChunkPages) throws(ParquetUnreadable) {
        let bytes = Int(chunk.bytes)
        let target = pages.chunk
        target.removeAll()
        target.reserve(bytes)
        let room = unsafe UnsafeMutableRawBufferPointer(start: target.pointer, count: bytes)
        let found = try Self.onFile { () throws(FileError) in try unsafe file.read(into: room, at: chunk.start) }
        guard found == bytes else { throw ParquetUnreadable("the file became shorter") }
        target.truncateOrExtend(to: bytes)
    }
}

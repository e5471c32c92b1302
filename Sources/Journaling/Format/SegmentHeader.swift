internal import Platform

/// The start of a segment file: what it is and the feeds known when it was created.
struct SegmentHeader: Equatable {
    var firstOffset: Offset
    var createdNs: Int64
    /// Random number that the checksums of this segment's block headers start from, so that journal bytes inside a
    /// payload, or of an older file in the same disk blocks, are never taken for blocks.
    var salt: UInt32
    /// Names of the feeds 0, 1, 2 …
    var feeds: [String]

    /// Bytes in the file; blocks start behind them.
    var totalBytes: Int {
        let table = feeds.reduce(SegmentLayout.feedTableAt) { $0 + 2 + $1.utf8.count }
        return roundedUp(table + SegmentLayout.checksumBytes, to: BlockLayout.alignment)
    }

    /// The header as bytes.
    func encoded() -> [UInt8] {
        var writer = BinaryWriter()
        writer.write(SegmentLayout.magic)
        writer.write(SegmentLayout.version)
        writer.write(UInt32(totalBytes))
        writer.write(firstOffset)
        writer.write(createdNs)
        writer.write(salt)
        writer.write(UInt32(feeds.count))
        for name in feeds {
            writer.write(UInt16(name.utf8.count))
            for byte in name.utf8 { writer.write(byte) }
        }
        while writer.bytes.count < totalBytes - SegmentLayout.checksumBytes { writer.write(UInt8(0)) }
        let checksum = unsafe writer.bytes.withUnsafeBytes { unsafe CRC32C.checksum($0) }
        writer.write(checksum)
        return writer.bytes
    }

    init(firstOffset: Offset, createdNs: Int64, salt: UInt32, feeds: [String]) {
        self.firstOffset = firstOffset
        self.createdNs = createdNs
        self.salt = salt
        self.feeds = feeds
    }

    /// Reads and checks the header of `file`.
    ///
    /// - Throws: `corrupt` where it is not one.
    init(of file: File) throws(JournalError) {
        func damaged(_ reason: String) -> JournalError {
            .corrupt(JournalDamage(file: file.path, position: 0, reason: reason))
        }
        let start = try Self.read(file, SegmentLayout.feedTableAt)
        guard start.count == SegmentLayout.feedTableAt else { throw damaged("the file ends inside the segment header") }
        let fixed = unsafe start.withUnsafeBytes { bytes in
            unsafe (
                magic: bytes.integer(at: SegmentLayout.magicAt, as: UInt64.self),
                version: bytes.integer(at: SegmentLayout.versionAt, as: UInt32.self),
                total: Int(bytes.integer(at: SegmentLayout.headerBytesAt, as: UInt32.self))
            )
        }
        guard fixed.magic == SegmentLayout.magic else { throw damaged("this is not a journal segment") }
        guard fixed.version == SegmentLayout.version else {
            throw damaged("format version is \(fixed.version), this program reads \(SegmentLayout.version)")
        }
        let covered = fixed.total - SegmentLayout.checksumBytes
        guard covered >= SegmentLayout.feedTableAt, fixed.total <= SegmentLayout.headerBytesMax else {
            throw damaged("length of the segment header is \(fixed.total)")
        }
        let all = try Self.read(file, fixed.total)
        guard all.count == fixed.total else { throw damaged("the file ends inside the segment header") }
        let matches = unsafe all.withUnsafeBytes { bytes in
            unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[..<covered]))
                == bytes.integer(at: covered, as: UInt32.self)
        }
        guard matches else { throw damaged("checksum of the segment header does not match") }
        do { try self.init(checked: Array(all[..<covered])) } catch { throw damaged("feed table \(error)") }
        // Blocks start where the table ends, and nowhere behind.
        guard totalBytes == fixed.total else {
            throw damaged("length of the segment header is \(fixed.total), not \(totalBytes)")
        }
    }

    private init(checked bytes: [UInt8]) throws(BinaryReaderError) {
        var reader = BinaryReader(bytes)
        _ = try reader.read(UInt64.self)
        _ = try reader.read(UInt64.self)
        firstOffset = try reader.read()
        createdNs = try reader.read()
        salt = try reader.read()
        let count = try reader.read(UInt32.self)
        feeds = []
        for _ in 0..<count {
            var name: [UInt8] = []
            for _ in 0..<(try reader.read(UInt16.self)) { name.append(try reader.read()) }
            feeds.append(String(decoding: name, as: UTF8.self))
        }
    }

    private static func read(_ file: File, _ count: Int) throws(JournalError) -> [UInt8] {
        try JournalError.wrap { () throws(FileError) in try file.read(count, at: 0) }
    }
}

internal import Platform

/// Reads one segment file block by block.
///
/// - Threading: one thread at a time.
final class SegmentCursor {
    /// What lies at the cursor.
    enum Step {
        /// The file ends exactly here.
        case end
        /// A block that belongs here.
        case block(BlockHeader)
        /// Something that is not a whole block.
        case flaw(BlockFlaw)
    }

    let file: File
    let header: SegmentHeader
    private let window: FileWindow
    /// Where the next block starts in the file.
    private(set) var position: Int64
    /// The offset that the next block must start at.
    private(set) var offset: Offset

    /// Opens a segment and checks its header.
    init(path: String, firstOffset: Offset) throws(JournalError) {
        file = try JournalError.wrap { () throws(FileError) in try File(path, .read) }
        file.adviseSequential()
        header = try SegmentHeader(of: file)
        guard header.firstOffset == firstOffset else {
            throw .corrupt(
                JournalDamage(
                    file: path, position: Int64(SegmentLayout.firstOffsetAt),
                    reason: "segment starts at offset \(header.firstOffset), its name says \(firstOffset)"))
        }
        window = FileWindow(file)
        position = Int64(header.totalBytes)
        offset = header.firstOffset
    }

    /// Moves to a block known to start at `position` with `offset`.
    func move(to position: Int64, offset: Offset) {
        self.position = position
        self.offset = offset
    }

    /// Drops read-ahead bytes, because the file may have grown.
    func refresh() { window.forget() }

    /// Looks at the block under the cursor: its header only.
    func peek() throws(JournalError) -> Step {
        let bytes = try unsafe window.bytes(at: position, BlockLayout.headerBytes)
        if unsafe bytes.isEmpty { return .end }
        do throws(BlockFlaw) {
            let block = try unsafe BlockHeader(bytes, salt: header.salt)
            guard block.firstOffset == offset else {
                return .flaw(.offset(found: block.firstOffset, expected: offset))
            }
            return .block(block)
        } catch { return .flaw(error) }
    }

    /// Goes behind a block that `peek` returned.
    func skip(_ block: BlockHeader) {
        position += Int64(block.totalBytes)
        offset = block.endOffset
    }

    /// Checks the body of a block that `peek` returned, without decompressing it.
    ///
    /// - Returns: what is wrong; nil where it is whole.
    func check(_ block: BlockHeader) throws(JournalError) -> BlockFlaw? {
        let stored = try unsafe body(block)
        guard stored.count == block.storedBytes else {
            return .bodyShort(wanted: block.storedBytes, present: Int64(stored.count))
        }
        return unsafe CRC32C.checksum(stored) == block.bodyChecksum ? nil : .bodyChecksum
    }

    /// Checks and decompresses a block that `peek` returned, and checks each record.
    func decode(_ block: BlockHeader, pool: BlockMemoryPool) throws(JournalError) -> Result<JournalBlock, BlockFlaw> {
        if let flaw = try check(block) { return .failure(flaw) }
        let stored = try unsafe body(block)
        guard block.rawBytes <= LZ4.largest(from: stored.count) else { return .failure(.compression) }
        let memory = pool.take(block.rawBytes)
        let fits = unsafe memory.fill(block.rawBytes) { target in
            switch block.codec {
            case .lz4: return unsafe LZ4.decompress(stored, into: target) == target.count
            case .raw:
                guard stored.count == target.count else { return false }
                unsafe target.copyMemory(from: stored)
                return true
            }
        }
        guard fits else { return .failure(.compression) }
        do throws(BlockFlaw) { try memory.indexRecords(expecting: block.recordCount) } catch { return .failure(error) }
        return .success(JournalBlock(firstOffset: block.firstOffset, memory: memory, pool: pool))
    }

    private func body(_ block: BlockHeader) throws(JournalError) -> UnsafeRawBufferPointer {
        try unsafe window.bytes(at: position + Int64(BlockLayout.headerBytes), block.storedBytes)
    }

    /// The damage `flaw` at the cursor.
    func damage(_ flaw: BlockFlaw) -> JournalDamage {
        JournalDamage(file: file.path, position: position, reason: flaw.description)
    }

    /// The next place behind the cursor where a block header of this segment lies.
    func findBlock(after start: Int64) throws(JournalError) -> (position: Int64, header: BlockHeader)? {
        var position = roundedUp(start + 1, to: Int64(BlockLayout.alignment))
        while true {
            let chunk = try unsafe window.bytes(at: position, 1 << 16)
            guard chunk.count >= BlockLayout.headerBytes else { return nil }
            var at = 0
            while at + BlockLayout.headerBytes <= chunk.count {
                if unsafe chunk.integer(at: at, as: UInt32.self) == BlockLayout.magic {
                    let rest = unsafe UnsafeRawBufferPointer(rebasing: chunk[at...])
                    if let found = try? unsafe BlockHeader(rest, salt: header.salt) {
                        return (position + Int64(at), found)
                    }
                }
                at += BlockLayout.alignment
            }
            position += Int64(at)
        }
    }

    /// True where a flaw at the cursor cannot be the rest of an unfinished write.
    func isLoss(_ flaw: BlockFlaw) throws(JournalError) -> Bool {
        if !flaw.mayBeUnfinished { return true }
        return try findProofOfLoss() != nil
    }

    /// Looks behind a flaw at the cursor for proof that acknowledged data was there: a block that says more was
    /// durable, when it was written, than what is left.
    ///
    /// - Returns: where that block is; nil where all behind the cursor may be the rest of an unfinished write.
    private func findProofOfLoss() throws(JournalError) -> Int64? {
        var search = position
        while let (found, block) = try findBlock(after: search) {
            if block.durableOffset > offset { return found }
            search = found
        }
        return nil
    }

    /// Bytes from the cursor to the end of the file, and how many of them lie before the zeros at the very end.
    func remainder() throws(JournalError) -> (bytes: Int64, withoutZeros: Int64) {
        var at = position
        var last = position
        while true {
            let chunk = try unsafe window.bytes(at: at, 1 << 20)
            guard unsafe !chunk.isEmpty else { return (at - position, last - position) }
            if let index = unsafe chunk.lastIndex(where: { $0 != 0 }) { last = at + Int64(index) + 1 }
            at += Int64(chunk.count)
        }
    }
}

internal import Platform

/// Blocks ready to be written: headers and compressed bodies one behind the other.
///
/// - Threading: one owner at a time.
final class EncodedBatch: @unchecked Sendable {  // handed between two threads, one owner at a time
    /// One block in the batch.
    struct Entry {
        var header: BlockHeader
        /// Where its compressed body starts in the batch; a raw body is the block's own.
        let start: Int
        let block: JournalBlock
    }
    private let bytes = Column<UInt8>()
    private(set) var entries: [Entry] = []
    /// Bytes of the stored bodies.
    private(set) var storedBytes = 0

    func removeAll() {
        bytes.removeAll()
        entries.removeAll(keepingCapacity: true)
        storedBytes = 0
    }

    /// The body of an entry as it is stored, valid until the batch changes.
    @unsafe func body(_ entry: Entry) -> UnsafeRawBufferPointer {
        guard entry.header.codec != .raw else { return unsafe entry.block.memory.body }
        return unsafe UnsafeRawBufferPointer(start: bytes.pointer + entry.start, count: entry.header.storedBytes)
    }

    /// Appends a block: compressed where there is a compressor and it saves at least a sixteenth.
    func append(_ block: JournalBlock, header: BlockHeader, _ compressor: LZ4.Compressor?) {
        let memory = block.memory
        var header = header
        let start = bytes.count
        header.storedBytes = memory.count
        if let compressor {
            let bound = LZ4.bound(memory.count)
            bytes.reserve(bound)
            let room = unsafe UnsafeMutableRawBufferPointer(start: bytes.pointer + start, count: bound)
            if let written = unsafe compressor.compress(memory.body, into: room),
                written <= memory.count - memory.count / 16
            {
                bytes.truncateOrExtend(to: start + written)
                header.codec = .lz4
                header.storedBytes = written
            }
        }
        var entry = Entry(header: header, start: start, block: block)
        entry.header.bodyChecksum = unsafe CRC32C.checksum(body(entry))
        entries.append(entry)
        storedBytes += header.storedBytes
    }
}

/// Compresses block bodies.
///
/// - Threading: one thread at a time.
final class BlockEncoder {
    private let compressor: LZ4.Compressor?

    init(compression: Journal.Compression) {
        compressor = compression == .lz4 ? LZ4.Compressor() : nil
    }

    /// Appends the block to the batch, compressed where that is asked for and saves something.
    func encode(_ block: JournalBlock, compressing: Bool, into batch: EncodedBatch) {
        let memory = block.memory
        var header = BlockHeader()
        header.rawBytes = memory.count
        header.recordCount = block.count
        header.firstOffset = block.firstOffset
        header.minimumTimeNs = memory.minimumTimeNs
        header.maximumTimeNs = memory.maximumTimeNs
        if memory.hasDefinitions { header.flags |= BlockHeader.Flag.definitions }
        batch.append(block, header: header, compressing ? compressor : nil)
    }
}

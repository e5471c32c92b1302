internal import Platform

/// Blocks ready to be written: headers and stored bodies one behind the other.
///
/// - Threading: one owner at a time.
final class EncodedBatch: @unchecked Sendable {  // handed between two threads, one owner at a time
    /// One block in the batch.
    struct Entry {
        var header: BlockHeader
        /// Where its stored body starts in `bytes`.
        let start: Int
        let block: JournalBlock
    }
    let bytes = Column<UInt8>()
    var entries: [Entry] = []

    func removeAll() {
        bytes.removeAll()
        entries.removeAll(keepingCapacity: true)
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

    /// Appends the block to the batch, compressed where that saves at least a sixteenth.
    func encode(_ block: JournalBlock, into batch: EncodedBatch) {
        let memory = block.memory
        let start = batch.bytes.count
        var header = BlockHeader()
        header.rawBytes = memory.count
        header.recordCount = block.count
        header.firstOffset = block.firstOffset
        header.minimumTimeNs = memory.minimumTimeNs
        header.maximumTimeNs = memory.maximumTimeNs
        if memory.hasDefinitions { header.flags |= BlockHeader.Flag.definitions }
        header.storedBytes = store(memory, into: batch.bytes, &header.codec)
        let stored = unsafe UnsafeRawBufferPointer(start: batch.bytes.pointer + start, count: header.storedBytes)
        header.bodyChecksum = unsafe CRC32C.checksum(stored)
        batch.entries.append(EncodedBatch.Entry(header: header, start: start, block: block))
    }

    private func store(_ memory: BlockMemory, into bytes: Column<UInt8>, _ codec: inout BlockCodec) -> Int {
        if let compressor {
            let bound = LZ4.bound(memory.count)
            bytes.reserve(bound)
            let room = unsafe UnsafeMutableRawBufferPointer(start: bytes.pointer + bytes.count, count: bound)
            if let written = unsafe compressor.compress(memory.body, into: room),
                written <= memory.count - memory.count / 16
            {
                bytes.truncateOrExtend(to: bytes.count + written)
                codec = .lz4
                return written
            }
        }
        unsafe bytes.append(contentsOf: memory.body)
        codec = .raw
        return memory.count
    }
}

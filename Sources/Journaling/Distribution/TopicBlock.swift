internal import Platform

/// Records of one journal that belong to one partition of a topic, as a message brings them.
///
/// Messages come from outside: whatever the bytes are, this reads nothing beyond them and takes them whole or not at all.
/// - Shape: records by rising offset; at least 64 readable bytes behind every payload.
/// - Source: docs/journal-format.md, "Topic".
/// - Threading: one thread at a time.
@safe
public final class TopicBlock: @unchecked Sendable {  // one thread at a time, by contract
    /// The number of the journal that the records come from.
    public private(set) var producer: UInt64 = 0
    /// Partition of the topic.
    public private(set) var partition = 0
    /// Partitions that the producer takes the topic to have.
    public private(set) var partitionCount = 0
    /// Where the stretch of the journal begins of which this has everything that belongs to the partition.
    public private(set) var firstOffset: Offset = 0
    /// Where it ends.
    public private(set) var endOffset: Offset = 0
    /// Where the producer began: everything before it had arrived, and its blocks follow each other from here on.
    public private(set) var startOffset: Offset = 0
    /// Names of the feeds.
    public private(set) var feeds: [String] = []
    private let body = Column<UInt8>()
    private let positions = Column<UInt32>()

    /// An empty block, to load messages into one after the other.
    public init() {}

    /// A block from a message.
    public convenience init(_ message: UnsafeRawBufferPointer) throws(TopicBlockError) {
        self.init()
        try unsafe load(message)
    }

    /// Whether a reader that has seen the producer's journal up to an offset can take the block: where not, one before it is
    /// missing, was refused say, and the producer sends both again.
    public func follows(_ seen: Offset) -> Bool { firstOffset <= max(seen, startOffset) }

    /// Records held.
    public var count: Int { positions.count }

    /// One record, valid until the block is loaded again or goes away.
    @safe
    public struct Record {
        /// Its offset in the producer's journal; of a mark, that of the record which it stands before.
        public let offset: Offset
        public let kind: RecordKind
        /// Place of its feed in `feeds`.
        public let feed: Int
        /// Receive time, nanoseconds since 1970 UTC.
        public let ingestTimeNs: Int64
        /// The bytes, inside the block.
        @unsafe public let payload: UnsafeRawBufferPointer
    }

    /// The record at `index`, without copying.
    public subscript(index: Int) -> Record {
        let start = Int(positions[index])
        let header = unsafe UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(body.buffer)[start...])
        let length = Int(unsafe header.integer(at: TopicRecordLayout.payloadBytesAt, as: UInt32.self))
        let delta = unsafe header.integer(at: TopicRecordLayout.offsetAt, as: UInt32.self)
        let end = TopicRecordLayout.headerBytes + length
        return unsafe Record(
            offset: firstOffset + Offset(delta),
            kind: unsafe RecordKind(rawValue: header.integer(at: TopicRecordLayout.kindAt)) ?? .data,
            feed: Int(unsafe header.integer(at: TopicRecordLayout.feedAt, as: UInt16.self)),
            ingestTimeNs: unsafe header.integer(at: TopicRecordLayout.timeAt),
            payload: UnsafeRawBufferPointer(rebasing: header[TopicRecordLayout.headerBytes..<end]))
    }

    // MARK: Loading

    /// Takes over the records of a message in place of those held. The message may go afterwards.
    ///
    /// - Throws: what is wrong with it; then no records are held.
    public func load(_ message: UnsafeRawBufferPointer) throws(TopicBlockError) {
        clear()
        do throws(TopicBlockError) {
            let header = try unsafe TopicBlockHeader(message)
            let stored = unsafe UnsafeRawBufferPointer(rebasing: message[TopicBlockLayout.headerBytes...])
            guard unsafe CRC32C.checksum(stored) == header.bodyChecksum else {
                throw TopicBlockError("the checksum of the body does not match")
            }
            try unsafe expand(stored, header)
            producer = header.producer
            partition = header.partition
            partitionCount = header.partitionCount
            firstOffset = header.firstOffset
            endOffset = header.endOffset
            startOffset = header.startOffset
            let end = try findRecords(header)
            try readFeeds(header, from: end)
        } catch {
            clear()
            throw error
        }
    }

    private func clear() {
        (producer, partition, partitionCount) = (0, 0, 0)
        (startOffset, firstOffset, endOffset) = (0, 0, 0)
        feeds.removeAll(keepingCapacity: true)
        positions.removeAll()
        body.removeAll()
    }

    private func expand(_ stored: UnsafeRawBufferPointer, _ header: TopicBlockHeader) throws(TopicBlockError) {
        guard header.codec == .lz4 else {
            guard stored.count == header.rawBytes else {
                throw TopicBlockError("the body has \(stored.count) bytes, the header says \(header.rawBytes)")
            }
            unsafe body.append(contentsOf: stored)
            return
        }
        guard header.rawBytes <= LZ4.largest(from: stored.count) else {
            throw TopicBlockError("\(stored.count) bytes cannot hold the \(header.rawBytes) that the header says")
        }
        body.reserve(header.rawBytes)
        let room = unsafe UnsafeMutableRawBufferPointer(start: body.pointer, count: header.rawBytes)
        guard unsafe LZ4.decompress(stored, into: room) == header.rawBytes else {
            throw TopicBlockError("the body is not \(header.rawBytes) bytes compressed with LZ4")
        }
        body.truncateOrExtend(to: header.rawBytes)
    }

    /// Finds where records begin; returns the end of the last.
    private func findRecords(_ header: TopicBlockHeader) throws(TopicBlockError) -> Int {
        let bytes = unsafe UnsafeRawBufferPointer(body.buffer)
        let stretch = header.endOffset - header.firstOffset
        positions.reserve(header.recordCount)
        var position = 0
        var next: Offset = 0
        for index in 0..<header.recordCount {
            guard bytes.count - position >= TopicRecordLayout.headerBytes else {
                throw TopicBlockError("the body ends inside the header of record \(index)")
            }
            let record = unsafe UnsafeRawBufferPointer(rebasing: bytes[position...])
            let length = Int(unsafe record.integer(at: TopicRecordLayout.payloadBytesAt, as: UInt32.self))
            guard length <= record.count - TopicRecordLayout.headerBytes else {
                throw TopicBlockError("record \(index) is longer than the body")
            }
            let kind = unsafe RecordKind(rawValue: record.integer(at: TopicRecordLayout.kindAt))
            guard let kind, kind != .define, unsafe record[TopicRecordLayout.zeroAt] == 0 else {
                throw TopicBlockError("record \(index) is of a kind that is not known")
            }
            guard kind != .reached || length == EventTimeMark.byteCount else {
                throw TopicBlockError("record \(index) is a mark of \(length) bytes")
            }
            guard unsafe record.integer(at: TopicRecordLayout.feedAt, as: UInt16.self) < header.feedCount else {
                throw TopicBlockError("record \(index) is of a feed that the block does not name")
            }
            let offset = Offset(unsafe record.integer(at: TopicRecordLayout.offsetAt, as: UInt32.self))
            // A mark stands before the record of its offset, and may be the last that the block has.
            guard offset >= next, kind == .reached ? offset <= stretch : offset < stretch else {
                throw TopicBlockError("the offset of record \(index) is out of order")
            }
            next = kind == .reached ? offset : offset + 1
            positions.append(UInt32(position))
            position += TopicRecordLayout.headerBytes + length
        }
        return position
    }

    private func readFeeds(_ header: TopicBlockHeader, from start: Int) throws(TopicBlockError) {
        let bytes = unsafe UnsafeRawBufferPointer(body.buffer)
        var position = start
        for _ in 0..<header.feedCount {
            guard position < bytes.count, case let length = Int(unsafe bytes[position]), length > 0,
                length < bytes.count - position
            else { throw TopicBlockError("the list of feeds ends early") }
            let name = unsafe bytes[position + 1...position + length]
            guard let text = unsafe String(validating: name, as: UTF8.self) else {
                throw TopicBlockError("the name of a feed is not UTF-8")
            }
            feeds.append(text)
            position += 1 + length
        }
        guard position == bytes.count else { throw TopicBlockError("there are bytes behind the list of feeds") }
    }
}

/// The header of a block, checked.
struct TopicBlockHeader {
    let codec: TopicCodec
    let feedCount: Int
    let rawBytes: Int
    let recordCount: Int
    let producer: UInt64
    let firstOffset: Offset
    let endOffset: Offset
    let startOffset: Offset
    let partition: Int
    let partitionCount: Int
    let bodyChecksum: UInt32

    init(_ message: UnsafeRawBufferPointer) throws(TopicBlockError) {
        guard message.count >= TopicBlockLayout.headerBytes,
            unsafe message.integer(at: TopicBlockLayout.magicAt, as: UInt32.self) == TopicBlockLayout.magic
        else { throw TopicBlockError("the message is not a block of a journal") }
        let version = unsafe message[TopicBlockLayout.versionAt]
        guard version == TopicBlockLayout.version else {
            throw TopicBlockError("the block is of version \(version), which is not known")
        }
        let covered = unsafe UnsafeRawBufferPointer(rebasing: message[..<TopicBlockLayout.headerChecksumAt])
        let checksum: UInt32 = unsafe message.integer(at: TopicBlockLayout.headerChecksumAt)
        guard unsafe CRC32C.checksum(covered) == checksum else {
            throw TopicBlockError("the checksum of the header does not match")
        }
        guard let codec = TopicCodec(rawValue: unsafe message[TopicBlockLayout.codecAt]) else {
            throw TopicBlockError("the body is compressed in a way that is not known")
        }
        self.codec = codec
        feedCount = Int(unsafe message.integer(at: TopicBlockLayout.feedCountAt, as: UInt16.self))
        rawBytes = Int(unsafe message.integer(at: TopicBlockLayout.rawBytesAt, as: UInt32.self))
        recordCount = Int(unsafe message.integer(at: TopicBlockLayout.recordCountAt, as: UInt32.self))
        producer = unsafe message.integer(at: TopicBlockLayout.producerAt)
        firstOffset = unsafe message.integer(at: TopicBlockLayout.firstOffsetAt)
        endOffset = unsafe message.integer(at: TopicBlockLayout.endOffsetAt)
        startOffset = unsafe message.integer(at: TopicBlockLayout.startOffsetAt)
        partition = Int(unsafe message.integer(at: TopicBlockLayout.partitionAt, as: UInt32.self))
        partitionCount = Int(unsafe message.integer(at: TopicBlockLayout.partitionCountAt, as: UInt32.self))
        bodyChecksum = unsafe message.integer(at: TopicBlockLayout.bodyChecksumAt)
        guard rawBytes <= TopicBlockLayout.bodyBytesMax else {
            throw TopicBlockError("a body of \(rawBytes) bytes is larger than any")
        }
        guard recordCount <= rawBytes / TopicRecordLayout.headerBytes else {
            throw TopicBlockError("\(rawBytes) bytes cannot hold \(recordCount) records")
        }
        guard producer != 0, startOffset >= 0, firstOffset >= startOffset, endOffset >= firstOffset,
            TopicPartitioning.counts.contains(partitionCount), partition < partitionCount
        else { throw TopicBlockError("the header has no producer, or an impossible offset or partition") }
    }
}

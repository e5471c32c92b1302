internal import Platform

/// Puts records of one journal that belong to one partition into blocks for a topic.
///
/// - Source: docs/journal-format.md, "Topic".
/// - Threading: one thread at a time.
@safe
public final class TopicBlockWriter: @unchecked Sendable {  // one thread at a time, by contract
    private let producer: UInt64
    private let partition: Int
    private let partitionCount: Int
    private let feedName: (FeedID) -> String
    /// Place of each feed in the block's list, by number; negative where it is not in it.
    private var places: [Int32] = []
    private var feeds: [FeedID] = []
    /// Records, and the list of feeds once the block is finished.
    private let body = Column<UInt8>()
    private let message = Column<UInt8>()
    private let compressor = LZ4.Compressor()

    /// Records in the block so far.
    public private(set) var count = 0
    /// Bytes of these.
    public var bytes: Int { body.count }
    /// Where the stretch of the journal begins that the block covers.
    public private(set) var firstOffset: Offset
    /// Where the first block began.
    private let startOffset: Offset

    /// - Parameters:
    ///   - producer: the number of the journal, not 0.
    ///   - first: where the first block begins; everything before it must have arrived already.
    ///   - feedName: the names of the journal's feeds.
    public init(
        producer: UInt64, partition: Int, of partitionCount: Int, from first: Offset = 0,
        feedName: @escaping (FeedID) -> String
    ) {
        precondition(producer != 0 && partition < partitionCount, "no producer, or no such partition")
        self.producer = producer
        self.partition = partition
        self.partitionCount = partitionCount
        self.feedName = feedName
        firstOffset = first
        startOffset = first
    }

    /// Whether a record at an offset can still be in this block.
    public func takes(_ offset: Offset) -> Bool { offset - firstOffset < Offset(UInt32.max) }

    /// Appends a record.
    ///
    /// - Precondition: offsets do not go down; `takes(offset)`.
    public func append(
        _ kind: RecordKind, feed: FeedID, offset: Offset, ingestTimeNs: Int64, payload: UnsafeRawBufferPointer
    ) {
        precondition(takes(offset) && offset >= firstOffset, "offset \(offset) is outside of the block")
        let start = body.count
        let total = TopicRecordLayout.headerBytes + payload.count
        body.reserve(total)
        let target = unsafe UnsafeMutableRawBufferPointer(start: body.pointer + start, count: total)
        unsafe target.store(UInt32(payload.count), at: TopicRecordLayout.payloadBytesAt)
        unsafe target.store(UInt32(offset - firstOffset), at: TopicRecordLayout.offsetAt)
        unsafe target.store(ingestTimeNs, at: TopicRecordLayout.timeAt)
        unsafe target.store(place(of: feed), at: TopicRecordLayout.feedAt)
        unsafe target.store(UInt16(kind.rawValue), at: TopicRecordLayout.kindAt)
        if let base = target.baseAddress, let source = payload.baseAddress {
            unsafe (base + TopicRecordLayout.headerBytes).copyMemory(from: source, byteCount: payload.count)
        }
        body.truncateOrExtend(to: start + total)
        count += 1
    }

    /// Appends a mark before the record at an offset.
    public func append(_ mark: EventTimeMark, feed: FeedID, offset: Offset, ingestTimeNs: Int64) {
        unsafe mark.withPayload { payload in
            unsafe append(.reached, feed: feed, offset: offset, ingestTimeNs: ingestTimeNs, payload: payload)
        }
    }

    private func place(of feed: FeedID) -> UInt16 {
        let number = Int(feed.rawValue)
        while places.count <= number { places.append(-1) }
        if places[number] < 0 {
            places[number] = Int32(feeds.count)
            feeds.append(feed)
        }
        return UInt16(places[number])
    }

    /// Ends the block, which then covers the journal up to `end`, gives `body` its bytes, and begins the next one there.
    public func finish<T, Failure: Error>(
        endOffset end: Offset, _ body: (UnsafeRawBufferPointer) throws(Failure) -> T
    ) throws(Failure) -> T {
        precondition(end >= firstOffset, "a block cannot end before it begins")
        let records = count
        appendFeeds()
        encode(records: records, end: end)
        for feed in feeds { places[Int(feed.rawValue)] = -1 }
        feeds.removeAll(keepingCapacity: true)
        self.body.removeAll()
        count = 0
        firstOffset = end
        return try unsafe body(UnsafeRawBufferPointer(message.buffer))
    }

    private func appendFeeds() {
        for feed in feeds {
            let name = feedName(feed)
            precondition(name.utf8.count <= SegmentLayout.feedNameBytesMax, "a feed's name is longer than allowed")
            body.append(UInt8(name.utf8.count))
            body.append(utf8: name)
        }
    }

    /// Writes header and stored body.
    private func encode(records: Int, end: Offset) {
        let headerBytes = TopicBlockLayout.headerBytes
        let bound = LZ4.bound(body.count)
        message.removeAll()
        message.reserve(headerBytes + bound)
        let room = unsafe UnsafeMutableRawBufferPointer(start: message.pointer + headerBytes, count: bound)
        let raw = unsafe UnsafeRawBufferPointer(body.buffer)
        var (codec, stored) = (TopicCodec.raw, body.count)
        if let written = unsafe compressor.compress(raw, into: room), written <= body.count - body.count / 16 {
            (codec, stored) = (.lz4, written)
        } else {
            unsafe room.copyMemory(from: raw)
        }
        let header = unsafe UnsafeMutableRawBufferPointer(start: message.pointer, count: headerBytes)
        unsafe header.initializeMemory(as: UInt8.self, repeating: 0)
        unsafe header.store(TopicBlockLayout.magic, at: TopicBlockLayout.magicAt)
        unsafe header.store(TopicBlockLayout.version, at: TopicBlockLayout.versionAt)
        unsafe header.store(codec.rawValue, at: TopicBlockLayout.codecAt)
        unsafe header.store(UInt16(feeds.count), at: TopicBlockLayout.feedCountAt)
        unsafe header.store(UInt32(body.count), at: TopicBlockLayout.rawBytesAt)
        unsafe header.store(UInt32(records), at: TopicBlockLayout.recordCountAt)
        unsafe header.store(producer, at: TopicBlockLayout.producerAt)
        unsafe header.store(firstOffset, at: TopicBlockLayout.firstOffsetAt)
        unsafe header.store(end, at: TopicBlockLayout.endOffsetAt)
        unsafe header.store(startOffset, at: TopicBlockLayout.startOffsetAt)
        unsafe header.store(UInt32(partition), at: TopicBlockLayout.partitionAt)
        unsafe header.store(UInt32(partitionCount), at: TopicBlockLayout.partitionCountAt)
        let checksum = unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: room[..<stored]))
        unsafe header.store(checksum, at: TopicBlockLayout.bodyChecksumAt)
        let covered = unsafe UnsafeRawBufferPointer(rebasing: header[..<TopicBlockLayout.headerChecksumAt])
        unsafe header.store(CRC32C.checksum(covered), at: TopicBlockLayout.headerChecksumAt)
        message.truncateOrExtend(to: headerBytes + stored)
    }
}

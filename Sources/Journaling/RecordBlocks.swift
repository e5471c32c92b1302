public import Platform

/// Makes blocks of records that come from elsewhere than a journal's files, for whoever reads journals.
///
/// - Threading: one thread at a time.
public final class RecordBlocks {
    private let pool = BlockMemoryPool(blockBytes: Journal.Options().blockBytes, limitBytes: 4 << 20)

    public init() {}

    /// A record of a block.
    public struct Record {
        public let kind: RecordKind
        public let feed: FeedID
        /// Receive time, nanoseconds since 1970 UTC.
        public let ingestTimeNs: Int64
        /// Where its payload is in the bytes of the block's records.
        public let payload: Range<Int>

        public init(kind: RecordKind, feed: FeedID, ingestTimeNs: Int64, payload: Range<Int>) {
            self.kind = kind
            self.feed = feed
            self.ingestTimeNs = ingestTimeNs
            self.payload = payload
        }
    }

    /// A block of consecutive records, at least one.
    ///
    /// - Parameters:
    ///   - offset: that of the first.
    ///   - bytes: has the payloads.
    public func block(from offset: Offset, _ records: [Record], payloads bytes: Column<UInt8>) -> JournalBlock {
        precondition(!records.isEmpty, "a block has records")
        let size = records.reduce(0) { $0 + RecordLayout.headerBytes + $1.payload.count }
        let memory = pool.take(size)
        for record in records {
            precondition(record.payload.upperBound <= bytes.count, "payload outside the bytes")
            let payload = unsafe UnsafeRawBufferPointer(
                start: bytes.pointer + record.payload.lowerBound, count: record.payload.count)
            unsafe memory.append(
                RecordHeader(kind: record.kind, feed: record.feed, timeNs: record.ingestTimeNs, payload: payload),
                payload)
        }
        return JournalBlock(firstOffset: offset, memory: memory, pool: pool)
    }
}

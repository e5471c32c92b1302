public import Platform

/// Frames as received, as columns.
public final class FrameBatch: ColumnarBatch, @unchecked Sendable {  // one owner at a time
    public var schema: TableSchema { Tables.frames }

    public let ingestTimeNs = Column<Int64>()
    /// Numbers of a `StringTable` of feed names.
    public let feed = Column<UInt32>()
    public let journalOffset = Column<Int64>()
    /// One value more than there are rows.
    public let payloadOffsets = Column<Int64>()
    public let payload = Column<UInt8>()

    public init() { payloadOffsets.append(0) }

    public var count: Int { ingestTimeNs.count }

    public func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn] {
        [
            .init("ingest_time_ns", .int64(ingestTimeNs)),
            .init("feed", .dictionary(indices: feed, dictionaries.feeds)),
            .init("journal_offset", .int64(journalOffset)),
            .init("payload", .binary(offsets: payloadOffsets, bytes: payload)),
        ]
    }

    public func append(ingestTimeNs: Int64, feed: UInt32, journalOffset: Int64, payload: UnsafeRawBufferPointer) {
        self.ingestTimeNs.append(ingestTimeNs)
        self.feed.append(feed)
        self.journalOffset.append(journalOffset)
        unsafe self.payload.append(contentsOf: payload)
        payloadOffsets.append(Int64(self.payload.count))
    }

    public func removeAll() {
        for column in [ingestTimeNs, journalOffset, payloadOffsets] { column.removeAll() }
        feed.removeAll()
        payload.removeAll()
        payloadOffsets.append(0)
    }
}

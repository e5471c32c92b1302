public import Platform

/// Consecutive records of a journal: the unit in which it is written and read. Immutable.
///
/// - Shape: records in offset order; at least 64 readable bytes behind every payload.
/// - Threading: any thread.
@safe
public final class JournalBlock: @unchecked Sendable {  // immutable while referenced; memory goes back in deinit
    /// Offset of the first record.
    public let firstOffset: Offset
    /// Records held.
    public let count: Int
    let memory: BlockMemory
    private let pool: BlockMemoryPool
    private let body: UnsafeRawBufferPointer
    private let positions: UnsafeMutablePointer<UInt32>

    init(firstOffset: Offset, memory: BlockMemory, pool: BlockMemoryPool) {
        self.firstOffset = firstOffset
        self.memory = memory
        self.pool = pool
        count = memory.positions.count
        unsafe body = memory.body
        unsafe positions = memory.positions.pointer
    }

    deinit { pool.recycle(memory) }

    /// The offset behind the last record.
    public var endOffset: Offset { firstOffset + Offset(count) }
    /// Bytes of the records, headers included.
    public var rawBytes: Int { unsafe body.count }

    /// One record, valid while its block is alive.
    @safe
    public struct Record {
        public let offset: Offset
        public let kind: RecordKind
        public let feed: FeedID
        /// Receive time, nanoseconds since 1970 UTC.
        public let ingestTimeNs: Int64
        /// The bytes, inside the block: keep the block alive (`withExtendedLifetime`, or `forEach`) while they are used.
        @unsafe public let payload: UnsafeRawBufferPointer

        /// A record that is not in a journal, for tests and tools.
        public init(
            offset: Offset, kind: RecordKind, feed: FeedID, ingestTimeNs: Int64, payload: UnsafeRawBufferPointer
        ) {
            self.offset = offset
            self.kind = kind
            self.feed = feed
            self.ingestTimeNs = ingestTimeNs
            unsafe self.payload = unsafe payload
        }

        /// Receive time.
        public var ingestTime: Timestamp { Timestamp(nanoseconds: ingestTimeNs) }
        /// The payload copied.
        public var payloadBytes: [UInt8] { unsafe Array(payload) }
        /// The payload as text.
        public var payloadText: String { unsafe String(decoding: payload, as: UTF8.self) }
    }

    /// The record at `index`, without copying. See `Record.payload` for how long it is valid.
    public subscript(index: Int) -> Record {
        precondition(index >= 0 && index < count, "index \(index) outside a block of \(count) records")
        let start = Int(unsafe positions[index])
        let header = unsafe UnsafeRawBufferPointer(rebasing: body[start...])
        let length = unsafe RecordHeader.payloadBytes(header)
        let payloadStart = start + RecordLayout.headerBytes
        return unsafe Record(
            offset: firstOffset + Offset(index),
            kind: unsafe RecordKind(rawValue: header.integer(at: RecordLayout.kindAt)) ?? .data,
            feed: FeedID(rawValue: unsafe header.integer(at: RecordLayout.feedAt)),
            ingestTimeNs: unsafe header.integer(at: RecordLayout.timeAt),
            payload: unsafe UnsafeRawBufferPointer(rebasing: body[payloadStart..<payloadStart + length]))
    }

    /// Calls `body` with each record from `start`, in order, keeping the block alive.
    public func forEach<Failure: Error>(
        from start: Int = 0, _ body: (Record) throws(Failure) -> Void
    ) throws(Failure) {
        for index in start..<count { try body(self[index]) }
        withExtendedLifetime(self) {}
    }
}

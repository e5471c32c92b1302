internal import Platform
internal import Synchronization

/// Memory of one uncompressed block body and the places of its records. Used again when nobody holds the block.
///
/// - Threading: one thread writes it, then it is immutable until it is recycled.
@safe
final class BlockMemory: @unchecked Sendable {  // handed over whole; see above
    /// The body, with `RecordLayout.paddingBytes` readable bytes behind `capacity`.
    private(set) var bytes: UnsafeMutableRawBufferPointer
    /// Where each record starts in the body.
    let positions: Column<UInt32>
    /// Bytes of the body used.
    private(set) var count = 0
    private(set) var minimumTimeNs = Int64.max
    private(set) var maximumTimeNs = Int64.min
    private(set) var hasDefinitions = false
    /// Monotonic time of the first append.
    var firstAppendNs: Int64 = 0

    init(capacity: Int) {
        unsafe bytes = Self.allocate(capacity)
        positions = Column(capacity: capacity / 128)
    }

    deinit { unsafe bytes.deallocate() }

    private static func allocate(_ capacity: Int) -> UnsafeMutableRawBufferPointer {
        let memory = UnsafeMutableRawBufferPointer.allocate(
            byteCount: capacity + RecordLayout.paddingBytes, alignment: 64)
        unsafe memory.initializeMemory(as: UInt8.self, repeating: 0)
        return unsafe memory
    }

    var capacity: Int { unsafe bytes.count - RecordLayout.paddingBytes }
    /// The body.
    var body: UnsafeRawBufferPointer { unsafe UnsafeRawBufferPointer(rebasing: bytes[..<count]) }

    func removeAll() {
        count = 0
        positions.removeAll()
        minimumTimeNs = .max
        maximumTimeNs = .min
        hasDefinitions = false
    }

    /// Appends a record whose header is already encoded.
    @inline(__always)
    func append(_ header: RecordHeader, _ payload: UnsafeRawBufferPointer) {
        let total = RecordLayout.headerBytes + payload.count
        precondition(count + total <= capacity, "record does not fit its block")
        let target = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[count...])
        unsafe header.encode(into: target)
        if let source = payload.baseAddress, let base = target.baseAddress {
            unsafe (base + RecordLayout.headerBytes).copyMemory(from: source, byteCount: payload.count)
        }
        positions.append(UInt32(truncatingIfNeeded: count))
        count += total
        if header.timeNs < minimumTimeNs { minimumTimeNs = header.timeNs }
        if header.timeNs > maximumTimeNs { maximumTimeNs = header.timeNs }
        if header.kind == .define { hasDefinitions = true }
    }

    /// Makes room for a body of `count` bytes and lets `body` fill it.
    func fill(_ count: Int, _ body: (UnsafeMutableRawBufferPointer) -> Bool) -> Bool {
        removeAll()
        if count > capacity {
            unsafe bytes.deallocate()
            unsafe bytes = Self.allocate(count)
        }
        guard unsafe body(UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])) else { return false }
        self.count = count
        return true
    }

    /// Finds the records in the body and checks each one's checksum.
    ///
    /// - Throws: `BlockFlaw.records`.
    func indexRecords(expecting expected: Int) throws(BlockFlaw) {
        var position = 0
        positions.reserve(expected)
        while position < count {
            guard count - position >= RecordLayout.headerBytes else { throw .records("block ends inside a record header") }
            let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[position..<count])
            let length = unsafe RecordHeader.payloadBytes(rest)
            guard length <= count - position - RecordLayout.headerBytes else {
                throw .records("record \(positions.count) of the block is longer than the block")
            }
            guard unsafe RecordHeader.isIntact(rest, payloadBytes: length) else {
                throw .records("checksum of record \(positions.count) of the block does not match")
            }
            positions.append(UInt32(truncatingIfNeeded: position))
            position += RecordLayout.headerBytes + length
        }
        guard positions.count == expected else {
            throw .records("block holds \(positions.count) records, its header says \(expected)")
        }
    }
}

/// The 20 bytes before a payload.
struct RecordHeader {
    var payloadBytes: UInt32
    var timeNs: Int64
    var feed: UInt16
    var kind: RecordKind
    /// CRC-32C over the header behind this field and the payload.
    var checksum: UInt32 = 0

    /// The header of a new record, checksum included.
    @inline(__always)
    init(kind: RecordKind, feed: FeedID, timeNs: Int64, payload: UnsafeRawBufferPointer) {
        payloadBytes = UInt32(payload.count)
        self.timeNs = timeNs
        self.feed = feed.rawValue
        self.kind = kind
        var words = (UInt64(payloadBytes).littleEndian, timeNs.littleEndian, UInt64(feed.rawValue).littleEndian)
        words.2 |= (UInt64(kind.rawValue) << 16).littleEndian
        // Length (4), time (8), feed (2), kind (1), zero (1): the bytes as they lie in the file.
        var first = UInt32(truncatingIfNeeded: words.0)
        checksum = unsafe withUnsafeBytes(of: &first) { unsafe CRC32C.checksum($0) }
        checksum = unsafe withUnsafeBytes(of: &words.1) { unsafe CRC32C.checksum($0, seed: checksum) }
        var last = UInt32(truncatingIfNeeded: words.2)
        checksum = unsafe withUnsafeBytes(of: &last) { unsafe CRC32C.checksum($0, seed: checksum) }
        checksum = unsafe CRC32C.checksum(payload, seed: checksum)
    }

    @inline(__always)
    func encode(into bytes: UnsafeMutableRawBufferPointer) {
        unsafe bytes.store(checksum, at: RecordLayout.checksumAt)
        unsafe bytes.store(payloadBytes, at: RecordLayout.payloadBytesAt)
        unsafe bytes.store(timeNs, at: RecordLayout.timeAt)
        unsafe bytes.store(feed, at: RecordLayout.feedAt)
        unsafe bytes.store(UInt16(kind.rawValue), at: RecordLayout.kindAt)
    }

    /// The payload's length in the header at the start of `bytes`.
    @inline(__always)
    static func payloadBytes(_ bytes: UnsafeRawBufferPointer) -> Int {
        Int(unsafe bytes.integer(at: RecordLayout.payloadBytesAt, as: UInt32.self))
    }

    /// True where checksum and kind of the record at the start of `bytes` are right.
    @inline(__always)
    static func isIntact(_ bytes: UnsafeRawBufferPointer, payloadBytes: Int) -> Bool {
        let covered = unsafe UnsafeRawBufferPointer(
            rebasing: bytes[RecordLayout.payloadBytesAt..<RecordLayout.headerBytes + payloadBytes])
        return unsafe CRC32C.checksum(covered) == bytes.integer(at: RecordLayout.checksumAt, as: UInt32.self)
            && RecordKind(rawValue: bytes.integer(at: RecordLayout.kindAt)) != nil
    }
}

/// Block memory that is free to be used again.
///
/// - Threading: any thread.
final class BlockMemoryPool: Sendable {
    private let free: Mutex<[BlockMemory]> = Mutex([])
    /// Body bytes of the memory kept here.
    let blockBytes: Int
    private let limit: Int

    /// - Parameter limit: pieces of memory kept; more are freed.
    init(blockBytes: Int, limit: Int) {
        self.blockBytes = blockBytes
        self.limit = limit
    }

    /// Empty memory for at least `bytes`.
    func take(_ bytes: Int) -> BlockMemory {
        if bytes <= blockBytes, let memory = free.withLock({ $0.popLast() }) { return memory }
        return BlockMemory(capacity: max(bytes, blockBytes))
    }

    /// Takes memory back; memory of unusually large blocks is let go.
    func recycle(_ memory: BlockMemory) {
        guard memory.capacity <= 2 * blockBytes else { return }
        memory.removeAll()
        free.withLock { if $0.count < limit { $0.append(memory) } }
    }
}

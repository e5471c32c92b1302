internal import Platform

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

    /// Takes over the records of another block.
    func copy(_ other: BlockMemory) {
        unsafe bytes.copyMemory(from: other.body)
        positions.reserve(other.positions.count)
        unsafe positions.pointer.update(from: other.positions.pointer, count: other.positions.count)
        positions.truncateOrExtend(to: other.positions.count)
        count = other.count
        minimumTimeNs = other.minimumTimeNs
        maximumTimeNs = other.maximumTimeNs
        hasDefinitions = other.hasDefinitions
        firstAppendNs = other.firstAppendNs
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
        guard expected <= count / RecordLayout.headerBytes else {
            throw .records("block of \(count) bytes cannot hold the \(expected) records that its header says")
        }
        positions.reserve(expected)
        while position < count {
            guard count - position >= RecordLayout.headerBytes else {
                throw .records("block ends inside a record header")
            }
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

internal import Platform

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
        // Length (4), time (8), feed (2), kind (1), zero (1): the bytes as they lie in the file.
        let time = UInt64(bitPattern: timeNs)
        let first = UInt64(payloadBytes) | time << 32
        let second = time >> 32 | UInt64(feed.rawValue) << 32 | UInt64(kind.rawValue) << 48
        checksum = unsafe CRC32C.checksum(first.littleEndian, second.littleEndian, payload)
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

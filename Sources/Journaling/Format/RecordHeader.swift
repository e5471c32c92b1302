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

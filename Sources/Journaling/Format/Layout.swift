// The byte tables of docs/journal-format.md as constants; a test compares the two. All integers are little-endian.

/// The segment header: fixed fields, then the feed table.
enum SegmentLayout {
    static let magic: UInt64 = 0x3130_4C4A_4B44_5054  // "TPDKJL01"
    static let version: UInt32 = 1
    static let magicAt = 0
    static let versionAt = 8
    static let headerBytesAt = 12
    static let firstOffsetAt = 16
    static let createdAt = 24
    static let saltAt = 32
    static let feedCountAt = 36
    static let feedTableAt = 40
    /// The checksum is the last four bytes of the header, over all bytes before it.
    static let checksumBytes = 4
    /// A header longer than this is damage, not a header: 65,536 feeds with the longest names.
    static let headerBytesMax = 40 + 65_536 * (4 + feedNameBytesMax) + 16
    static let feedNameBytesMax = 255
}

/// The block header.
enum BlockLayout {
    static let magic: UInt32 = 0x4B4C_4254  // "TBLK"
    static let magicAt = 0
    static let codecAt = 4
    static let flagsAt = 5
    static let storedBytesAt = 8
    static let rawBytesAt = 12
    static let recordCountAt = 16
    static let bodyChecksumAt = 20
    static let firstOffsetAt = 24
    static let durableOffsetAt = 32
    static let minimumTimeAt = 40
    static let maximumTimeAt = 48
    static let headerChecksumAt = 60
    static let headerBytes = 64
    /// Blocks start at multiples of this.
    static let alignment = 8
}

/// The header of a record inside a block body.
enum RecordLayout {
    static let checksumAt = 0
    static let payloadBytesAt = 4
    static let timeAt = 8
    static let feedAt = 16
    static let kindAt = 18
    static let headerBytes = 20
    /// Readable bytes behind every payload in memory.
    static let paddingBytes = 64
}

/// `count` rounded up to a multiple of `unit` (a power of two).
@inline(__always)
func roundedUp<Value: FixedWidthInteger>(_ count: Value, to unit: Value) -> Value { (count + unit - 1) & ~(unit - 1) }

extension UnsafeRawBufferPointer {
    /// A little-endian integer at any position.
    @inline(__always)
    func integer<Value: FixedWidthInteger & BitwiseCopyable>(
        at position: Int, as type: Value.Type = Value.self
    ) -> Value {
        unsafe Value(littleEndian: loadUnaligned(fromByteOffset: position, as: Value.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    /// Stores a little-endian integer at any position.
    @inline(__always)
    func store<Value: FixedWidthInteger & BitwiseCopyable>(_ value: Value, at position: Int) {
        unsafe storeBytes(of: value.littleEndian, toByteOffset: position, as: Value.self)
    }
}

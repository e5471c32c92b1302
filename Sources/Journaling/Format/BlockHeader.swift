internal import Platform

/// How a block body is stored.
enum BlockCodec: UInt8 {
    case raw
    case lz4
}

/// The 64 bytes before a block body.
struct BlockHeader: Equatable {
    /// Bits of `flags`.
    enum Flag {
        /// The block holds records of kind `define`.
        static let definitions: UInt8 = 1
        /// Written at a clean end of the segment; holds no records.
        static let closing: UInt8 = 2
        static let known = definitions | closing
    }

    var codec: BlockCodec = .raw
    var flags: UInt8 = 0
    /// Bytes of the body in the file, without the padding behind it.
    var storedBytes = 0
    /// Bytes of the body after decompression.
    var rawBytes = 0
    var recordCount = 0
    /// CRC-32C of the stored body.
    var bodyChecksum: UInt32 = 0
    var firstOffset: Offset = 0
    /// When this was written, all records before this offset were known to be on the device.
    var durableOffset: Offset = 0
    /// Earliest and latest receive time of the records.
    var minimumTimeNs = Int64.max
    var maximumTimeNs = Int64.min

    /// Header, body and padding in the file.
    var totalBytes: Int { BlockLayout.headerBytes + roundedUp(storedBytes, to: BlockLayout.alignment) }
    /// The offset behind the last record.
    var endOffset: Offset { firstOffset + Offset(recordCount) }

    /// Writes the header; `salt` is the segment's.
    func encode(into bytes: UnsafeMutableRawBufferPointer, salt: UInt32) {
        unsafe bytes[..<BlockLayout.headerBytes].initializeMemory(as: UInt8.self, repeating: 0)
        unsafe bytes.store(BlockLayout.magic, at: BlockLayout.magicAt)
        unsafe bytes.store(codec.rawValue, at: BlockLayout.codecAt)
        unsafe bytes.store(flags, at: BlockLayout.flagsAt)
        unsafe bytes.store(UInt32(storedBytes), at: BlockLayout.storedBytesAt)
        unsafe bytes.store(UInt32(rawBytes), at: BlockLayout.rawBytesAt)
        unsafe bytes.store(UInt32(recordCount), at: BlockLayout.recordCountAt)
        unsafe bytes.store(bodyChecksum, at: BlockLayout.bodyChecksumAt)
        unsafe bytes.store(firstOffset, at: BlockLayout.firstOffsetAt)
        unsafe bytes.store(durableOffset, at: BlockLayout.durableOffsetAt)
        unsafe bytes.store(minimumTimeNs, at: BlockLayout.minimumTimeAt)
        unsafe bytes.store(maximumTimeNs, at: BlockLayout.maximumTimeAt)
        let covered = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<BlockLayout.headerChecksumAt])
        unsafe bytes.store(CRC32C.checksum(covered, seed: salt), at: BlockLayout.headerChecksumAt)
    }

    init() {}

    /// Reads and checks a header.
    ///
    /// - Throws: `BlockFlaw` where the bytes are not a header of this segment.
    init(_ bytes: UnsafeRawBufferPointer, salt: UInt32) throws(BlockFlaw) {
        guard bytes.count >= BlockLayout.headerBytes else { throw .short }
        let magic: UInt32 = unsafe bytes.integer(at: BlockLayout.magicAt)
        guard magic == BlockLayout.magic else { throw .magic(isZero: magic == 0) }
        let covered = unsafe UnsafeRawBufferPointer(rebasing: bytes[..<BlockLayout.headerChecksumAt])
        let checksum: UInt32 = unsafe bytes.integer(at: BlockLayout.headerChecksumAt)
        guard unsafe CRC32C.checksum(covered, seed: salt) == checksum else { throw .headerChecksum }
        let flags: UInt8 = unsafe bytes.integer(at: BlockLayout.flagsAt)
        guard let codec = unsafe BlockCodec(rawValue: bytes.integer(at: BlockLayout.codecAt)),
            flags & ~Flag.known == 0
        else { throw .unknown }
        self.codec = codec
        self.flags = flags
        storedBytes = Int(unsafe bytes.integer(at: BlockLayout.storedBytesAt, as: UInt32.self))
        rawBytes = Int(unsafe bytes.integer(at: BlockLayout.rawBytesAt, as: UInt32.self))
        recordCount = Int(unsafe bytes.integer(at: BlockLayout.recordCountAt, as: UInt32.self))
        bodyChecksum = unsafe bytes.integer(at: BlockLayout.bodyChecksumAt)
        firstOffset = unsafe bytes.integer(at: BlockLayout.firstOffsetAt)
        durableOffset = unsafe bytes.integer(at: BlockLayout.durableOffsetAt)
        minimumTimeNs = unsafe bytes.integer(at: BlockLayout.minimumTimeAt)
        maximumTimeNs = unsafe bytes.integer(at: BlockLayout.maximumTimeAt)
        let isEmpty = recordCount == 0 && storedBytes == 0
        guard flags & Flag.closing != 0 ? isEmpty : recordCount > 0 else { throw .empty }
        guard firstOffset >= 0, firstOffset <= Offset.max - Offset(recordCount) else { throw .range(firstOffset) }
    }
}

/// Why bytes are not a whole block.
enum BlockFlaw: Error, Equatable, CustomStringConvertible {
    case short
    case magic(isZero: Bool)
    case headerChecksum
    case unknown
    case empty
    case range(Offset)
    case bodyShort(wanted: Int, present: Int64)
    case bodyChecksum
    case compression
    case records(String)
    case offset(found: Offset, expected: Offset)

    /// False where what was written is whole by its checksums, and yet cannot stand here: then it is damage, or of a later
    /// version, wherever it stands. So is a header with another offset: blocks are written one behind the other, and what
    /// lies behind the last whole one is cut off before writing goes on.
    var mayBeUnfinished: Bool {
        switch self {
        case .unknown, .empty, .range, .compression, .records, .offset: false
        default: true
        }
    }

    var description: String {
        switch self {
        case .short: "the file ends inside a block header"
        case .magic(let isZero): isZero ? "zeros where a block should start" : "no block starts here"
        case .headerChecksum: "checksum of the block header does not match"
        case .unknown: "block has a codec or flag that this version does not know"
        case .empty: "block without records that closes no segment, or a closing one with a body"
        case .range(let first): "no journal has records from offset \(first) on"
        case .bodyShort(let wanted, let present): "block needs \(wanted) bytes, \(present) are present"
        case .bodyChecksum: "checksum of the block body does not match"
        case .compression: "block body does not decompress"
        case .records(let what): what
        case .offset(let found, let expected): "block starts at offset \(found), expected \(expected)"
        }
    }
}

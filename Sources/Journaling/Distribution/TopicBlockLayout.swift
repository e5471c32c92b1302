internal import Platform

// The byte tables of "Topic" in docs/journal-format.md as constants; a test compares the two. Integers are little-endian.

/// The header of a block in a topic.
enum TopicBlockLayout {
    static let magic: UInt32 = 0x4C42_4B54  // "TKBL"
    static let version: UInt8 = 1
    static let magicAt = 0
    static let versionAt = 4
    static let codecAt = 5
    static let feedCountAt = 6
    static let rawBytesAt = 8
    static let recordCountAt = 12
    static let producerAt = 16
    static let firstOffsetAt = 24
    static let endOffsetAt = 32
    static let partitionAt = 40
    static let partitionCountAt = 44
    static let bodyChecksumAt = 48
    static let startOffsetAt = 52
    static let headerChecksumAt = 60
    static let headerBytes = 64
    /// A longer body is damage: the largest payload, and as much again for all else.
    static let bodyBytesMax = Journal.payloadBytesMax + (1 << 20)
}

/// The header of a record in the body of such a block.
enum TopicRecordLayout {
    static let payloadBytesAt = 0
    static let offsetAt = 4
    static let timeAt = 8
    static let feedAt = 16
    static let kindAt = 18
    static let zeroAt = 19
    static let headerBytes = 20
}

/// How the body of a block is stored.
enum TopicCodec: UInt8 {
    case raw = 0
    case lz4 = 1
}

/// A message of a topic is not a block that this version can read; says what is wrong with it.
public struct TopicBlockError: Error, Sendable, Equatable, CustomStringConvertible {
    public let description: String
    init(_ description: String) { self.description = description }
}

internal import Journaling
internal import Platform

/// All that a worker needs to go on with a partition: what is kept in the object store.
///
/// | field | bytes |
/// |---|---|
/// | `TDPART01` | 8 |
/// | CRC-32C of all behind it | 4 |
/// | offset: records before it are in the state | 8 |
/// | position: message (8), its first record (8), producers (4, then 16 each) | |
/// | names of the feeds, by number (4, then 4 and UTF-8 each) | |
/// | files of sinks that keep their progress themselves (4, then name and bytes each) | |
/// | state of the engine (8, then as many) | |
struct PartitionState: Equatable {
    /// Records of the partition's journal before this one are in the state.
    var offset: Offset
    /// Where to read the topic from; not behind `offset`.
    var position: PartitionPosition
    /// Names of the feeds 0, 1, 2 …
    var feeds: [String]
    /// How far sinks are whose targets do not say so, by name of the file.
    var sinkFiles: [String: [UInt8]]
    /// State of the engine.
    var engine: [UInt8]

    private static let mark: UInt64 = 0x3130_5452_4150_4454  // "TDPART01"

    init(
        offset: Offset, position: PartitionPosition, feeds: [String], sinkFiles: [String: [UInt8]], engine: [UInt8]
    ) {
        self.offset = offset
        self.position = position
        self.feeds = feeds
        self.sinkFiles = sinkFiles
        self.engine = engine
    }

    func encoded() -> [UInt8] {
        var writer = BinaryWriter()
        writer.write(offset)
        position.encode(into: &writer)
        writer.write(UInt32(feeds.count))
        for feed in feeds { writer.write(feed) }
        writer.write(UInt32(sinkFiles.count))
        for (name, bytes) in sinkFiles.sorted(by: { $0.key < $1.key }) {
            writer.write(name)
            writer.write(bytes)
        }
        writer.write(engine)
        var head = BinaryWriter()
        head.write(Self.mark)
        head.write(unsafe writer.bytes.withUnsafeBytes { unsafe CRC32C.checksum($0) })
        return head.bytes + writer.bytes
    }

    /// - Throws: where the bytes are not what was written.
    init(_ bytes: [UInt8]) throws {
        var head = BinaryReader(bytes)
        guard try head.read(UInt64.self) == Self.mark else { throw PipelineError("it is not the state of a partition") }
        let checksum = try head.read(UInt32.self)
        let body = Array(bytes[head.position...])
        guard unsafe body.withUnsafeBytes({ unsafe CRC32C.checksum($0) }) == checksum else {
            throw PipelineError("its checksum does not match")
        }
        var reader = BinaryReader(body)
        offset = try reader.read()
        position = try PartitionPosition(from: &reader)
        feeds = []
        for _ in 0..<(try reader.read(UInt32.self)) { feeds.append(try reader.readString()) }
        sinkFiles = [:]
        for _ in 0..<(try reader.read(UInt32.self)) { sinkFiles[try reader.readString()] = try reader.readBytes() }
        engine = try reader.readBytes()
    }
}

internal import Journaling
internal import Platform

/// A place in a partition of a topic: a message, and what the messages before it have brought.
struct PartitionPosition: Equatable, Sendable {
    /// Offset of the message in the topic.
    var message: Int64 = 0
    /// Offset in the partition's journal that its first record has.
    var record: Offset = 0
    /// Up to where the journals of producers were taken; records before are repeated.
    var producers: [UInt64: Offset] = [:]

    func encode(into writer: inout BinaryWriter) {
        writer.write(message)
        writer.write(record)
        writer.write(UInt32(producers.count))
        for (producer, end) in producers.sorted(by: { $0.key < $1.key }) {
            writer.write(producer)
            writer.write(end)
        }
    }

    init(message: Int64 = 0, record: Offset) {
        self.message = message
        self.record = record
    }

    init(from reader: inout BinaryReader) throws {
        message = try reader.read()
        record = try reader.read()
        for _ in 0..<(try reader.read(UInt32.self)) { producers[try reader.read()] = try reader.read(Int64.self) }
    }
}

/// Which message brought which records: the messages of a partition that are not in a checkpoint yet.
struct PartitionMessages {
    struct Entry {
        let message: Int64
        let producer: UInt64
        /// Up to where it covers the producer's journal.
        let producerEnd: Offset
        /// Behind its last record in the partition's journal.
        let end: Offset
        let bytes: Int
    }

    private var entries: [Entry] = []
    private var first = 0
    /// The first message that is not in a checkpoint.
    private(set) var start: PartitionPosition

    init(from start: PartitionPosition) { self.start = start }

    mutating func append(_ entry: Entry) { entries.append(entry) }

    /// The place from which on the records from `offset` on come again; messages before it are forgotten.
    mutating func position(at offset: Offset) -> PartitionPosition {
        while first < entries.count, entries[first].end <= offset {
            let entry = entries[first]
            start.message = entry.message + 1
            start.record = entry.end
            start.producers[entry.producer] = max(start.producers[entry.producer] ?? 0, entry.producerEnd)
            first += 1
        }
        if first > 4096, first > entries.count / 2 {
            entries.removeFirst(first)
            first = 0
        }
        return start
    }

    /// Bytes of messages with records at or behind an offset.
    func bytes(from offset: Offset) -> Int {
        var bytes = 0
        for entry in entries.reversed() {
            guard entry.end > offset else { break }
            bytes += entry.bytes
        }
        return bytes
    }
}

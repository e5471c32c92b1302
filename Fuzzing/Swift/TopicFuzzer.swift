@testable import Journaling
import Market
import Platform

/// A message of a topic that is the journal. The first byte says what is done to the rest:
///
/// | bits | meaning |
/// |---|---|
/// | 0 | checksums are made right, so that what lies behind them is reached |
/// | 1 | magic, version, codec, partitions and lengths are made right too |
final class TopicFuzzer: FuzzTarget {
    static let name = "topic"
    private let block = TopicBlock()

    func run(_ input: [UInt8]) {
        guard let mode = input.first else { return }
        var bytes = Array(input.dropFirst())
        if mode & 2 != 0 { Self.complete(&bytes) }
        if mode & 1 != 0 { Self.sign(&bytes) }
        do {
            try bytes.withUnsafeBytes { try block.load($0) }
        } catch {
            require(block.count == 0 && block.feeds.isEmpty, "a refused block holds something")
            return
        }
        require(block.firstOffset <= block.endOffset && block.partition < block.partitionCount, "impossible header")
        var next = block.firstOffset
        let writer = TopicBlockWriter(
            producer: block.producer, partition: block.partition, of: block.partitionCount, from: block.firstOffset
        ) { [block] in block.feeds[Int($0.rawValue)] }
        for index in 0..<block.count {
            let record = block[index]
            require(record.offset >= next && record.offset <= block.endOffset, "offsets do not rise")
            require(record.kind != .define && block.feeds.indices.contains(record.feed), "kind or feed")
            next = record.kind == .reached ? record.offset : record.offset + 1
            writer.append(
                record.kind, feed: FeedID(rawValue: UInt16(record.feed)), offset: record.offset,
                ingestTimeNs: record.ingestTimeNs, payload: record.payload)
        }
        require(next <= block.endOffset, "the last record lies beyond the end")
        // What was read is written as what is read.
        let again = TopicBlock()
        do throws(TopicBlockError) {
            try writer.finish(endOffset: block.endOffset) { message throws(TopicBlockError) in try again.load(message) }
        } catch {
            require(false, "what was written is refused: \(error)")
        }
        require(again.count == block.count, "\(again.count) records, \(block.count) before")
        for index in 0..<block.count {
            let (left, right) = (block[index], again[index])
            require(
                left.offset == right.offset && left.kind == right.kind && left.ingestTimeNs == right.ingestTimeNs
                    && block.feeds[left.feed] == again.feeds[right.feed]
                    && left.payload.elementsEqual(right.payload), "record \(index) changed")
        }
    }

    /// Makes a header that does not lie about anything but records and feeds.
    private static func complete(_ bytes: inout [UInt8]) {
        guard bytes.count >= TopicBlockLayout.headerBytes else { return }
        store(TopicBlockLayout.magic, at: TopicBlockLayout.magicAt, &bytes)
        bytes[TopicBlockLayout.versionAt] = TopicBlockLayout.version
        bytes[TopicBlockLayout.codecAt] &= 1
        if bytes[TopicBlockLayout.codecAt] == 0 {
            store(UInt32(bytes.count - TopicBlockLayout.headerBytes), at: TopicBlockLayout.rawBytesAt, &bytes)
        }
        bytes[TopicBlockLayout.producerAt] |= 1
        for place in [TopicBlockLayout.firstOffsetAt, TopicBlockLayout.endOffsetAt] {
            for index in 4..<8 { bytes[place + index] = 0 }
        }
        for index in 0..<8 { bytes[TopicBlockLayout.startOffsetAt + index] = 0 }
        store(UInt32(1), at: TopicBlockLayout.partitionAt, &bytes)
        store(UInt32(4), at: TopicBlockLayout.partitionCountAt, &bytes)
    }

    private static func sign(_ bytes: inout [UInt8]) {
        guard bytes.count >= TopicBlockLayout.headerBytes else { return }
        let body = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[TopicBlockLayout.headerBytes...]))
        }
        store(body, at: TopicBlockLayout.bodyChecksumAt, &bytes)
        let header = bytes.withUnsafeBytes {
            CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<TopicBlockLayout.headerChecksumAt]))
        }
        store(header, at: TopicBlockLayout.headerChecksumAt, &bytes)
    }

    private static func store(_ value: UInt32, at place: Int, _ bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        let names = ["binance", "files"]
        let frames = try folder.contents("frames").prefix(6).map { $0 }
        return [4, frames.count].flatMap { count -> [[UInt8]] in
            let writer = TopicBlockWriter(producer: 7, partition: 1, of: 4, from: 100) { names[Int($0.rawValue)] }
            for (index, frame) in frames.prefix(count).enumerated() {
                let feed = FeedID(rawValue: UInt16(index % 2))
                writer.append(
                    EventTimeMark(eventNs: 5, ingestNs: 6), feed: feed, offset: 100 + Offset(index), ingestTimeNs: 1)
                frame.withUnsafeBytes {
                    writer.append(
                        index % 3 == 0 ? .copy : .data, feed: feed, offset: 100 + Offset(index), ingestTimeNs: 2,
                        payload: $0)
                }
            }
            let message = writer.finish(endOffset: 200) { Array($0) }
            return [[0] + message, [3] + message]
        }
    }
}

import Market
import Platform
import TestKit
import Testing

@testable import Journaling

@Suite struct TopicBlockTests {
    private struct Record: Equatable {
        var offset: Offset
        var kind: RecordKind
        var feed: String
        var timeNs: Int64
        var payload: [UInt8]
    }

    private static let names = ["binance", "files/es", "öffentlich"]

    /// Records by rising offset, with marks between them.
    private func records(_ random: inout SeededGenerator, from first: Offset) -> [Record] {
        var next = first
        return (0..<Int.random(in: 0..<60, using: &random)).map { index in
            next += Offset.random(in: 0..<5, using: &random)
            let kinds: [RecordKind] = [.data, .data, .data, .copy, .begin, .end, .heartbeat, .reached]
            let kind = kinds[Int.random(in: 0..<kinds.count, using: &random)]
            let bytes = kind == .reached ? 16 : Int.random(in: 0..<300, using: &random)
            defer { if kind != .reached { next += 1 } }
            return Record(
                offset: next, kind: kind, feed: Self.names[Int.random(in: 0..<3, using: &random)],
                timeNs: .random(in: .min ... .max, using: &random),
                payload: (0..<bytes).map { UInt8(truncatingIfNeeded: $0 % 7 + index) })
        }
    }

    private func message(_ records: [Record], from first: Offset, end: Offset) -> [UInt8] {
        let writer = TopicBlockWriter(producer: 0xfeed, partition: 2, of: 5, from: first) {
            Self.names[Int($0.rawValue)]
        }
        append(records, to: writer)
        return writer.finish(endOffset: end) { Array($0) }
    }

    private func append(_ records: [Record], to writer: TopicBlockWriter) {
        for record in records {
            record.payload.withUnsafeBytes {
                writer.append(
                    record.kind, feed: FeedID(rawValue: UInt16(Self.names.firstIndex(of: record.feed)!)),
                    offset: record.offset, ingestTimeNs: record.timeNs, payload: $0)
            }
        }
    }

    private func contents(_ block: TopicBlock) -> [Record] {
        (0..<block.count).map { index in
            let record = block[index]
            return Record(
                offset: record.offset, kind: record.kind, feed: block.feeds[record.feed],
                timeNs: record.ingestTimeNs, payload: Array(record.payload))
        }
    }

    private func error(_ message: [UInt8]) -> String? {
        do {
            _ = try message.withUnsafeBytes { try TopicBlock($0) }
            return nil
        } catch {
            return "\(error)"
        }
    }

    @Test(arguments: 0..<100) func `a block gives back what was put into it`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let block = TopicBlock()
        let first = Offset.random(in: 0..<1 << 40, using: &random)
        let writer = TopicBlockWriter(producer: 0xfeed, partition: 2, of: 5, from: first) {
            Self.names[Int($0.rawValue)]
        }
        var start = first
        for _ in 0..<3 {
            let records = records(&random, from: start)
            let end = (records.last?.offset ?? start) + 1
            append(records, to: writer)
            try writer.finish(endOffset: end) { bytes throws(TopicBlockError) in try block.load(bytes) }
            #expect(contents(block) == records)
            #expect(block.producer == 0xfeed && block.partition == 2 && block.partitionCount == 5)
            #expect(block.firstOffset == start && block.endOffset == end)
            start = end
        }
    }

    @Test func `a block with one changed byte is refused`() throws {
        var random = SeededGenerator(seed: 7)
        let sound = message(records(&random, from: 10), from: 10, end: 1000)
        #expect(error(sound) == nil)
        for place in sound.indices {
            var damaged = sound
            damaged[place] ^= UInt8.random(in: 1...255, using: &random)
            #expect(error(damaged) != nil, "byte \(place)")
        }
        for count in 0..<sound.count { #expect(error(Array(sound[..<count])) != nil, "\(count) bytes") }
        #expect(error(sound + [0]) != nil)
    }

    @Test func `what a block says of itself must be possible`() throws {
        // Bytes that do not compress, so that each is where the format says.
        var random = SeededGenerator(seed: 1)
        let payload = (0..<100).map { _ in UInt8.random(in: 0...255, using: &random) }
        let record = Record(offset: 10, kind: .data, feed: "binance", timeNs: 1, payload: payload)
        func changed(_ place: Int, _ byte: UInt8) -> String? {
            var bytes = message([record], from: 10, end: 11)
            bytes[place] = byte
            TopicBlockSigning.sign(&bytes)
            return error(bytes)
        }
        #expect(changed(TopicBlockLayout.magicAt, 1)?.contains("not a block") == true)
        #expect(changed(TopicBlockLayout.versionAt, 2)?.contains("version 2") == true)
        #expect(changed(TopicBlockLayout.codecAt, 9)?.contains("compressed") == true)
        #expect(changed(TopicBlockLayout.partitionAt, 5)?.contains("impossible") == true)
        #expect(changed(TopicBlockLayout.recordCountAt, 2)?.contains("record") == true)
        #expect(changed(TopicBlockLayout.feedCountAt, 2)?.contains("list of feeds") == true)
        #expect(changed(TopicBlockLayout.endOffsetAt, 10)?.contains("out of order") == true)
        let body = TopicBlockLayout.headerBytes
        #expect(changed(body + TopicRecordLayout.kindAt, RecordKind.define.rawValue)?.contains("kind") == true)
        #expect(changed(body + TopicRecordLayout.kindAt, RecordKind.reached.rawValue)?.contains("mark") == true)
        #expect(changed(body + TopicRecordLayout.feedAt, 1)?.contains("does not name") == true)
        #expect(changed(body + TopicRecordLayout.payloadBytesAt, 200)?.contains("longer") == true)
    }

    @Test func `a mark says when the event that had come furthest happened and came`() throws {
        let mark = EventTimeMark(eventNs: -5, ingestNs: .max)
        #expect(mark.withPayload { EventTimeMark(payload: $0) } == mark)
        #expect([UInt8](repeating: 0, count: 15).withUnsafeBytes { EventTimeMark(payload: $0) } == nil)
    }

    @Test func `partitions are the same on every machine`() {
        let partitioning = TopicPartitioning(count: 12)
        #expect(partitioning.partition(of: Instrument(venue: "US", symbol: "AAPL")) == Self.reference("US:AAPL", 12))
        #expect(partitioning.home(feed: "binance") == Self.reference("binance", 12))
        let spread = (0..<1000).map { partitioning.partition(of: Instrument(venue: "V", symbol: "S\($0)")) }
        for partition in 0..<12 { #expect(spread.count { $0 == partition } > 40) }
    }

    /// The published algorithm, in decimal numbers.
    private static func reference(_ text: String, _ count: UInt64) -> Int {
        var hash: UInt64 = 14_695_981_039_346_656_037
        for byte in text.utf8 { hash = (hash ^ UInt64(byte)) &* 1_099_511_628_211 }
        return Int(hash % count)
    }
}

/// Makes the checksums of a block right.
enum TopicBlockSigning {
    static func sign(_ bytes: inout [UInt8]) {
        let body = Array(bytes[TopicBlockLayout.headerBytes...]).withUnsafeBytes { CRC32C.checksum($0) }
        store(body, at: TopicBlockLayout.bodyChecksumAt, &bytes)
        let header = Array(bytes[..<TopicBlockLayout.headerChecksumAt]).withUnsafeBytes { CRC32C.checksum($0) }
        store(header, at: TopicBlockLayout.headerChecksumAt, &bytes)
    }

    private static func store(_ value: UInt32, at place: Int, _ bytes: inout [UInt8]) {
        for index in 0..<4 { bytes[place + index] = UInt8(truncatingIfNeeded: value >> (8 * index)) }
    }
}

import Foundation
import Journaling
import Platform
import TestKit

/// A record as a plain value, to compare with.
struct Sample: Equatable, CustomStringConvertible {
    var kind: RecordKind
    var feed: UInt16
    var timeNs: Int64
    var payload: [UInt8]

    var description: String { "\(kind) feed \(feed) at \(timeNs): \(payload.count) bytes" }
}

extension SeededGenerator {
    /// Records of random sizes: mostly small and alike, some empty, some larger than a block.
    mutating func samples(_ count: Int, largest: Int) -> [Sample] {
        (0..<count).map { index in
            let size: Int
            switch Int.random(in: 0..<20, using: &self) {
            case 0: size = 0
            case 1: size = Int.random(in: 0...largest, using: &self)
            default: size = Int.random(in: 1...120, using: &self)
            }
            let isText = Bool.random(using: &self)
            let payload = (0..<size).map { place in
                isText ? UInt8(97 + (place * 7 + index) % 23) : UInt8.random(in: 0...255, using: &self)
            }
            return Sample(
                kind: [.data, .data, .data, .begin, .end, .heartbeat][Int.random(in: 0..<6, using: &self)],
                feed: UInt16.random(in: 0..<3, using: &self), timeNs: Int64.random(in: .min ... .max, using: &self),
                payload: payload)
        }
    }
}

extension Journal {
    /// Appends records whose feeds are named already.
    @discardableResult
    func append(_ sample: Sample) throws -> Offset {
        try sample.payload.withUnsafeBytes { bytes throws(JournalError) in
            try append(
                sample.kind, feed: FeedID(rawValue: sample.feed), ingestTime: Timestamp(nanoseconds: sample.timeNs),
                payload: bytes)
        }
    }

    /// Gives the feeds 0, 1 and 2 their names: the journal's first three records.
    func nameFeeds() throws {
        for name in ["a", "b", "c"] { _ = try feed(named: name) }
    }

    @discardableResult
    func append(text: String) throws -> Offset {
        try append(Sample(kind: .data, feed: 0, timeNs: 1, payload: Array(text.utf8)))
    }
}

extension JournalBlock.Record {
    var sample: Sample { Sample(kind: kind, feed: feed.rawValue, timeNs: ingestTimeNs, payload: payloadBytes) }
}

/// All records of a journal folder from `offset` on, as an offline reader gives them; checks that offsets are dense.
func readAll(_ path: String, from offset: Offset = 0) throws -> [Sample] {
    let reader = try JournalReader(path: path, from: offset)
    var samples: [Sample] = []
    var expected = offset
    while let block = try reader.next() {
        for index in reader.startIndex..<block.count {
            guard block[index].offset == expected else {
                throw WrongOffset(found: block[index].offset, expected: expected)
            }
            samples.append(block[index].sample)
            expected += 1
        }
    }
    return samples
}

/// All records without the definitions of feed names.
func readData(_ path: String) throws -> [Sample] { try readAll(path).filter { $0.kind != .define } }

struct WrongOffset: Error {
    let found: Offset
    let expected: Offset
}

/// Small blocks and segments, so that tests meet many of them.
func smallOptions(segmentBytes: Int64 = 16 << 10, blockBytes: Int = 1 << 10) -> Journal.Options {
    var options = Journal.Options()
    options.segmentBytes = segmentBytes
    options.blockBytes = blockBytes
    options.bufferBytes = 16 << 10
    options.recentBytes = 8 << 10
    options.syncIntervalNs = 200_000
    return options
}

/// Paths of the segment files in a folder, oldest first.
func segmentFiles(_ path: String) throws -> [String] {
    try Folder.names(path).filter { $0.hasSuffix(".journal") }.map { path + "/" + $0 }
}

func bytes(of path: String) throws -> [UInt8] { try Array(Data(contentsOf: URL(filePath: path))) }
func write(_ bytes: [UInt8], to path: String) throws { try Data(bytes).write(to: URL(filePath: path)) }

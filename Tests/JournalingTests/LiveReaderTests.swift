import Foundation
import Journaling
import Platform
import TestKit
import Testing

@Suite struct LiveReaderTests {
    @Test func `a live reader sees a record when it is durable and not before`() throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        let journal = try Journal(path: folder.path, options: smallOptions(), metrics: Metrics(), storage: storage)
        try journal.nameFeeds()
        try journal.waitUntilDurable(2)
        let reader = try journal.makeReader(from: 3)
        storage.holdSyncs(true)
        try journal.append(text: "first")
        #expect(try reader.next(timeoutNs: 20_000_000) == nil)
        #expect(journal.durableOffset == 3)
        storage.holdSyncs(false)
        let block = try #require(try reader.next(timeoutNs: nil))
        #expect(block.firstOffset == 3)
        #expect(block[0].payloadText == "first")
        #expect(journal.durableOffset >= block.endOffset)
        journal.close()
        #expect(try reader.next() == nil)
    }

    @Test(arguments: 0..<15 as Range<UInt64>)
    func `live readers from anywhere, fast and slow, see every record once`(seed: UInt64) async throws {
        let folder = TemporaryFolder()
        var random = SeededGenerator(seed: seed)
        let samples = random.samples(3000, largest: 2500)
        let journal = try Journal(path: folder.path, options: smallOptions(segmentBytes: 100 << 10))
        try journal.nameFeeds()
        let readers = try [0, 0, 2].map { (start: $0, reader: try journal.makeReader(from: Offset($0))) }
        let appender = NamedThread("test-append") { for sample in samples { _ = try? journal.append(sample) } }
        let results = try await withThrowingTaskGroup(of: Bool.self) { group in
            for (index, entry) in readers.enumerated() {
                group.addTask {
                    var got: [Sample] = []
                    while got.count < samples.count + 3 - entry.start, let block = try entry.reader.next() {
                        // Slow readers fall behind what is in memory and read the files.
                        if index > 0 { usleep(UInt32(index) * 300) }
                        block.forEach(from: entry.reader.startIndex) { got.append($0.sample) }
                    }
                    return got.dropFirst(3 - entry.start).elementsEqual(samples)
                }
            }
            var all: [Bool] = []
            for try await result in group { all.append(result) }
            return all
        }
        appender.join()
        journal.close()
        #expect(results == [true, true, true])
    }

    @Test func `a reader beyond the end or before the oldest record is refused`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        defer { journal.close() }
        try journal.nameFeeds()
        #expect(throws: JournalError.self) { try journal.makeReader(from: 4) }
        #expect(throws: JournalError.self) { try journal.makeReader(from: -1) }
    }

    @Test func `an offline reader that reached the end sees later what was written since`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path, options: smallOptions())
        try journal.nameFeeds()
        try journal.waitUntilDurable(2)
        let reader = try JournalReader(path: folder.path, from: 0)
        var seen = 0
        for round in 0..<50 {
            for _ in 0..<40 { try journal.append(text: "round \(round) \(round * 7919)") }
            try journal.waitUntilDurable(journal.nextOffset - 1)
            while let block = try reader.next() { seen += block.count }
            #expect(seen == 3 + 40 * (round + 1))
        }
        journal.close()
        #expect(try reader.next() == nil)
    }
}

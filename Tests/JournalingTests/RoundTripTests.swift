import Journaling
import Platform
import TestKit
import Testing

@Suite struct RoundTripTests {
    @Test(arguments: 0..<40 as Range<UInt64>)
    func `every record comes back as it was appended`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        var random = SeededGenerator(seed: seed)
        var options = smallOptions()
        options.compression = Bool.random(using: &random) ? .lz4 : .none
        let samples = random.samples(Int.random(in: 1...600, using: &random), largest: 5000)
        let journal = try Journal(path: folder.path, options: options)
        try journal.nameFeeds()
        for (index, sample) in samples.enumerated() { #expect(try journal.append(sample) == Offset(index + 3)) }
        #expect(journal.close() == 0)
        #expect(try readData(folder.path) == samples)
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `closing and opening again goes on where the journal ended`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        var random = SeededGenerator(seed: seed)
        var all: [Sample] = []
        for round in 0..<6 {
            let journal = try Journal(path: folder.path, options: smallOptions())
            if round == 0 { try journal.nameFeeds() }
            #expect(journal.recovery.tornBytes == 0)
            #expect(journal.nextOffset == Offset(all.count + 3))
            #expect(try journal.feed(named: "b") == FeedID(rawValue: 1))
            let samples = random.samples(Int.random(in: 0...80, using: &random), largest: 3000)
            for sample in samples { try journal.append(sample) }
            all += samples
            journal.close()
        }
        #expect(try readData(folder.path) == all)
    }

    @Test func `a reader may start at any offset`() throws {
        let folder = TemporaryFolder()
        var random = SeededGenerator(seed: 7)
        let samples = random.samples(300, largest: 2000)
        let journal = try Journal(path: folder.path, options: smallOptions(segmentBytes: 8 << 10))
        try journal.nameFeeds()
        for sample in samples { try journal.append(sample) }
        journal.close()
        #expect(try segmentFiles(folder.path).count > 3)
        for start in 3...303 {
            #expect(try readAll(folder.path, from: Offset(start)) == Array(samples[(start - 3)...]))
        }
    }

    @Test func `names of feeds are known wherever a reader starts`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path, options: smallOptions())
        let first = try journal.feed(named: "finnhub")
        for _ in 0..<400 { try journal.append(text: "something that fills segments \(journal.nextOffset)") }
        let second = try journal.feed(named: "binance")
        for _ in 0..<400 { try journal.append(text: "something that fills segments \(journal.nextOffset)") }
        let end = journal.nextOffset
        journal.close()
        let reader = try JournalReader(path: folder.path, from: end - 1)
        _ = try reader.next()
        #expect(reader.feedName(first) == "finnhub")
        #expect(reader.feedName(second) == "binance")
        #expect(reader.feedName(FeedID(rawValue: 9)) == "feed 9")
    }

    @Test func `records of many threads are all kept, in order per thread`() async throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path, options: smallOptions())
        let threads = 4
        let each = 2000
        try await withThrowingTaskGroup(of: Void.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    let feed = try journal.feed(named: "thread \(thread)")
                    for index in 0..<each {
                        try journal.append(
                            Sample(
                                kind: .data, feed: feed.rawValue, timeNs: Int64(thread), payload: Array("\(index)".utf8)
                            ))
                    }
                }
            }
            try await group.waitForAll()
        }
        journal.close()
        let samples = try readData(folder.path)
        #expect(samples.count == threads * each)
        for thread in 0..<threads {
            let mine = samples.filter { $0.timeNs == Int64(thread) }.map { String(decoding: $0.payload, as: UTF8.self) }
            #expect(mine == (0..<each).map { "\($0)" })
        }
    }

    @Test func `a record that is too large is refused and nothing else suffers`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        defer { journal.close() }
        let feed = try journal.feed(named: "a")
        let error = #expect(throws: JournalError.self) {
            let base = UnsafeRawPointer(bitPattern: 4096)
            try journal.append(
                .data, feed: feed, ingestTime: .now(),
                payload: UnsafeRawBufferPointer(start: base, count: Journal.payloadBytesMax + 1))
        }
        #expect(error?.code == .tooLarge)
        #expect(try journal.append(text: "next") == 1)
    }
}

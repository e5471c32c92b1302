import Foundation
import Journaling
import Platform
import TestKit
import Testing

/// A journal of a few blocks that was killed, not closed: its files as they lay on disk.
private struct KilledJournal {
    let samples: [Sample]
    let file: String
    let bytes: [UInt8]
    /// Where each block starts, and at the end where the last one ends.
    let blocks: [Int]
    /// The offset behind each block.
    let ends: [Int]

    init(seed: UInt64, blockCount: Int) throws {
        let folder = TemporaryFolder()
        var random = SeededGenerator(seed: seed)
        var samples: [Sample] = []
        let journal = try Journal(path: folder.path, options: smallOptions(segmentBytes: 1 << 20))
        try journal.nameFeeds()
        try journal.waitUntilDurable(2)
        for _ in 1..<blockCount {
            for sample in random.samples(6, largest: 60) {
                try journal.append(sample)
                samples.append(sample)
            }
            try journal.waitUntilDurable(journal.nextOffset - 1)
        }
        let path = try segmentFiles(folder.path)[0]
        var bytes = try JournalingTests.bytes(of: path)
        journal.close()
        var starts: [Int] = []
        var ends: [Int] = []
        var position = bytes.integer(at: 12)
        while position + 64 <= bytes.count, bytes[position..<position + 4].elementsEqual("TBLK".utf8) {
            starts.append(position)
            let stored = bytes.integer(at: position + 8)
            ends.append(bytes.integer(at: position + 24) + bytes.integer(at: position + 16))
            position += 64 + (stored + 7) / 8 * 8
        }
        bytes.removeLast(bytes.count - position)
        self.samples = samples
        file = (path as NSString).lastPathComponent
        self.bytes = bytes
        blocks = starts + [position]
        self.ends = ends
    }

    var lastBlock: Range<Int> { blocks[blocks.count - 2]..<blocks[blocks.count - 1] }
    /// Bytes of the last block without the padding behind it.
    var lastBlockBytes: Int { bytes.integer(at: lastBlock.lowerBound + 8) + 64 }
    /// Records, definitions aside, before the last block.
    var samplesBeforeLastBlock: [Sample] { Array(samples[..<(ends[ends.count - 2] - 3)]) }

    /// Lays `bytes` out as the journal's file in a new folder.
    func restore(_ bytes: [UInt8]) throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        try write(bytes, to: folder.path + "/" + file)
        return folder
    }
}

extension [UInt8] {
    /// The 32-bit integer at `position`.
    fileprivate func integer(at position: Int) -> Int {
        (0..<4).reduce(0) { $0 | Int(self[position + $1]) << (8 * $1) }
    }
}

@Suite struct RecoveryTests {
    private static let killed = Result { try KilledJournal(seed: 3, blockCount: 8) }

    /// Opens a damaged copy, checks what is left, and that appending to it works.
    private func recover(_ folder: TemporaryFolder, expecting samples: [Sample]) throws -> RecoveryReport {
        #expect(try readData(folder.path) == samples, "an offline reader sees the same before the repair")
        let journal = try Journal(path: folder.path, options: smallOptions())
        #expect(journal.nextOffset == Offset(samples.count + 3))
        let next = Sample(kind: .data, feed: 1, timeNs: 5, payload: [1, 2, 3])
        try journal.append(next)
        journal.close()
        #expect(try readData(folder.path) == samples + [next])
        return journal.recovery
    }

    @Test func `a file cut at any byte of the last block loses that block only`() throws {
        let killed = try Self.killed.get()
        for cut in killed.lastBlock.prefix(killed.lastBlockBytes) {
            let folder = try killed.restore(Array(killed.bytes[..<cut]))
            let report = try recover(folder, expecting: killed.samplesBeforeLastBlock)
            #expect(report.tornBytes == Int64(cut - killed.lastBlock.lowerBound))
            if cut > killed.lastBlock.lowerBound {
                let torn = try #require(report.tornFile)
                #expect(try bytes(of: torn) == Array(killed.bytes[killed.lastBlock.lowerBound..<cut]))
            }
        }
    }

    @Test func `a file that ends in the padding behind a block is whole`() throws {
        let killed = try Self.killed.get()
        for cut in killed.lastBlock.dropFirst(killed.lastBlockBytes) {
            let report = try recover(try killed.restore(Array(killed.bytes[..<cut])), expecting: killed.samples)
            #expect(report.tornBytes == 0)
        }
    }

    @Test func `a flipped bit in any byte of the last block loses that block only`() throws {
        let killed = try Self.killed.get()
        for (number, position) in killed.lastBlock.prefix(killed.lastBlockBytes).enumerated() {
            var damaged = killed.bytes
            damaged[position] ^= 1 << (number % 8)
            let report = try recover(try killed.restore(damaged), expecting: killed.samplesBeforeLastBlock)
            #expect(report.tornBytes == Int64(killed.lastBlock.count))
            #expect(report.tornFile != nil)
        }
    }

    @Test func `zeros in place of the last block are cut and reported`() throws {
        let killed = try Self.killed.get()
        var zeroed = Array(killed.bytes[..<killed.lastBlock.lowerBound])
        zeroed += [UInt8](repeating: 0, count: 50_000)
        let report = try recover(try killed.restore(zeroed), expecting: killed.samplesBeforeLastBlock)
        #expect(report.tornBytes == 0)
        #expect(report.zeroBytes == 50_000)
        #expect(report.tornFile == nil)
    }

    @Test func `zeros up to the end of the page are how a killed writer leaves its file, not damage`() throws {
        let killed = try Self.killed.get()
        let padding = 4096 - killed.bytes.count % 4096
        let report = try recover(
            try killed.restore(killed.bytes + [UInt8](repeating: 0, count: padding)), expecting: killed.samples)
        #expect(report.tornBytes == 0)
        #expect(report.zeroBytes == Int64(padding))
    }

    @Test func `damage in front of later blocks is refused, with file and position, and nothing is cut`() throws {
        let killed = try Self.killed.get()
        for (index, start) in killed.blocks.dropLast(2).enumerated() {
            for position in [start, start + 9, start + 30, start + 62, start + 64] {
                var damaged = killed.bytes
                damaged[position] ^= 0x10
                let folder = try killed.restore(damaged)
                let opening = #expect(throws: JournalError.self) { try Journal(path: folder.path) }
                let reading = #expect(throws: JournalError.self) { _ = try readAll(folder.path) }
                for error in [opening, reading] {
                    #expect(error?.code == .corrupt)
                    #expect(error?.damage?.position == Int64(start), "block \(index), byte \(position)")
                    #expect(error?.damage?.file == folder.path + "/" + killed.file)
                }
                #expect(try bytes(of: folder.path + "/" + killed.file) == damaged)
                let report = try JournalInspector.verify(path: folder.path)
                #expect(report.damage.first?.position == Int64(start))
                #expect(report.endOffset == Offset(killed.samples.count + 3), "blocks behind the damage are still read")
            }
        }
    }

    @Test func `damage in the last block of a journal that was closed is not taken for an unfinished write`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        try journal.nameFeeds()
        try journal.append(text: "acknowledged")
        journal.close()
        let path = try segmentFiles(folder.path)[0]
        var damaged = try bytes(of: path)
        let firstBlock = damaged.integer(at: 12)
        damaged[firstBlock + 70] ^= 1
        try write(damaged, to: path)
        let error = #expect(throws: JournalError.self) { try Journal(path: folder.path) }
        #expect(error?.damage?.position == Int64(firstBlock))
    }

    @Test func `damage in a sealed segment does not stop the writer, only the reader that gets there`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path, options: smallOptions())
        try journal.nameFeeds()
        for index in 0..<2000 { try journal.append(text: "line \(index) \(index * 7919)") }
        journal.close()
        let files = try segmentFiles(folder.path)
        #expect(files.count > 2)
        var damaged = try bytes(of: files[1])
        damaged[damaged.count / 2] ^= 4
        try write(damaged, to: files[1])
        let again = try Journal(path: folder.path, options: smallOptions())
        #expect(again.nextOffset == 2003)
        again.close()
        let error = #expect(throws: JournalError.self) { _ = try readAll(folder.path) }
        #expect(error?.damage?.file == files[1])
        #expect(try JournalInspector.verify(path: folder.path).damage.count == 1)
    }

    @Test func `a missing segment is damage`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path, options: smallOptions())
        try journal.nameFeeds()
        for index in 0..<3000 { try journal.append(text: "line \(index) \(index * 7919)") }
        journal.close()
        let files = try segmentFiles(folder.path)
        try Folder.removeFile(files[1])
        let error = #expect(throws: JournalError.self) { _ = try readAll(folder.path) }
        #expect(error?.damage?.file == files[0])
        #expect(try JournalInspector.info(path: folder.path).damage.map(\.file) == [files[0]])
    }

    @Test(arguments: [0, 1, 20, 47, 48, 4096])
    func `a segment whose creation never finished is set aside`(size: Int) throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        try journal.nameFeeds()
        let sample = Sample(kind: .data, feed: 2, timeNs: 9, payload: [5])
        try journal.append(sample)
        journal.close()
        let header = try bytes(of: segmentFiles(folder.path)[0]).prefix(min(size, 40))
        let unfinished = header + [UInt8](repeating: 0, count: size - header.count)
        try write(Array(unfinished), to: folder.path + "/00000000000000000004.journal")
        #expect(try readData(folder.path) == [sample])
        let again = try Journal(path: folder.path)
        #expect(again.nextOffset == 4)
        #expect(again.feedName(FeedID(rawValue: 2)) == "c")
        #expect(again.recovery.tornBytes == Int64(size))
        try again.append(sample)
        again.close()
        #expect(try readData(folder.path) == [sample, sample])
    }

    @Test func `a newer format is refused by version`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        try journal.nameFeeds()
        journal.close()
        let path = try segmentFiles(folder.path)[0]
        var changed = try bytes(of: path)
        changed[8] = 2
        try write(changed, to: path)
        let error = #expect(throws: JournalError.self) { try Journal(path: folder.path) }
        #expect(error?.message.contains("format version is 2") == true)
    }
}

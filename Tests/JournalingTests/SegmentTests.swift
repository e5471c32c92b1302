import Foundation
import Journaling
import Platform
import TestKit
import Testing

@Suite struct SegmentTests {
    private func filled(_ folder: TemporaryFolder, _ options: Journal.Options, lines: Int) throws -> Journal {
        let journal = try Journal(path: folder.path, options: options)
        try journal.nameFeeds()
        for index in 0..<lines { try journal.append(text: "line \(index) \(index &* 2_654_435_761)") }
        try journal.waitUntilDurable(journal.nextOffset - 1)
        return journal
    }

    @Test func `a second writer is refused and told who writes`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        let error = #expect(throws: JournalError.self) { try Journal(path: folder.path) }
        #expect(error?.code == .locked)
        #expect(error?.message.contains("process \(getpid()) ") == true)
        #expect(error?.message.contains(folder.path) == true)
        journal.close()
        try Journal(path: folder.path).close()
    }

    @Test func `segments are named by their first offset, keep to their size, and never change once ended`() throws {
        let folder = TemporaryFolder()
        let journal = try filled(folder, smallOptions(segmentBytes: 8 << 10), lines: 1500)
        let sealed = try segmentFiles(folder.path).dropLast()
        #expect(sealed.count > 2)
        #expect(journal.segmentCount == sealed.count + 1)
        let before = try sealed.map { try bytes(of: $0) }
        for content in before { #expect(content.count <= (8 << 10) + 64, "the closing block comes on top") }
        for index in 0..<1500 { try journal.append(text: "more \(index) \(index &* 2_654_435_761)") }
        journal.close()
        try Journal(path: folder.path).close()
        #expect(try sealed.map { try bytes(of: $0) } == before)
        var offset: Offset = 0
        for segment in try JournalInspector.info(path: folder.path).segments {
            #expect(segment.path.hasSuffix(String(format: "/%020d.journal", Int(offset))))
            #expect(segment.firstOffset == offset)
            offset = segment.endOffset
        }
        #expect(offset == 3003)
    }

    @Test func `retention by size deletes oldest segments but never what is retained`() throws {
        let folder = TemporaryFolder()
        var options = smallOptions()
        options.retainBytes = 40 << 10
        let journal = try filled(folder, options, lines: 4000)
        defer { journal.close() }
        #expect(journal.oldestOffset == 0, "nothing is deleted before a reader says what it has")
        let all = journal.segmentCount
        journal.retain(from: 700)
        #expect(journal.oldestOffset <= 700)
        #expect(journal.oldestOffset > 0)
        #expect(journal.segmentCount < all)
        #expect(journal.bytes > 40 << 10)
        journal.retain(from: journal.nextOffset)
        #expect(journal.bytes <= 40 << 10)
        let oldest = journal.oldestOffset
        #expect(throws: JournalError.self) { try journal.makeReader(from: oldest - 1) }
        let reader = try journal.makeReader(from: oldest)
        #expect(try reader.next()?.firstOffset == oldest)
        #expect(try readAll(folder.path, from: oldest).count == Int(journal.nextOffset - oldest))
        let refused = #expect(throws: JournalError.self) { try JournalReader(path: folder.path, from: 0) }
        #expect(refused?.code == .outOfRange)
    }

    @Test func `retention by age deletes segments whose newest record is older`() throws {
        let folder = TemporaryFolder()
        var options = smallOptions()
        options.retainNs = 3_600_000_000_000
        let journal = try filled(folder, options, lines: 2000)
        defer { journal.close() }
        journal.retain(from: journal.nextOffset)
        #expect(journal.oldestOffset == 0)
        let files = try segmentFiles(folder.path)
        let old = Date(timeIntervalSinceNow: -7200)
        for file in files.prefix(2) {
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: file)
        }
        journal.retain(from: journal.nextOffset)
        #expect(try segmentFiles(folder.path) == Array(files.dropFirst(2)))
    }

    @Test func `an inspection lists ranges, sizes, compression, feeds and times`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path, options: smallOptions())
        try journal.nameFeeds()
        for index in 0..<1000 {
            try journal.append(
                Sample(
                    kind: .data, feed: 1, timeNs: 1_000_000 + Int64(index), payload: Array("aaaaaaaaaaaaaaaaaa".utf8)))
            // Records that come too fast are not compressed.
            if index % 20 == 19 { try journal.waitUntilDurable(journal.nextOffset - 1) }
        }
        journal.close()
        let report = try JournalInspector.verify(path: folder.path)
        #expect(report.isWhole)
        #expect(report.records == 1003)
        #expect(report.feeds == ["a", "b", "c"])
        #expect(report.rawBytes == 3 * 21 + 1000 * 38)
        #expect(try #require(report.compressionRatio) > 1.5)
        #expect(report.earliest?.nanoseconds == 1_000_000)
        #expect(report.unfinishedBytes == 0)
        #expect(try JournalInspector.info(path: folder.path).records == 1003)
        var lines: [String] = []
        try JournalInspector.dump(path: folder.path, from: 5, limit: 2) { record, feed in
            lines.append("\(record.offset) \(record.kind) \(feed) \(record.ingestTimeNs)")
        }
        #expect(lines == ["5 data b 1000002", "6 data b 1000003"])
    }
}

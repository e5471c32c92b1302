import Foundation
import Platform
import TestKit
import Testing

@testable import Journaling

@Suite struct FormatTests {
    /// Rows of the byte table under a heading of the format page: position by the first words of the field.
    private func table(_ heading: String) throws -> [(position: Int, bytes: Int?, field: String)] {
        let page = try String(
            contentsOf: Recordings.packageFolder.appending(path: "docs/journal-format.md"), encoding: .utf8)
        let section = try #require(page.components(separatedBy: "### \(heading)\n").dropFirst().first)
        var rows: [(Int, Int?, String)] = []
        for line in section.components(separatedBy: "\n#").first?.split(separator: "\n") ?? [] {
            let cells = line.split(separator: "|", omittingEmptySubsequences: false)
                .map { $0.trimmingCharacters(in: .whitespaces) }
            if cells.count == 5, let position = Int(cells[1]) { rows.append((position, Int(cells[2]), cells[3])) }
        }
        return rows
    }

    private func compare(_ heading: String, _ constants: [String: Int]) throws {
        let rows = try table(heading)
        for (field, position) in constants {
            let row = try #require(rows.first { $0.field.hasPrefix(field) }, "\(heading) has no field \(field)")
            #expect(row.position == position, "\(heading): \(field)")
        }
        #expect(rows.filter { !$0.field.hasPrefix("zero") }.count == constants.count)
        for (row, next) in zip(rows, rows.dropFirst()) { #expect(row.bytes == next.position - row.position) }
    }

    @Test func `the format page and the code agree on every position`() throws {
        try compare(
            "Segment header",
            [
                "magic": SegmentLayout.magicAt, "version": SegmentLayout.versionAt,
                "header bytes": SegmentLayout.headerBytesAt, "first offset": SegmentLayout.firstOffsetAt,
                "created": SegmentLayout.createdAt, "salt": SegmentLayout.saltAt,
                "feed count": SegmentLayout.feedCountAt, "feed table": SegmentLayout.feedTableAt,
            ])
        try compare(
            "Block",
            [
                "magic": BlockLayout.magicAt, "codec": BlockLayout.codecAt, "flags": BlockLayout.flagsAt,
                "stored bytes": BlockLayout.storedBytesAt, "raw bytes": BlockLayout.rawBytesAt,
                "record count": BlockLayout.recordCountAt, "body checksum": BlockLayout.bodyChecksumAt,
                "first offset": BlockLayout.firstOffsetAt, "durable offset": BlockLayout.durableOffsetAt,
                "minimum time": BlockLayout.minimumTimeAt, "maximum time": BlockLayout.maximumTimeAt,
                "header checksum": BlockLayout.headerChecksumAt,
            ])
        #expect(BlockLayout.headerChecksumAt + 4 == BlockLayout.headerBytes)
        try compare(
            "Record",
            [
                "checksum": RecordLayout.checksumAt, "length": RecordLayout.payloadBytesAt,
                "receive time": RecordLayout.timeAt, "feed number": RecordLayout.feedAt, "kind": RecordLayout.kindAt,
                "payload": RecordLayout.headerBytes,
            ])
    }

    @Test func `the format page and the code agree on every position of blocks in topics`() throws {
        try compare(
            "Topic block",
            [
                "magic": TopicBlockLayout.magicAt, "version": TopicBlockLayout.versionAt,
                "codec": TopicBlockLayout.codecAt, "feed count": TopicBlockLayout.feedCountAt,
                "raw bytes": TopicBlockLayout.rawBytesAt, "record count": TopicBlockLayout.recordCountAt,
                "producer": TopicBlockLayout.producerAt, "first offset": TopicBlockLayout.firstOffsetAt,
                "end offset": TopicBlockLayout.endOffsetAt, "partition": TopicBlockLayout.partitionAt,
                "partition count": TopicBlockLayout.partitionCountAt, "body checksum": TopicBlockLayout.bodyChecksumAt,
                "start offset": TopicBlockLayout.startOffsetAt,
                "header checksum": TopicBlockLayout.headerChecksumAt,
            ])
        #expect(TopicBlockLayout.headerChecksumAt + 4 == TopicBlockLayout.headerBytes)
        try compare(
            "Topic record",
            [
                "length": TopicRecordLayout.payloadBytesAt, "offset": TopicRecordLayout.offsetAt,
                "receive time": TopicRecordLayout.timeAt, "feed": TopicRecordLayout.feedAt,
                "kind": TopicRecordLayout.kindAt, "payload": TopicRecordLayout.headerBytes,
            ])
    }

    @Test func `a journal of one record is these bytes`() throws {
        let folder = TemporaryFolder()
        let journal = try Journal(path: folder.path)
        try journal.append(Sample(kind: .heartbeat, feed: 0x0102, timeNs: 0x0807_0605_0403_0201, payload: [0xaa]))
        journal.close()
        let path = try segmentFiles(folder.path)[0]
        #expect(path.hasSuffix("/00000000000000000000.journal"))
        let all = try bytes(of: path)
        #expect(all.count == 48 + 64 + 24 + 64)
        #expect(Array(all[..<16]) == Array("TPDKJL01".utf8) + [1, 0, 0, 0, 48, 0, 0, 0])
        #expect(Array(all[36..<44]) == [UInt8](repeating: 0, count: 8), "no feeds, padding")
        #expect(Array(all[48..<68]) == Array("TBLK".utf8) + [0, 0, 0, 0, 21, 0, 0, 0, 21, 0, 0, 0, 1, 0, 0, 0])
        let record = Array(all[112..<136])
        let covered: [UInt8] = [1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 2, 1, 3, 0, 0xaa]
        #expect(Array(record[4...]) == covered + [0, 0, 0], "record, then padding to a multiple of 8")
        let checksum = covered.withUnsafeBytes { CRC32C.checksum($0) }
        #expect(Array(record[..<4]) == (0..<4).map { UInt8(truncatingIfNeeded: checksum >> ($0 * 8)) })
        #expect(Array(all[136..<142]) == Array("TBLK".utf8) + [0, 2], "the closing block")
    }

    @Test func `block headers of another segment are not taken for this one's`() throws {
        var header = BlockHeader()
        header.recordCount = 3
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 8)
        defer { memory.deallocate() }
        header.encode(into: memory, salt: 7)
        #expect(try BlockHeader(UnsafeRawBufferPointer(memory), salt: 7) == header)
        #expect(throws: BlockFlaw.headerChecksum) { try BlockHeader(UnsafeRawBufferPointer(memory), salt: 8) }
    }

    @Test func `a segment header keeps 300 feeds with the longest names`() throws {
        let folder = TemporaryFolder()
        let feeds = (0..<300).map { "\($0)" + String(repeating: "é", count: 120) }
        let header = SegmentHeader(firstOffset: 5, createdNs: 6, salt: 7, feeds: feeds)
        let path = folder.path + "/x"
        try write(header.encoded(), to: path)
        #expect(header.encoded().count == header.totalBytes)
        #expect(try SegmentHeader(of: File(path, .read)) == header)
    }
}

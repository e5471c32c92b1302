import Platform
import TestKit
import Testing

@testable import Journaling

/// Inputs that `make fuzz` found, made small: blocks whose checksums are right and whose content is not.
@Suite struct FuzzFindingsTests {
    /// A segment with one sound block of a record and behind it one that `change` made from another.
    private func folder(_ change: (inout BlockHeader, inout [UInt8]) -> Void) throws -> TemporaryFolder {
        let folder = TemporaryFolder()
        var file = SegmentHeader(firstOffset: 0, createdNs: 1, salt: 7, feeds: ["a"]).encoded()
        for offset in 0..<2 as Range<Int64> {
            let payload: [UInt8] = [1, 2, 3, 4]
            let memory = BlockMemory(capacity: 100)
            payload.withUnsafeBytes { payload in
                let record = RecordHeader(kind: .data, feed: FeedID(rawValue: 0), timeNs: 5, payload: payload)
                memory.append(record, payload)
            }
            var body = Array(memory.body)
            var header = BlockHeader()
            (header.rawBytes, header.recordCount) = (body.count, 1)
            (header.firstOffset, header.durableOffset) = (offset, offset)
            if offset == 1 { change(&header, &body) }
            header.storedBytes = body.count
            header.bodyChecksum = body.withUnsafeBytes { CRC32C.checksum($0) }
            var block = [UInt8](repeating: 0, count: header.totalBytes)
            block.withUnsafeMutableBytes { header.encode(into: $0, salt: 7) }
            block.replaceSubrange(64..<64 + body.count, with: body)
            file += block
        }
        try write(file, to: folder.path + "/" + SegmentName.text(0))
        return folder
    }

    /// A whole block with wrong content was not cut short by a crash.
    private func expectDamage(_ folder: TemporaryFolder) throws {
        let reader = try JournalReader(path: folder.path, from: 0)
        #expect(try reader.next()?.count == 1)
        let error = #expect(throws: JournalError.self) { _ = try reader.next() }
        #expect(error?.code == .corrupt && error?.damage?.position == 48 + 88)
        #expect(try JournalInspector.verify(path: folder.path).damage.count == 1)
    }

    @Test func `a record longer than its block is damage, not the rest of an unfinished write`() throws {
        try expectDamage(folder { _, body in body[4] = 200 })
    }

    /// Damage in a header is seen before anything is written, and nothing is cut.
    private func expectRefusal(_ change: (inout BlockHeader, inout [UInt8]) -> Void) throws {
        let folder = try folder(change)
        try expectDamage(folder)
        #expect(throws: JournalError.self) { try Journal(path: folder.path) }
    }

    @Test func `a whole block whose offsets do not follow is damage, not the end of the journal`() throws {
        try expectRefusal { header, _ in header.firstOffset = 10_504 }
        try expectRefusal { header, _ in header.firstOffset = 0 }
    }

    @Test func `a segment header that is longer than its feed table is damage`() throws {
        let folder = TemporaryFolder()
        var file = SegmentHeader(firstOffset: 0, createdNs: 1, salt: 7, feeds: ["a"]).encoded()
        // Eight more zeros before a checksum that is right.
        file = Array(file.dropLast(SegmentLayout.checksumBytes)) + [UInt8](repeating: 0, count: 8)
        file[SegmentLayout.headerBytesAt] += 8
        let checksum = file.withUnsafeBytes { CRC32C.checksum($0) }
        file += withUnsafeBytes(of: checksum) { Array($0) }
        let path = folder.path + "/" + SegmentName.text(0)
        try write(file, to: path)
        let error = #expect(throws: JournalError.self) { try SegmentHeader(of: File(path, .read)) }
        #expect(error?.code == .corrupt && error?.message.contains("length of the segment header") == true)
    }

    @Test func `a block at the end of all offsets is damage and ends no program`() throws {
        try expectRefusal { header, _ in header.firstOffset = .max }
        try expectRefusal { header, _ in header.firstOffset = .min }
    }

    @Test func `a whole block with a flag of a later version is not cut off`() throws {
        try expectRefusal { header, _ in header.flags = 4 }
    }

    @Test func `a block without records is a closing one, and that has no body`() throws {
        try expectRefusal { header, _ in header.recordCount = 0 }
        try expectRefusal { header, _ in header.flags = BlockHeader.Flag.closing }
        try expectRefusal { header, _ in (header.recordCount, header.flags) = (0, BlockHeader.Flag.closing) }
    }

    @Test func `a body with nothing of what its header promises is damage`() throws {
        try expectDamage(folder { header, _ in header.codec = .lz4 })
    }

    @Test func `no memory is taken for records that a block has no room for`() throws {
        try expectDamage(folder { header, _ in header.recordCount = Int(UInt32.max) })
    }

    @Test func `no memory is taken for content that so few bytes cannot become`() throws {
        try expectDamage(
            folder { header, _ in
                header.codec = .lz4
                header.rawBytes = Int(UInt32.max)
            })
    }
}

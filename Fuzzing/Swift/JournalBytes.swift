@testable import Journaling
import Platform

/// Segment files as bytes, always the same ones.
enum JournalBytes {
    static let salt: UInt32 = 0x5eed_5a17
    static let feeds = ["a", "b", "c"]

    /// A segment whose header names the feeds, with blocks of records behind it.
    static func segment(firstOffset: Offset, blocks: Int, recordsPerBlock: Int, isClosed: Bool) -> [UInt8] {
        var bytes = SegmentHeader(firstOffset: firstOffset, createdNs: 1, salt: salt, feeds: feeds).encoded()
        var offset = firstOffset
        for number in 0..<blocks {
            bytes += block(
                firstOffset: offset, durable: offset, records: recordsPerBlock,
                codec: number % 3 == 1 ? .lz4 : .raw)
            offset += Offset(recordsPerBlock)
        }
        if isClosed { bytes += block(firstOffset: offset, durable: offset, records: 0, codec: .raw) }
        return bytes
    }

    /// A block of records of growing size.
    static func block(firstOffset: Offset, durable: Offset, records: Int, codec: BlockCodec) -> [UInt8] {
        let memory = BlockMemory(capacity: 1 << 16)
        for index in 0..<records {
            let payload = [UInt8](repeating: UInt8(ascii: "a") + UInt8(index % 26), count: index * 7 % 50)
            payload.withUnsafeBytes { payload in
                let kind = RecordKind(rawValue: UInt8(index % 4)) ?? .data
                let header = RecordHeader(
                    kind: kind, feed: FeedID(rawValue: UInt16(index % 3)), timeNs: Int64(index), payload: payload)
                memory.append(header, payload)
            }
        }
        var body = Array(memory.body)
        var header = BlockHeader()
        header.rawBytes = body.count
        if codec == .lz4 {
            var packed = [UInt8](repeating: 0, count: LZ4.bound(body.count))
            let count = packed.withUnsafeMutableBytes { target in
                body.withUnsafeBytes { LZ4.Compressor().compress($0, into: target) }
            }
            body = Array(packed.prefix(count ?? 0))
            header.codec = .lz4
        }
        header.storedBytes = body.count
        header.recordCount = records
        header.firstOffset = firstOffset
        header.durableOffset = durable
        header.bodyChecksum = body.withUnsafeBytes { CRC32C.checksum($0) }
        if records == 0 { header.flags = BlockHeader.Flag.closing }
        var bytes = [UInt8](repeating: 0, count: header.totalBytes)
        bytes.withUnsafeMutableBytes { header.encode(into: $0, salt: salt) }
        bytes.replaceSubrange(BlockLayout.headerBytes..<BlockLayout.headerBytes + body.count, with: body)
        return bytes
    }

    /// Makes every checksum in a segment file, or in the `tail` of one, right.
    static func sign(_ bytes: inout [UInt8], isTail: Bool) {
        var salt = salt
        var position = 0
        if !isTail {
            guard bytes.count >= SegmentLayout.feedTableAt else { return }
            let header = Int(bytes.integer(SegmentLayout.headerBytesAt))
            guard header >= SegmentLayout.feedTableAt + 4, header <= bytes.count else { return }
            bytes.put(checksum(bytes[..<(header - 4)]), at: header - 4)
            salt = bytes.integer(SegmentLayout.saltAt)
            position = (header + 7) / 8 * 8
        }
        while position + BlockLayout.headerBytes <= bytes.count {
            let body = position + BlockLayout.headerBytes
            let stored = Int(bytes.integer(position + BlockLayout.storedBytesAt))
            guard bytes.integer(position) == BlockLayout.magic, stored <= bytes.count - body else {
                position += 8
                continue
            }
            if bytes[position + BlockLayout.codecAt] == BlockCodec.raw.rawValue {
                signRecords(&bytes, body..<body + stored)
            }
            bytes.put(checksum(bytes[body..<body + stored]), at: position + BlockLayout.bodyChecksumAt)
            let header = bytes[position..<position + BlockLayout.headerChecksumAt]
            bytes.put(checksum(header, seed: salt), at: position + BlockLayout.headerChecksumAt)
            position = body + (stored + 7) / 8 * 8
        }
    }

    private static func signRecords(_ bytes: inout [UInt8], _ body: Range<Int>) {
        var position = body.lowerBound
        while position + RecordLayout.headerBytes <= body.upperBound {
            let end = position + RecordLayout.headerBytes + Int(bytes.integer(position + RecordLayout.payloadBytesAt))
            guard end <= body.upperBound else { return }
            bytes.put(checksum(bytes[(position + RecordLayout.payloadBytesAt)..<end]), at: position)
            position = end
        }
    }

    /// CRC-32C bit by bit, to compare with.
    static func plainChecksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
        var value: UInt32 = 0xffff_ffff
        for byte in bytes {
            value ^= UInt32(byte)
            for _ in 0..<8 { value = value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1 }
        }
        return ~value
    }

    private static func checksum(_ bytes: ArraySlice<UInt8>, seed: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { CRC32C.checksum($0, seed: seed) }
    }
}

extension [UInt8] {
    fileprivate func integer(_ position: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(self[position + $1]) << UInt32(8 * $1) }
    }

    fileprivate mutating func put(_ value: UInt32, at position: Int) {
        for index in 0..<4 { self[position + index] = UInt8(truncatingIfNeeded: value >> UInt32(8 * index)) }
    }
}

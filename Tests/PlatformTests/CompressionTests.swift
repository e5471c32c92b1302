import Platform
import TestKit
import Testing

@Suite struct CompressionTests {
    private func compressed(_ bytes: [UInt8]) -> [UInt8] {
        var target = [UInt8](repeating: 0, count: LZ4.bound(bytes.count))
        let count = bytes.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { LZ4.Compressor().compress(source, into: $0) }
        }
        return Array(target[..<(count ?? 0)])
    }

    private func decompressed(_ bytes: [UInt8], room: Int) -> [UInt8]? {
        var target = [UInt8](repeating: 0, count: room)
        let count = bytes.withUnsafeBytes { source in
            target.withUnsafeMutableBytes { LZ4.decompress(source, into: $0) }
        }
        return count.map { Array(target[..<$0]) }
    }

    @Test(arguments: 0..<50 as Range<UInt64>)
    func `LZ4 gives back what it was given`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let alphabet = Int.random(in: 1...256, using: &random)
        let bytes = (0..<Int.random(in: 1...20_000, using: &random)).map { _ in
            UInt8(Int.random(in: 0..<alphabet, using: &random))
        }
        let small = compressed(bytes)
        #expect(decompressed(small, room: bytes.count) == bytes)
        #expect(decompressed(small, room: bytes.count - 1) == nil, "never writes outside its room")
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `malformed LZ4 never writes outside its room`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var bytes = compressed((0..<3000).map { UInt8($0 / 7 % 50) })
        for _ in 0..<4 {
            bytes[Int.random(in: bytes.indices, using: &random)] = UInt8.random(in: 0...255, using: &random)
        }
        #expect((decompressed(bytes, room: 3000) ?? []).count <= 3000)
    }

    @Test func `CRC-32C equals the values of RFC 3720`() {
        func checksum(_ bytes: [UInt8]) -> UInt32 { bytes.withUnsafeBytes { CRC32C.checksum($0) } }
        #expect(checksum([UInt8](repeating: 0, count: 32)) == 0x8a91_36aa)
        #expect(checksum([UInt8](repeating: 0xff, count: 32)) == 0x62a8_ab43)
        #expect(checksum((0..<32).map { UInt8($0) }) == 0x46dd_794e)
        #expect(checksum((0..<32).map { UInt8(31 - $0) }) == 0x113f_db5c)
        #expect(checksum(Array("123456789".utf8)) == 0xe306_9283)
        #expect(checksum([]) == 0)
    }

    @Test(arguments: [0, 1, 7, 8, 383, 384, 385, 1000, 4000])
    func `CRC-32C of two words and bytes is that of all their bytes`(count: Int) {
        var random = SeededGenerator(seed: UInt64(count))
        let bytes = (0..<16 + count).map { _ in UInt8.random(in: 0...255, using: &random) }
        bytes.withUnsafeBytes { all in
            let words = (0..<2).map { UInt64(littleEndian: all.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self)) }
            let rest = UnsafeRawBufferPointer(rebasing: all[16...])
            #expect(CRC32C.checksum(words[0].littleEndian, words[1].littleEndian, rest) == CRC32C.checksum(all))
        }
    }

    @Test(arguments: [0, 1, 7, 8, 100, 383, 384, 385, 767, 768, 1153, 3071, 3072, 3073, 10_000])
    func `CRC-32C of parts continues to that of the whole`(split: Int) {
        var random = SeededGenerator(seed: 1)
        let bytes = (0..<10_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        bytes.withUnsafeBytes { all in
            let first = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[..<split]))
            #expect(
                CRC32C.checksum(UnsafeRawBufferPointer(rebasing: all[split...]), seed: first) == CRC32C.checksum(all))
            // Bit by bit, as the RFC defines it.
            var plain: UInt32 = .max
            for byte in all[..<split] {
                plain ^= UInt32(byte)
                for _ in 0..<8 { plain = plain & 1 == 1 ? plain >> 1 ^ 0x82f6_3b78 : plain >> 1 }
            }
            #expect(first == ~plain)
        }
    }
}

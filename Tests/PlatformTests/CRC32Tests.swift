import Platform
import TestKit
import Testing

@Suite struct CRC32Tests {
    /// Bit by bit, as ISO 3309 has it.
    private static func expected(_ bytes: ArraySlice<UInt8>) -> UInt32 {
        ~bytes.reduce(UInt32.max) { state, byte in
            (0..<8).reduce(state ^ UInt32(byte)) { state, _ in state & 1 == 1 ? state >> 1 ^ 0xedb8_8320 : state >> 1 }
        }
    }

    private static func sum(_ bytes: ArraySlice<UInt8>, after sum: UInt32 = 0) -> UInt32 {
        bytes.withUnsafeBytes { CRC32.of($0, after: sum) }
    }

    @Test func `the check value of the catalogues`() { #expect(Self.sum(Array("123456789".utf8)[...]) == 0xcbf4_3926) }

    @Test(arguments: UInt64(0)..<20)
    func `any bytes, in one piece or in two`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<3000).map { _ in UInt8.random(in: 0...255, using: &random) }
        for _ in 0..<60 {
            let first = Int.random(in: 0..<40, using: &random)
            let all = bytes[
                first..<first + Int.random(in: 0...(Bool.random(using: &random) ? 200 : 2900), using: &random)]
            let expected = Self.expected(all)
            #expect(Self.sum(all) == expected, "\(all.count) bytes")
            let middle = Int.random(in: all.startIndex...all.endIndex, using: &random)
            #expect(Self.sum(all[middle...], after: Self.sum(all[..<middle])) == expected, "\(middle) of \(all.count)")
        }
    }
}

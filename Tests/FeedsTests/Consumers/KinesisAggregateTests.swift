import Networking
import TestKit
import Testing

@testable import Feeds

@Suite struct KinesisAggregateTests {
    /// Three rows under two keys, packed by aws-kinesis-agg 1.2.3.
    private let packed: [UInt8] =
        [0xf3, 0x89, 0x9a, 0xc2] + Array("\n\u{2}k0\n\u{2}k1".utf8)
        + [0x1a, 0x0b, 0x08, 0x00, 0x1a, 0x07] + Array("{\"x\":0}".utf8)
        + [0x1a, 0x0b, 0x08, 0x01, 0x1a, 0x07] + Array("{\"x\":1}".utf8)
        + [0x1a, 0x0b, 0x08, 0x00, 0x1a, 0x07] + Array("{\"x\":2}".utf8)
        + [0x4e, 0x39, 0xe9, 0xe4, 0xab, 0x88, 0xa2, 0xc1, 0x22, 0xfd, 0x1b, 0x6b, 0xaa, 0x05, 0x8c, 0xc9]

    @Test func `packed records come out as their producer wrote them`() throws {
        let parts = try #require(KinesisAggregate(packed)).parts
        #expect(parts.map(\.partitionKey) == ["k0", "k1", "k0"])
        #expect(parts.map { String(decoding: $0.data, as: UTF8.self) } == [#"{"x":0}"#, #"{"x":1}"#, #"{"x":2}"#])
    }

    @Test func `other records, and damaged ones, are one record`() {
        #expect(KinesisAggregate([]) == nil && KinesisAggregate(Array("{}".utf8)) == nil)
        #expect(KinesisAggregate(Array(packed[..<4])) == nil)
        for place in packed.indices {
            var damaged = packed
            damaged[place] ^= 1
            #expect(KinesisAggregate(damaged) == nil, "byte \(place)")
            #expect(KinesisAggregate(Array(packed[..<place])) == nil)
        }
    }

    @Test(arguments: 0..<200 as Range<UInt64>)
    func `whatever stands between mark and digest, nothing breaks`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        var message = Array(packed[4..<packed.count - 16])
        for _ in 0...Int.random(in: 0...3, using: &random) {
            message[Int.random(in: message.indices, using: &random)] = UInt8.random(in: .min ... .max, using: &random)
        }
        message.removeLast(Int.random(in: 0...3, using: &random))
        let record = KinesisAggregate(Array(packed[..<4]) + message + MD5Digest.of(message))
        #expect(record?.parts.allSatisfy { $0.data.count <= message.count } ?? true)
    }
}

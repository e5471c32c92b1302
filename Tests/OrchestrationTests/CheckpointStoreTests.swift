import Foundation
import Orchestration
import TestKit
import Testing

@Suite struct CheckpointStoreTests {
    private let folder = TemporaryFolder()

    private func store() throws -> CheckpointStore { try CheckpointStore(folder: folder.path + "/checkpoints") }
    private func state(_ seed: UInt64) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<1000).map { _ in UInt8.random(in: 0...255, using: &random) }
    }
    private func files() throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder.path + "/checkpoints").sorted()
            .map { folder.path + "/checkpoints/" + $0 }
    }
    private func offset(notBeyond limit: Int64 = .max) throws -> Int64? { try store().newest(notBeyond: limit)?.offset }

    @Test func `the newest is read back, and two are kept`() throws {
        let store = try store()
        #expect(try store.newest(notBeyond: .max) == nil)
        for offset in [0, 7, 1_000_000_000_000, 80] as [Int64] { try store.save(state(UInt64(offset)), offset: offset) }
        let newest = try #require(try store.newest(notBeyond: .max))
        #expect(newest.offset == 1_000_000_000_000 && newest.state == state(1_000_000_000_000))
        #expect(try files().count == 2)
    }

    @Test func `one that lies beyond the journal is removed, also for the time when the journal is longer`() throws {
        try store().save(state(1), offset: 50)
        try store().save(state(2), offset: 90)
        #expect(try offset(notBeyond: 90) == 90)
        #expect(try offset(notBeyond: 89) == 50)
        #expect(try offset(notBeyond: 90) == 50)
        #expect(try offset(notBeyond: 49) == nil)
        #expect(try files() == [])
    }

    @Test func `one that is cut anywhere is passed over`() throws {
        try store().save(state(1), offset: 50)
        try store().save(state(2), offset: 90)
        let path = try #require(try files().last)
        let whole = try Data(contentsOf: URL(filePath: path))
        for count in Array(0..<40) + [whole.count - 1] {
            try whole.prefix(count).write(to: URL(filePath: path))
            #expect(try offset() == 50, "cut to \(count) bytes")
            #expect(try files().count == 1)
        }
        try (whole + [0]).write(to: URL(filePath: path))
        #expect(try offset() == 50)
    }

    @Test func `one with a flipped bit is passed over`() throws {
        try store().save(state(1), offset: 50)
        try store().save(state(2), offset: 90)
        let path = try #require(try files().last)
        let whole = try Data(contentsOf: URL(filePath: path))
        var random = SeededGenerator(seed: 1)
        // Every byte of the header, and some of the state.
        for place in Array(0..<28) + (0..<20).map({ _ in Int.random(in: 28..<whole.count, using: &random) }) {
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try bytes.write(to: URL(filePath: path))
            #expect(try offset() == 50, "byte \(place)")
        }
        #expect(try store().oldestOffset() == 50)
    }

    @Test func `a file that was never finished is not a checkpoint`() throws {
        try store().save(state(1), offset: 50)
        let path = try #require(try files().first)
        try FileManager.default.copyItem(
            atPath: path, toPath: folder.path + "/checkpoints/00000000000000000099.checkpoint.unfinished")
        #expect(try offset() == 50)
        try store().save(state(2), offset: 99)
        #expect(try offset() == 99)
    }
}

import Foundation
import Journaling
import Platform
import TestKit
import Testing

/// Records that come faster than they are written: large batches, raw blocks.
@Suite struct BacklogTests {
    /// A batch of several MiB is written in pieces; the page that one write shares with the next must survive a retry.
    @Test(arguments: 0..<8 as Range<Int>)
    func `a batch whose writing fails half-way is written whole by the next try`(piecesBefore: Int) throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        var random = SeededGenerator(seed: UInt64(piecesBefore))
        var options = Journal.Options()
        options.compression = .none
        let journal = try Journal(path: folder.path, options: options, metrics: Metrics(), storage: storage)
        try journal.nameFeeds()
        try journal.waitUntilDurable(2)
        storage.holdSyncs(true)
        try journal.append(text: "first")
        let waiter = NamedThread("test-wait") { try? journal.waitUntilDurable(3) }
        while storage.calls("sync") < 2 { usleep(1000) }
        let payload = (0..<100_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        let samples = (0..<40).map { index in
            Sample(kind: .data, feed: 0, timeNs: Int64(index), payload: payload + [UInt8](repeating: 7, count: index))
        }
        for sample in samples { try journal.append(sample) }
        storage.fail("write", code: ENOSPC, times: 2, after: piecesBefore)
        storage.holdSyncs(false)
        try journal.waitUntilDurable(Offset(3 + samples.count))
        waiter.join()
        journal.close()
        #expect(try Array(readData(folder.path).dropFirst()) == samples)
        #expect(try JournalInspector.verify(path: folder.path).isWhole)
    }

    @Test func `blocks are compressed again a second after records came too fast`() {
        var policy = CompressionPolicy()
        func compresses(_ waiting: Int, _ nowNs: Int64) -> Bool {
            policy.compresses(waitingBytes: waiting, limitBytes: 1000, nowNs: nowNs)
        }
        #expect(compresses(249, 5))
        #expect(!compresses(250, 10))
        #expect(!compresses(1, 10 + CompressionPolicy.rawNs - 1))
        #expect(compresses(1, 10 + CompressionPolicy.rawNs))
        #expect(!compresses(1000, 20 + CompressionPolicy.rawNs))
        #expect(!compresses(0, 30 + CompressionPolicy.rawNs))
    }
}

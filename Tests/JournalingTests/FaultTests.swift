import Foundation
import Journaling
import Platform
import TestKit
import Testing

@Suite struct FaultTests {
    @Test(arguments: 0..<10 as Range<UInt64>)
    func `a full disk stops acknowledgement and writing resumes by itself`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        var random = SeededGenerator(seed: seed)
        let samples = random.samples(300, largest: 2000)
        let metrics = Metrics()
        let journal = try Journal(path: folder.path, options: smallOptions(), metrics: metrics, storage: storage)
        try journal.nameFeeds()
        for sample in samples[..<100] { try journal.append(sample) }
        try journal.waitUntilDurable(102)
        storage.fail(["write", "create"][Int(seed % 2)], code: ENOSPC, times: .max)
        let appender = NamedThread("test-append") { for sample in samples[100...] { _ = try? journal.append(sample) } }
        #expect(Patience.wait { if case .stalled = journal.state { true } else { false } })
        guard case .stalled(let reason) = journal.state else { return }
        #expect(reason.contains("No space left"))
        #expect(metrics.text().contains("tapedeck_journal_stalled 1"))
        let durable = journal.durableOffset
        usleep(50_000)
        #expect(journal.durableOffset == durable)
        if seed % 2 == 0 { #expect(journal.nextOffset < 303, "appenders wait") }
        storage.fail("write", code: 0, times: 0)
        storage.fail("create", code: 0, times: 0)
        appender.join()
        try journal.waitUntilDurable(302)
        #expect(journal.state == .running)
        #expect(metrics.text().contains("tapedeck_journal_stalled 0"))
        journal.close()
        #expect(try readData(folder.path) == samples)
    }

    @Test(arguments: 0..<10 as Range<UInt64>)
    func `after a failed sync the same records go to a new segment`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        var random = SeededGenerator(seed: seed)
        let samples = random.samples(200, largest: 1000)
        let journal = try Journal(
            path: folder.path, options: smallOptions(segmentBytes: 1 << 20), metrics: Metrics(), storage: storage)
        try journal.nameFeeds()
        for (index, sample) in samples.enumerated() {
            if index == 60 || index == 61 || index == 140 {
                try journal.waitUntilDurable(journal.nextOffset - 1)
                storage.fail("sync", code: EIO, times: Int.random(in: 1...2, using: &random))
                if Bool.random(using: &random) { storage.fail("truncate", code: EIO, times: 1) }
            }
            try journal.append(sample)
        }
        try journal.waitUntilDurable(202)
        #expect(journal.segmentCount > 1)
        journal.close()
        #expect(try readData(folder.path) == samples)
        #expect(try JournalInspector.verify(path: folder.path).isWhole)
        let again = try Journal(path: folder.path)
        #expect(again.nextOffset == 203)
        again.close()
    }

    @Test func `a sync that fails on the first write leaves no half segment behind`() throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        storage.fail("sync", code: EIO, times: 1)
        let journal = try Journal(path: folder.path, options: smallOptions(), metrics: Metrics(), storage: storage)
        try journal.nameFeeds()
        try journal.waitUntilDurable(2)
        storage.fail("sync", code: EIO, times: 1)
        try journal.append(text: "x")
        journal.close()
        #expect(try readAll(folder.path).count == 4)
    }

    @Test func `closing a journal that cannot write says how many records are lost, and waiters are told`() async throws
    {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        let journal = try Journal(path: folder.path, options: smallOptions(), metrics: Metrics(), storage: storage)
        try journal.nameFeeds()
        try journal.waitUntilDurable(2)
        storage.fail("write", code: EIO, times: .max)
        for index in 0..<50 { try journal.append(text: "\(index)") }
        async let waiter: JournalError? = Task.detached {
            do throws(JournalError) {
                try journal.waitUntilDurable(52)
                return nil
            } catch { return error }
        }.value
        #expect(Patience.wait { journal.state != .running })
        #expect(journal.close() == 50)
        #expect(await waiter?.code == .stopped)
        #expect(throws: JournalError.self) { try journal.append(text: "late") }
        #expect(try readAll(folder.path).count == 3)
    }

    @Test func `a file system without O_DIRECT is written through the page cache`() throws {
        let small = "/dev/shm/tapedeck-test-\(getpid())"
        try Folder.create(small)
        defer { try? FileManager.default.removeItem(atPath: small) }
        // Kernels before 6.6 refuse O_DIRECT on tmpfs.
        let journal = try Journal(path: small, options: smallOptions())
        try journal.nameFeeds()
        for index in 0..<500 { try journal.append(text: "line \(index)") }
        journal.close()
        #expect(try readAll(small).count == 503)
    }

    @Test func `what may be left out is taken only while half of the room is free, and never waits`() throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        let journal = try Journal(
            path: folder.path, options: smallOptions(), metrics: Metrics(), storage: storage)
        let feed = try journal.feed(named: "a")
        func append(bytes: Int, whereIdle: Bool) throws -> Offset? {
            try [UInt8](repeating: 7, count: bytes).withUnsafeBytes { payload in
                whereIdle
                    ? try journal.appendWhereIdle(.data, feed: feed, ingestTime: .now(), payload: payload)
                    : try journal.append(.data, feed: feed, ingestTime: .now(), payload: payload)
            }
        }
        #expect(try append(bytes: 100, whereIdle: true) == 1)
        try journal.waitUntilDurable(1)
        storage.fail("write", code: ENOSPC, times: .max)
        for _ in 0..<7 { _ = try append(bytes: 1000, whereIdle: false) }
        #expect(try append(bytes: 500, whereIdle: true) == 9)
        #expect(try append(bytes: 1000, whereIdle: true) == nil)
        #expect(try append(bytes: 1000, whereIdle: false) == 10, "others have the other half")
        storage.fail("write", code: 0, times: 0)
        try journal.waitUntilDurable(10)
        #expect(try append(bytes: 1000, whereIdle: true) == 11)
        journal.close()
        #expect(throws: JournalError.self) { try append(bytes: 1, whereIdle: true) }
    }
}

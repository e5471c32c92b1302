import Foundation
import Journaling
import Platform
import Synchronization
import TestKit
import Testing

@Suite struct CrashTests {
    @Test(arguments: 0..<12 as Range<UInt64>)
    func `a copy of the files at any instant holds a prefix with all that was acknowledged`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        var random = SeededGenerator(seed: seed)
        let samples = random.samples(4000, largest: 3000)
        let journal = try Journal(path: folder.path, options: smallOptions(segmentBytes: 200 << 10))
        try journal.nameFeeds()
        let appender = NamedThread("test-append") { for sample in samples { _ = try? journal.append(sample) } }
        while journal.durableOffset < 4003 {
            usleep(UInt32.random(in: 0...4000, using: &random))
            let acknowledged = journal.durableOffset
            let copy = TemporaryFolder()
            // Newest first: a file that is created meanwhile is missing, as after a crash.
            for file in try segmentFiles(folder.path).reversed() {
                try write(bytes(of: file), to: copy.path + "/" + (file as NSString).lastPathComponent)
            }
            let recovered = try Journal(path: copy.path, options: smallOptions())
            recovered.close()
            #expect(recovered.nextOffset >= acknowledged)
            let read = try readData(copy.path)
            #expect(read == Array(samples.prefix(read.count)))
        }
        appender.join()
        journal.close()
        #expect(try readData(folder.path) == samples)
    }

    @Test(arguments: 0..<40 as Range<UInt64>)
    func `a power cut at any instant keeps all that was acknowledged and nothing that was not written`(
        seed: UInt64
    ) throws {
        let folder = TemporaryFolder()
        let storage = FaultyStorage()
        var random = SeededGenerator(seed: seed)
        let samples = random.samples(400, largest: 2500)
        let options = smallOptions(segmentBytes: 40 << 10, blockBytes: 600)
        let journal = try Journal(path: folder.path, options: options, metrics: Metrics(), storage: storage)
        try journal.nameFeeds()
        let appender = NamedThread("test-append") { for sample in samples { _ = try? journal.append(sample) } }
        while journal.durableOffset < 403 {
            usleep(UInt32.random(in: 0...2000, using: &random))
            // Hold the device in the middle of a write: the next sync does not come.
            storage.holdSyncs(Bool.random(using: &random))
            usleep(UInt32.random(in: 0...1000, using: &random))
            let acknowledged = journal.durableOffset
            let copy = TemporaryFolder()
            try storage.cutPower(into: copy.path, &random)
            storage.holdSyncs(false)
            let recovered = try Journal(path: copy.path, options: options)
            recovered.close()
            #expect(recovered.nextOffset >= acknowledged)
            let read = try readData(copy.path)
            #expect(read == Array(samples.prefix(read.count)))
        }
        appender.join()
        journal.close()
        #expect(try readData(folder.path) == samples)
    }
}

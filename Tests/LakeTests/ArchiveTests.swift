import Databases
import Delivery
import Foundation
import Lake
import Market
import Objects
import Platform
import Synchronization
import TestKit
import Testing

@Suite struct ArchiveTests {
    /// One table with large values, one with days, one with months.
    private let tables = [Tables.frames, Tables.trades, Tables.bars]
    /// The sample is of 2026-01-31 and the day after; bars are of two months.
    private let inFebruary = Timestamp(rfc3339: "2026-02-02T12:00:00Z")!
    private let inMarch = Timestamp(rfc3339: "2026-03-05T00:00:00Z")!

    /// A lake that is filled, with an archive beside it.
    private struct Fixture {
        let folder = TemporaryFolder()
        let archive: any LakePlace
        let bucket: BucketLake?
        let options: HotStore.Options

        init(inBucket: Bool, _ tables: [TableSchema]) throws {
            bucket = inBucket ? try BucketLake() : nil
            archive = bucket?.place ?? LocalPlace(folder.path + "/archive")
            var options = LakeTests.options(folder)
            options.tables = tables
            options.archive = archive
            self.options = options
        }

        var lake: LakeFolder { LakeFolder(options.lake) }

        func fill(_ sample: SampleSteps, _ range: Range<Int>) throws -> HotStore {
            let store = try HotStore(options)
            for step in range {
                sample.append(to: store, step..<step + 1)
                _ = try store.flush(upTo: store.visibleOffset)
            }
            return store
        }

        func rows(_ tables: [TableSchema], at versions: LakeVersions = .newest) throws -> [String: [String]] {
            try contents(
                LakeReader(options.lake, archive: archive, at: versions, tables: tables, threads: 1).connect(), tables)
        }

        /// Moves all partitions that are over.
        @discardableResult
        func move(
            _ name: String, _ now: Timestamp, _ options: Archiving.Options = .init()
        ) throws -> [Archiving.Outcome] {
            let archiving = try Archiving(lake.open(name), to: archive.folder(name), options, now: now)
            return try archiving.partitions().map { try #require(try archiving.run($0.value)) }
        }
    }

    @Test(arguments: [false, true]) func `what is archived is queried as before`(inBucket: Bool) throws {
        let fixture = try Fixture(inBucket: inBucket, tables)
        let sample = SampleSteps(seed: 31, steps: 6)
        let store = try fixture.fill(sample, 0..<4)
        let before = try fixture.rows(tables)
        let version = try fixture.lake.open("trades").version
        // On the second of February the day of January is over for more than a day, and the month is not.
        let moved = try fixture.move("trades", inFebruary)
        #expect(moved.map(\.partition) == ["date=2026-01-31"] && moved[0].files == 1 && moved[0].rows > 50)
        #expect(try fixture.move("bars", inFebruary, Archiving.Options()).isEmpty == false)
        #expect(try fixture.move("bars", Timestamp(rfc3339: "2026-02-01T23:00:00Z")!).isEmpty)
        #expect(try fixture.rows(tables) == before)
        let left = try fixture.lake.open("trades").files.map(\.relativePath)
        #expect(!left.isEmpty && left.allSatisfy { !$0.hasPrefix("date=2026-01-31") })
        // The archive is a table of its own.
        let archived = try LakeFolder(fixture.archive).open("trades")
        #expect(try TableVerification(archived).run(reads: true).rows == moved[0].rows)
        // The running pipeline sees no change, and goes on.
        sample.append(to: store, 4..<6)
        let expected = try contents(store.connect(), tables)
        _ = try store.flush(upTo: store.visibleOffset)
        #expect(try contents(store.connect(), tables) == expected)
        // As it was before, too.
        let then = try #require(LakeVersions("trades=\(version)"))
        #expect(try fixture.rows([Tables.trades], at: then)["trades"] == before["trades"])
        store.close()
        // All that is left, later; then all of it from the archive alone.
        let whole = try fixture.rows(tables)
        for table in tables { try fixture.move(table.name, inMarch) }
        #expect(try tables.allSatisfy { try fixture.lake.open($0.name).files.isEmpty })
        #expect(try fixture.rows(tables) == whole)
        for name in tables.map(\.name) {
            let later = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 8 * 86_400_000_000_000)
            _ = try Vacuum(fixture.lake.open(name), now: later).run()
        }
        #expect(try fixture.rows(tables) == whole)
        let again = try HotStore(fixture.options)
        sample.append(to: again, 0..<6)
        #expect(try contents(again.connect(), tables) == expected)
    }

    @Test func `rows that come late for a day that is archived follow it`() throws {
        let fixture = try Fixture(inBucket: false, tables)
        let sample = SampleSteps(seed: 32, steps: 4)
        // The second half of the first day comes after its first half was archived.
        let store = try fixture.fill(sample, 0..<1)
        #expect(try fixture.move("trades", inMarch).map(\.partition) == ["date=2026-01-31"])
        for step in 1..<4 {
            sample.append(to: store, step..<step + 1)
            _ = try store.flush(upTo: store.visibleOffset)
        }
        let before = try fixture.rows(tables)
        try fixture.move("trades", inMarch)
        #expect(try fixture.rows(tables) == before)
        #expect(try fixture.lake.open("trades").files.isEmpty)
        #expect(try LakeFolder(fixture.archive).open("trades").files.count == 3)
    }

    @Test(arguments: [false, true]) func `after a crash at any point each row is there once, and it goes on`(
        inBucket: Bool
    ) throws {
        let sample = SampleSteps(seed: 33, steps: 3)
        var point = 0
        var crashes = 0
        while crashes == point {
            point += 1
            let fixture = try Fixture(inBucket: inBucket, [Tables.trades])
            try fixture.fill(sample, 0..<3).close()
            let before = try fixture.rows([Tables.trades])
            let passed = Mutex(0)
            let target = point
            var options = Archiving.Options()
            options.reached = { step throws(LakeError) in
                let count = passed.withLock { count in
                    count += 1
                    return count
                }
                if count == target { throw LakeError(.io, "crash at \(step)", operation: "test") }
            }
            do { try fixture.move("trades", inMarch, options) } catch { crashes += 1 }
            #expect(try fixture.rows([Tables.trades]) == before, "point \(point)")
            try fixture.move("trades", inMarch)
            #expect(try fixture.rows([Tables.trades]) == before, "point \(point)")
            let archived = try LakeFolder(fixture.archive).open("trades")
            #expect(archived.summaryRows == before["trades"]?.count, "point \(point)")
        }
        // Four points for each of two days.
        #expect(crashes == 8)
    }

    @Test func `a partition that somebody changes meanwhile stays, and is there once`() throws {
        let fixture = try Fixture(inBucket: false, [Tables.trades])
        let sample = SampleSteps(seed: 34, steps: 3)
        try fixture.fill(sample, 0..<1).close()
        let before = try fixture.rows([Tables.trades])
        var options = Archiving.Options()
        let lake = fixture.options.lake
        options.reached = { step throws(LakeError) in
            guard step == .archived else { return }
            // The same rows in another file.
            let table = try LakeFolder(lake).open("trades")
            let old = table.files[0]
            let renamed = old.relativePath.replacing("part-", with: "compact-")
            let path = table.path
            do {
                try FileManager.default.copyItem(atPath: "\(path)/\(old.relativePath)", toPath: "\(path)/\(renamed)")
            } catch {
                throw LakeError(.io, "\(error)", operation: renamed)
            }
            let new = AddFile(
                relativePath: renamed, partitionValues: old.partitionValues, size: old.size,
                modificationTime: old.modificationTime, dataChange: false, stats: old.stats)
            _ = try table.commit(
                add: [new], remove: [RemoveFile(path: old.path, deletionTimestamp: 1, dataChange: false)],
                operation: "OPTIMIZE")
        }
        #expect(try fixture.move("trades", inMarch, options).allSatisfy(\.isOutdated))
        #expect(try fixture.rows([Tables.trades]) == before)
        #expect(try fixture.move("trades", inMarch).allSatisfy { !$0.isOutdated })
        #expect(try fixture.rows([Tables.trades]) == before)
        #expect(try LakeFolder(fixture.archive).open("trades").summaryRows == before["trades"]?.count)
    }

    @Test func `a copy that differs, and a check that fails, keep rows where they are`() throws {
        let fixture = try Fixture(inBucket: true, [Tables.trades])
        try fixture.fill(SampleSteps(seed: 35, steps: 2), 0..<2).close()
        let before = try fixture.rows([Tables.trades])
        let files = try fixture.lake.open("trades").files
        var options = Archiving.Options()
        options.check = { digests throws(LakeError) in
            throw LakeError(.corrupt, "\(digests.rows) rows are not those of the journal", operation: "test")
        }
        #expect(throws: LakeError.self) { try fixture.move("trades", inMarch, options) }
        #expect(try fixture.rows([Tables.trades]) == before)
        #expect(try LakeFolder(fixture.archive).tables() == [])
        options = Archiving.Options()
        let place = fixture.archive.folder("trades")
        let other = try #require(files.first).relativePath
        let source = fixture.options.lake.url + "/trades/" + other
        // Another file under the name of the second one.
        options.reached = { step throws(LakeError) in
            guard case .copied(let path) = step, path != other, !path.contains("01-31") else { return }
            _ = try place.add(source, as: path)
        }
        #expect(throws: LakeError.self) { try fixture.move("trades", inMarch, options) }
        #expect(try fixture.rows([Tables.trades]) == before)
    }

    @Test func `without its place the archive is not forgotten, and an earlier version is not brought back twice`()
        throws
    {
        let fixture = try Fixture(inBucket: true, [Tables.trades])
        try fixture.fill(SampleSteps(seed: 36, steps: 2), 0..<2).close()
        let version = try fixture.lake.open("trades").version
        try fixture.move("trades", inMarch)
        do {
            _ = try LakeReader(fixture.options.lake, tables: [Tables.trades])
            Issue.record("a lake without its archive was opened")
        } catch {
            #expect("\(error)".contains("--config"))
        }
        #expect(throws: LakeError.self) { try fixture.lake.open("trades").restore(.number(version)) }
        // Another place is not taken for it.
        let elsewhere = LocalPlace(fixture.folder.path + "/elsewhere")
        try fixture.lake.open("trades").checkpoint()
        let archiving = try Archiving(fixture.lake.open("trades"), to: elsewhere.folder("trades"), now: inMarch)
        #expect(throws: LakeError.self) { try archiving.run("date=2026-01-31") }
    }

    @Test func `while the archive is away, the store opens, and says so to those who ask for it`() throws {
        let fixture = try Fixture(inBucket: true, tables)
        let sample = SampleSteps(seed: 37, steps: 4)
        let store = try fixture.fill(sample, 0..<2)
        let before = try contents(store.connect(), tables)
        store.close()
        try fixture.move("trades", inMarch)
        let bucket = try #require(fixture.bucket).bucket
        bucket.decide { _ in .refused(LoopbackBucket.error(403, "AccessDenied")) }
        let again = try HotStore(fixture.options)
        sample.append(to: again, 0..<2)
        #expect(try contents(again.connect(), [Tables.frames])["frames"] == before["frames"])
        let asked = [
            "SELECT count(*) FROM trades", "SELECT count(*) FROM trades WHERE venue = 'X' AND date = '2026-01-31'",
            "SELECT price FROM trades LIMIT 1", "SELECT DISTINCT symbol FROM trades WHERE price > 1e9",
            "SELECT count(*) FROM trades WHERE journal_offset BETWEEN 5 AND 7",
        ]
        for sql in asked {
            #expect {
                _ = try again.connect().query(sql).collect()
            } throws: { "\($0)".contains("archive") }
        }
        bucket.decide { _ in nil }
        #expect(again.lacksArchive)
        try again.showArchive()
        #expect(!again.lacksArchive)
        #expect(try contents(again.connect(), tables) == before)
        sample.append(to: again, 2..<4)
        let trades = try contents(again.connect(), [Tables.trades])["trades"]
        #expect(trades?.count == 200)
    }
}

extension DeltaTable {
    /// Rows of all files, as the log says.
    fileprivate var summaryRows: Int? { (try? summary())?.rows.map { Int($0) } }
}

import Databases
import Foundation
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Lake

@Suite struct MaintenanceTests {
    /// One table with large values, one with days, one with months.
    private let tables = [Tables.frames, Tables.trades, Tables.bars]

    private func smallOptions(_ folder: TemporaryFolder) -> HotStore.Options {
        var options = options(folder)
        options.tables = tables
        return options
    }

    /// A lake of as many flushes as the sample has steps.
    private func lake(
        _ folder: TemporaryFolder, _ sample: SampleSteps, tables: [TableSchema]? = nil
    ) throws -> HotStore {
        var options = smallOptions(folder)
        options.tables = tables ?? options.tables
        let store = try HotStore(options)
        for step in sample.steps.indices {
            sample.append(to: store, step..<step + 1)
            _ = try store.flush(upTo: store.visibleOffset)
        }
        return store
    }

    private func lakeContents(_ path: String, _ tables: [TableSchema]? = nil) throws -> [String: [String]] {
        try contents(LakeReader(path, threads: 1).connect(), tables ?? self.tables)
    }

    private func compactAll(_ path: String, _ options: Compaction.Options = .init()) throws -> [Compaction.Outcome] {
        let lake = try LakeFolder(path)
        return try lake.tables().flatMap { name in
            let compaction = try Compaction(lake.open(name), options)
            return try compaction.groups().map { try #require(try compaction.run($0)) }
        }
    }

    // The whole of a partition in memory at once, and a few dozen rows of it at a time.
    @Test(arguments: zip([1, 2] as [UInt64], [1 << 30, 8000] as [Int64]))
    func `compaction keeps every value of every table, sorted, in one file for each partition`(
        seed: UInt64, memoryBytes: Int64
    ) throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: seed, steps: 8)
        let store = try lake(folder, sample, tables: Tables.all)
        let before = try lakeContents(store.lake.url, Tables.all)
        var options = Compaction.Options()
        options.rowGroupRows = 60
        options.memoryBytes = memoryBytes
        let outcomes = try compactAll(store.lake.url, options)
        #expect(outcomes.allSatisfy { $0.files == 1 && !$0.isOutdated && $0.rows > 0 } && outcomes.count > 10)
        #expect(try lakeContents(store.lake.url, Tables.all) == before)
        for name in try LakeFolder(store.lake.url).tables() {
            let table = try LakeFolder(store.lake.url).open(name)
            #expect(Set(table.files.map { $0.relativePath.prefix { $0 != "/" } }).count == table.files.count, "\(name)")
            let report = try TableVerification(table).run(reads: true)
            #expect(report.damage == [] && report.rows == Int64(before[name]?.count ?? 0), "\(name)")
            // The log knows the bounds of the new files.
            #expect(table.files.allSatisfy { $0.stats?.contains("minValues") == true && !$0.dataChange })
        }
        // Rows stand in the order of the table.
        let connection = try Database.duckDB().connect()
        let trades = try connection.query(
            """
            SELECT bool_and(ok) FROM (SELECT (venue, symbol, event_time_ns) >= lag((venue, symbol, event_time_ns)) OVER \
            (PARTITION BY filename ORDER BY file_row_number) ok \
            FROM read_parquet('\(store.lake.url)/trades/*/compact-*.parquet', filename = true, file_row_number = true))
            """
        ).collect().rows[0][0]
        #expect(trades == .boolean(true))
        // A pipeline that runs sees the new files with its next flush, and the next rows come as ever.
        #expect(try compactAll(store.lake.url).isEmpty)
        #expect(try contents(store.connect(), Tables.all, lakeOnly: true)["trades"] == before["trades"])
    }

    @Test func `a pipeline goes on over compaction and vacuum`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 5, steps: 6)
        let whole = TemporaryFolder()
        let reference = try lake(whole, sample)
        let expected = try contents(reference.connect(), tables)
        let store = try HotStore(smallOptions(folder))
        for step in 0..<4 {
            sample.append(to: store, step..<step + 1)
            _ = try store.flush(upTo: store.visibleOffset)
        }
        _ = try compactAll(store.lake.url)
        sample.append(to: store, 4..<5)
        _ = try store.flush(upTo: store.visibleOffset)
        // Tables without new rows follow what others did, too.
        _ = try compactAll(store.lake.url)
        _ = try store.flush(upTo: store.visibleOffset)
        // What no version has that is kept, is gone now: the views must not want it.
        let later = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 3_600_000_000_000)
        var removed = 0
        for name in try LakeFolder(store.lake.url).tables() {
            removed += try Vacuum(LakeFolder(store.lake.url).open(name), retentionNs: 0, now: later).run().files
        }
        #expect(removed > 10)
        let live = try store.connect()
        #expect(try live.query("SELECT count(*) FROM trades").collect().rows[0][0] == .integer(250))
        sample.append(to: store, 5..<6)
        _ = try store.flush(upTo: store.visibleOffset)
        let found = try contents(store.connect(), tables)
        for table in tables { #expect(found[table.name] == expected[table.name], "\(table.name)") }
        store.close()
        let again = try HotStore(smallOptions(folder))
        #expect(try contents(again.connect(), tables, lakeOnly: true)["trades"] == expected["trades"])
        #expect(again.committedOffset("trades") == sample.steps[5].lastOffset)
    }

    @Test func `a crash at any step of a compaction leaves every row once, and vacuum clears up`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 7, steps: 4)
        let store = try lake(folder, sample)
        store.close()
        let expected = try lakeContents(store.lake.url)
        let images = Mutex<[String]>([])
        var options = Compaction.Options()
        // The folder as a crash at the step would leave it.
        options.reached = { step throws(LakeError) in
            let image = folder.path + "/image-\(images.withLock { $0.count })"
            try? FileManager.default.copyItem(atPath: folder.path + "/lake", toPath: image)
            images.withLock { $0.append(image) }
        }
        let table = try LakeFolder(store.lake.url).open("trades")
        let compaction = try Compaction(table, options)
        let groups = compaction.groups()
        for group in groups { _ = try compaction.run(group) }
        let found = images.withLock { $0 }
        #expect(groups.count == 2 && found.count == 8)
        for image in found {
            #expect(try lakeContents(image)["trades"] == expected["trades"])
            // A pipeline starts on it, and leaves alone what may be another program's.
            var next = smallOptions(folder)
            next.lake = LocalPlace(image)
            next.scratch = image + "/.tapedeck"
            let store = try HotStore(next)
            #expect(try contents(store.connect(), tables, lakeOnly: true)["trades"] == expected["trades"])
            store.close()
            let later = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 3_600_000_000_000)
            let opened = try LakeFolder(image).open("trades")
            _ = try Vacuum(opened, retentionNs: 0, now: later).run()
            let names = FileManager.default.enumerator(atPath: image + "/trades")?.compactMap { $0 as? String } ?? []
            let files = names.filter { $0.contains(".parquet") && !$0.contains("_delta_log") }
            #expect(Set(files) == Set(opened.files.map(\.relativePath)))
            #expect(try lakeContents(image)["trades"] == expected["trades"])
        }
    }

    @Test func `a failure inside a compaction leaves no files behind`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 8, steps: 3))
        let before = try LakeFolder(store.lake.url).open("trades").files
        for stop in 0..<3 {
            var options = Compaction.Options()
            let passed = Mutex(0)
            options.reached = { step throws(LakeError) in
                let place = passed.withLock { count in
                    defer { count += 1 }
                    return count
                }
                if place == stop { throw LakeError(.io, "no space", operation: "test") }
            }
            let compaction = try Compaction(LakeFolder(store.lake.url).open("trades"), options)
            #expect(throws: LakeError.self) { _ = try compaction.run(compaction.groups()[0]) }
            let names =
                FileManager.default.enumerator(atPath: store.lake.url + "/trades")?.compactMap { $0 as? String } ?? []
            #expect(names.filter { $0.contains("compact-") } == [])
        }
        // Stopped by who asked for it.
        let compaction = try Compaction(LakeFolder(store.lake.url).open("trades"))
        #expect(try compaction.run(compaction.groups()[0]) { _ in false } == nil)
        #expect(try LakeFolder(store.lake.url).open("trades").files == before)
    }

    @Test func `two that compact the same files, or one that removes them, leave the table whole`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 9, steps: 3))
        let expected = try lakeContents(store.lake.url)["trades"]
        let first = try Compaction(LakeFolder(store.lake.url).open("trades"))
        let second = try Compaction(LakeFolder(store.lake.url).open("trades"))
        let groups = second.groups()
        for group in first.groups() { #expect(try first.run(group)?.isOutdated == false) }
        for group in groups { #expect(try second.run(group)?.isOutdated == true) }
        #expect(try lakeContents(store.lake.url)["trades"] == expected)
        #expect(try TableVerification(LakeFolder(store.lake.url).open("trades")).run(reads: true).damage == [])
    }

    @Test func `vacuum keeps what versions of the last while need, and what is new`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 10, steps: 3))
        _ = try compactAll(store.lake.url)
        let trades = store.lake.url + "/trades"
        let stranger = trades + "/date=2026-01-31/part-test-0-1-zz.zstd.parquet"
        try Data("x".utf8).write(to: URL(filePath: stranger))
        #expect(try Vacuum(LakeFolder(store.lake.url).open("trades")).run().files == 0)
        // Old files that were taken out a moment ago stay; what no commit ever named and is as old goes.
        let names = FileManager.default.enumerator(atPath: trades)?.compactMap { $0 as? String } ?? []
        let old = Date(timeIntervalSinceNow: -30 * 86_400)
        for name in names where name.hasSuffix(".parquet") {
            try FileManager.default.setAttributes([.modificationDate: old], ofItemAtPath: trades + "/" + name)
        }
        let found = try Vacuum(LakeFolder(store.lake.url).open("trades")).run(removes: false).paths
        #expect(found == ["date=2026-01-31/part-test-0-1-zz.zstd.parquet"])
        let inAWeek = Timestamp(nanoseconds: Timestamp.now().nanoseconds + Vacuum.retentionNs + 60_000_000_000)
        let count = try Vacuum(LakeFolder(store.lake.url).open("trades"), now: inAWeek).run(removes: false)
        #expect(count.files >= 4 && FileManager.default.fileExists(atPath: stranger))
        let removed = try Vacuum(LakeFolder(store.lake.url).open("trades"), now: inAWeek).run()
        #expect(removed.paths.sorted() == count.paths.sorted() && !FileManager.default.fileExists(atPath: stranger))
        #expect(try TableVerification(LakeFolder(store.lake.url).open("trades")).run(reads: true).damage == [])
    }

    @Test func `vacuum drops commits that an old checkpoint stands for`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 10, steps: 3))
        let table = try LakeFolder(store.lake.url).open("trades")
        try table.checkpoint()
        #expect(try Vacuum(table).run().logFiles == 0)
        let later = Timestamp(nanoseconds: Timestamp.now().nanoseconds + Vacuum.logRetentionNs + 60_000_000_000)
        #expect(try Vacuum(table, retentionNs: .max / 4, now: later).run().logFiles == 3)
        let again = try LakeFolder(store.lake.url).open("trades")
        #expect(again.files == table.files && again.version == 3)
        #expect(try again.history(limit: 10).count == 1)
        #expect(try TableVerification(again).run(reads: false).damage == [])
    }

    @Test func `a table goes back to a version, and forth again`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 12, steps: 4))
        let now = try lakeContents(store.lake.url)["trades"]
        let then = try contents(
            LakeReader(store.lake.url, at: #require(LakeVersions("trades=2"))).connect(), [Tables.trades])["trades"]
        #expect(then?.count == 100)
        let table = try LakeFolder(store.lake.url).open("trades")
        #expect(try table.restore(.number(2), commits: false).version == nil)
        let change = try table.restore(.number(2))
        #expect(change.version == 5 && change.filesAdded == 0 && change.rowsRemoved == 100)
        #expect(try lakeContents(store.lake.url)["trades"] == then)
        #expect(try table.restore(.number(4)).rowsRemoved == -100)
        #expect(try lakeContents(store.lake.url)["trades"] == now)
        #expect(try table.restore(.number(4)).version == nil)
        // A version whose files are gone is not half restored.
        try FileManager.default.removeItem(atPath: store.lake.url + "/trades/" + table.files[0].relativePath)
        let early = try #require(try DeltaTable.open(table.path, at: .number(1))).files[0]
        _ = try table.restore(.number(0))
        try? FileManager.default.removeItem(atPath: store.lake.url + "/trades/" + early.relativePath)
        let error = #expect(throws: LakeError.self) { _ = try table.restore(.number(1)) }
        #expect(error?.message.contains(early.relativePath) == true)
    }

    @Test func `old partitions are let go of as a whole`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 13, steps: 4))
        let lake = try LakeFolder(store.lake.url)
        let trades = try lake.open("trades"), bars = try lake.open("bars")
        #expect(try trades.summary().partitions.map(\.value) == ["date=2026-01-31", "date=2026-02-01"])
        #expect(try trades.expire(before: "2026-01-31").version == nil)
        // The month of January stays as long as one of its days does.
        #expect(try bars.expire(before: "2026-01-31").filesRemoved == 0)
        let change = try trades.expire(before: "2026-02-01")
        #expect(change.version == trades.version && change.filesRemoved > 0)
        #expect(try trades.summary().partitions.map(\.value) == ["date=2026-02-01"])
        #expect(try bars.expire(before: "2026-02-01").filesRemoved > 0)
        #expect(try lakeContents(store.lake.url)["trades"]?.contains { $0.contains("2026-01-31") } == false)
    }

    @Test func `a page that is damaged is found, and never compacted`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 15, steps: 3))
        let table = try LakeFolder(store.lake.url).open("trades")
        let files = table.files
        let path = table.path + "/" + files[0].relativePath
        let whole = try Data(contentsOf: URL(filePath: path))
        let chunks = try #require(try ParquetFileReader(path).rowGroups.first).chunks
        for chunk in chunks {
            var bytes = whole
            bytes[Int(chunk.start + chunk.bytes) - 1] ^= 0x10
            try bytes.write(to: URL(filePath: path))
            let damage = try TableVerification(table).run(reads: true).damage
            #expect(damage.count == 1 && damage[0].contains(path), "\(damage)")
        }
        let error = #expect(throws: LakeError.self) { try compactAll(store.lake.url) }
        #expect(error?.code == .corrupt && error?.operation == path, "\(error!)")
        #expect(try LakeFolder(store.lake.url).open("trades").files == files)
        try whole.write(to: URL(filePath: path))
        _ = try compactAll(store.lake.url)
        #expect(try TableVerification(LakeFolder(store.lake.url).open("trades")).run(reads: true).damage == [])
    }

    @Test func `damage of every kind is found, with the name of the file`() throws {
        func damage(_ body: (String, [AddFile]) throws -> Void) throws -> [String] {
            let folder = TemporaryFolder()
            let store = try lake(folder, SampleSteps(seed: 14, steps: 3))
            let table = try LakeFolder(store.lake.url).open("trades")
            try table.checkpoint()
            try body(table.path, table.files)
            return try TableVerification(DeltaTable.open(table.path) ?? table).run(reads: true).damage
        }
        func flip(_ path: String, at place: Int) throws {
            var bytes = try Data(contentsOf: URL(filePath: path))
            bytes[place] ^= 0xff
            try bytes.write(to: URL(filePath: path))
        }
        #expect(try damage { _, _ in } == [])
        let missing = try damage { path, files in
            try FileManager.default.removeItem(atPath: path + "/" + files[0].relativePath)
        }
        #expect(missing.count == 1 && missing[0].contains("missing") && missing[0].contains("part-test-"))
        #expect(
            try damage { path, files in
                let file = try FileHandle(forWritingTo: URL(filePath: path + "/" + files[1].relativePath))
                try file.truncate(atOffset: 100)
            }.first?.contains("has 100 bytes") == true)
        let footer = try damage { path, files in
            try flip(path + "/" + files[0].relativePath, at: Int(files[0].size) - 20)
        }
        #expect(footer.count == 1 && footer[0].contains("part-test-"))
        // A page of compressed values.
        #expect(try damage { path, files in try flip(path + "/" + files[0].relativePath, at: 60) }.count == 1)
        #expect(
            try damage { path, _ in
                try FileManager.default.removeItem(atPath: path + "/_delta_log/00000000000000000001.json")
            }.contains { $0.contains("commit 1 is missing") })
        #expect(
            try damage { path, files in
                let log = path + "/_delta_log/00000000000000000003.json"
                let text = try String(contentsOfFile: log, encoding: .utf8)
                try text.replacing("\\\"numRecords\\\":", with: "\\\"numRecords\\\":9").write(
                    toFile: log, atomically: true, encoding: .utf8)
                try FileManager.default.removeItem(atPath: path + "/_delta_log/00000000000000000003.checkpoint.parquet")
            }.contains { $0.contains("rows, and the log says 9") })
    }

    @Test func `tables are listed and described`() throws {
        let folder = TemporaryFolder()
        let store = try lake(folder, SampleSteps(seed: 15, steps: 2))
        let lake = try LakeFolder(store.lake.url)
        #expect(try lake.tables() == tables.map(\.name))
        let summary = try lake.open("trades").summary()
        #expect(
            summary.rows == 100 && summary.version == 2
                && summary.files == summary.partitions.reduce(0) { $0 + $1.files })
        let description = try lake.open("trades").description()
        #expect(description.columns.map(\.name) == Tables.trades.columns.map(\.name) + ["date"])
        #expect(description.progress.map(\.appId) == ["test/trades"] && description.partitionColumns == ["date"])
        let error = #expect(throws: LakeError.self) { _ = try lake.open("nothing") }
        #expect(error?.message.contains("there are frames") == true)
    }
}

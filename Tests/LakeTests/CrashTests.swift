import Databases
import Foundation
import Lake
import Market
import Platform
import Synchronization
import TestKit
import Testing

@Suite struct CrashTests {
    /// A table with few rows, one that has open rows too, and one with many: enough for every order of steps.
    private let tables = [Tables.frames, Tables.trades, Tables.bars]

    private func smallOptions(_ folder: TemporaryFolder) -> HotStore.Options {
        var options = options(folder)
        options.tables = tables
        return options
    }

    /// Stops a flush at its n-th point, as a crash there would.
    private func crashing(_ options: HotStore.Options, at point: Int) -> HotStore.Options {
        var options = options
        let passed = Mutex(0)
        options.reached = { step throws(LakeError) in
            // Two threads write files.
            let count = passed.withLock { count in
                count += 1
                return count
            }
            if count == point { throw LakeError(.io, "crash at \(step)", operation: "test") }
        }
        return options
    }

    /// Points that the flush of the sample passes: three tables of one file (two dates: some of two), and the end.
    private func points(of sample: SampleSteps) throws -> Int {
        let folder = TemporaryFolder()
        var options = smallOptions(folder)
        let passed = Counter()
        options.reached = { _ in passed.increment() }
        let store = try HotStore(options)
        sample.append(to: store, 0..<4)
        _ = try store.flush(upTo: store.visibleOffset)
        return Int(passed.value)
    }

    private func names(in folder: String, suffix: String) -> [String] {
        let all = FileManager.default.enumerator(atPath: folder)?.compactMap { $0 as? String } ?? []
        return all.filter { $0.hasSuffix(suffix) }.sorted()
    }

    private func committedFiles(_ lake: String) throws -> [String] {
        try tables.flatMap { table in
            try (DeltaTable.open(lake + "/" + table.name)?.files ?? []).map { table.name + "/" + $0.relativePath }
        }.sorted()
    }

    @Test func `after a crash at any point of a flush, replay gives every row once`() throws {
        let sample = SampleSteps(seed: 11, steps: 6)
        let whole = TemporaryFolder()
        let reference = try HotStore(smallOptions(whole))
        sample.append(to: reference, 0..<6)
        let expected = try contents(reference.connect(), tables)
        let count = try points(of: sample)
        #expect(count > 12)
        for point in 1...count {
            let folder = TemporaryFolder()
            do {
                let store = try HotStore(crashing(smallOptions(folder), at: point))
                sample.append(to: store, 0..<4)
                #expect(throws: LakeError.self) { _ = try store.flush(upTo: store.visibleOffset) }
                // Until the very end, those who read see all rows as before.
                #expect(try contents(store.connect(), tables)["trades"]?.count == 200)
            }
            // Left by a crash inside the writing of a file: always removed, whatever it holds.
            let torn = folder.path + "/lake/trades/date=2026-01-31/.part-test-0-199-1.zstd.parquet.tmp"
            try? Data("torn".utf8).write(to: URL(filePath: torn))
            let store = try HotStore(smallOptions(folder))
            #expect(names(in: store.lake.url, suffix: ".tmp") == [])
            let live = names(in: store.lake.url, suffix: ".parquet")
            #expect(live == (try committedFiles(store.lake.url)), "point \(point)")
            sample.append(to: store, 0..<6)
            #expect(try contents(store.connect(), tables) == expected, "point \(point)")
            _ = try store.flush(upTo: store.visibleOffset)
            #expect(try contents(store.connect(), tables) == expected, "point \(point)")
            let lake = try contents(LakeReader(store.lake.url, tables: tables).connect(), tables)
            #expect(lake["trades"] == expected["trades"] && lake["frames"] == expected["frames"], "point \(point)")
        }
    }

    @Test func `a flush that failed can be tried again without a restart`() throws {
        let sample = SampleSteps(seed: 12, steps: 6)
        for point in 1...(try points(of: sample)) {
            let folder = TemporaryFolder()
            let store = try HotStore(crashing(smallOptions(folder), at: point))
            sample.append(to: store, 0..<4)
            let connection = try store.connect()
            let before = try contents(connection, tables)
            #expect(throws: LakeError.self) { _ = try store.flush(upTo: 149) }
            #expect(try contents(connection, tables) == before)
            _ = try store.flush(upTo: 199)
            #expect(try contents(connection, tables) == before)
            #expect(store.hotRows == 0)
            #expect(
                names(in: store.lake.url, suffix: ".parquet") == (try committedFiles(store.lake.url)), "point \(point)")
            let lake = try LakeReader(store.lake.url).connect()
            #expect(try lake.query("SELECT count(*) FROM trades").collect().rows == [[.integer(200)]])
        }
    }

    @Test func `a full disk stops the flush with a clear error and loses nothing`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 13, steps: 2)
        let store = try HotStore(options(folder))
        sample.append(to: store, 0..<2)
        let before = try contents(store.connect())
        // A file where the partition's folder should be: the folder cannot be made, as on a full disk.
        let blocked = store.lake.url + "/quotes/date=2026-01-31"
        try Data().write(to: URL(filePath: blocked))
        let error = #expect(throws: LakeError.self) { _ = try store.flush(upTo: 99) }
        #expect(error?.description.contains("quotes/date=2026-01-31") == true)
        #expect(try contents(store.connect()) == before)
        try FileManager.default.removeItem(atPath: blocked)
        _ = try store.flush(upTo: 99)
        #expect(try contents(store.connect()) == before)
    }
}

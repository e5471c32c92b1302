import Databases
import Foundation
import Lake
import Market
import Networking
import Objects
import Platform
import Synchronization
import TestKit
import Testing

@Suite struct BucketLakeTests {
    /// One table with large values, one with days, one with months.
    static let tables = [Tables.frames, Tables.trades, Tables.bars]

    @Test func `a bucket and a folder hold the same lake`() throws {
        let sample = SampleSteps(seed: 21, steps: 4)
        let folder = TemporaryFolder()
        let lake = try BucketLake()
        let local = try HotStore(options(folder)), remote = try HotStore(lake.options(Tables.all))
        for step in sample.steps.indices {
            for store in [local, remote] {
                sample.append(to: store, step..<step + 1)
                _ = try store.flush(upTo: store.visibleOffset)
            }
        }
        let expected = try contents(local.connect())
        #expect(try contents(remote.connect()) == expected)
        let inFiles = try contents(LakeReader(local.lake).connect())
        #expect(try contents(LakeReader(lake.place).connect()) == inFiles)
        #expect(try LakeFolder(lake.place).tables() == LakeFolder(local.lake).tables())
        #expect(lake.drafts == [])
        remote.close()
        // Opened again, it has all but what can still change, and goes on.
        let again = try HotStore(lake.options(Tables.all))
        sample.append(to: again, 0..<4)
        #expect(try contents(again.connect()) == expected)
    }

    @Test func `upkeep of a bucket keeps every row`() throws {
        let sample = SampleSteps(seed: 22, steps: 6)
        let lake = try BucketLake()
        let store = try HotStore(lake.options())
        for step in sample.steps.indices {
            sample.append(to: store, step..<step + 1)
            _ = try store.flush(upTo: store.visibleOffset)
        }
        let before = try contents(LakeReader(lake.place, threads: 1).connect(), Self.tables)
        let files = lake.dataFiles
        let folder = LakeFolder(lake.place)
        for name in try folder.tables() {
            let table = try folder.open(name)
            let compaction = try Compaction(table)
            for group in compaction.groups() {
                let outcome = try #require(try compaction.run(group))
                #expect(outcome.files == 1)
            }
            try table.checkpoint()
            #expect(try TableVerification(table).run(reads: true).damage == [])
        }
        #expect(try contents(LakeReader(lake.place, threads: 1).connect(), Self.tables) == before)
        // Nothing is old enough; then all that was compacted goes.
        for name in try folder.tables() { #expect(try Vacuum(folder.open(name)).run().files == 0) }
        let later = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 8 * 86_400_000_000_000)
        var removed = 0
        for name in try folder.tables() { removed += try Vacuum(folder.open(name), now: later).run().files }
        #expect(removed == files.count)
        #expect(lake.dataFiles == (try lake.committedFiles()))
        #expect(try contents(LakeReader(lake.place, threads: 1).connect(), Self.tables) == before)
        let trades = try folder.open("trades")
        #expect(throws: LakeError.self) { _ = try trades.restore(.number(2)) }
        #expect(lake.drafts == [])
    }

    @Test func `a flush that the bucket fails anywhere is made up for, each row once`() throws {
        let sample = SampleSteps(seed: 23, steps: 4)
        let whole = TemporaryFolder()
        var options = options(whole)
        options.tables = Self.tables
        let reference = try HotStore(options)
        sample.append(to: reference, 0..<4)
        let expected = try contents(reference.connect(), Self.tables)
        // Each put of the second flush is refused, or done without an answer that says so, until it is given up.
        for isDone in [false, true] {
            var number = 0
            var failures = 0
            while failures == number {
                number += 1
                let lake = try BucketLake()
                let store = try HotStore(lake.options())
                sample.append(to: store, 0..<2)
                _ = try store.flush(upTo: store.visibleOffset)
                sample.append(to: store, 2..<4)
                let target = number
                let seen = Mutex(Seen())
                lake.bucket.decide { request in
                    guard request.method == .put else { return nil }
                    let fails = seen.withLock { $0.fails(request.path, number: target) }
                    guard fails else { return nil }
                    let answer = LoopbackBucket.error(500, "InternalError")
                    return isDone ? .lost(answer) : .refused(answer)
                }
                do {
                    _ = try store.flush(upTo: store.visibleOffset)
                } catch {
                    failures += 1
                }
                lake.bucket.decide { _ in nil }
                #expect(try contents(store.connect(), Self.tables) == expected, "\(isDone) \(target)")
                _ = try store.flush(upTo: store.visibleOffset)
                #expect(try contents(store.connect(), Self.tables) == expected, "\(isDone) \(target)")
                let reader = try contents(
                    LakeReader(lake.place, tables: Self.tables, threads: 1).connect(), Self.tables)
                #expect(reader["trades"] == expected["trades"] && reader["frames"] == expected["frames"])
                #expect(lake.dataFiles == (try lake.committedFiles()), "\(isDone) \(target)")
            }
            // A file and a commit for each of three tables, some of them with two days.
            #expect(failures >= 6)
        }
    }

    @Test func `a commit that arrives after its program was given up names files that are there`() throws {
        let sample = SampleSteps(seed: 25, steps: 4)
        let lake = try BucketLake()
        let store = try HotStore(lake.options())
        sample.append(to: store, 0..<2)
        _ = try store.flush(upTo: store.visibleOffset)
        sample.append(to: store, 2..<4)
        let held = Mutex<HTTPRequest?>(nil)
        lake.bucket.decide { request in
            guard request.method == .put, request.path.contains("/trades/_delta_log/") else { return nil }
            held.withLock { $0 = $0 ?? request }
            return .refused(LoopbackBucket.error(500, "InternalError"))
        }
        #expect(throws: LakeError.self) { _ = try store.flush(upTo: store.visibleOffset) }
        store.close()
        lake.bucket.decide { _ in nil }
        let again = try HotStore(lake.options())
        let late = try #require(held.withLock { $0 })
        lake.bucket.put(late.path, late.body)
        sample.append(to: again, 0..<4)
        // The log is ahead of what was known at the opening.
        _ = try again.flush(upTo: again.visibleOffset)
        let whole = TemporaryFolder()
        var options = options(whole)
        options.tables = Self.tables
        let reference = try HotStore(options)
        sample.append(to: reference, 0..<4)
        #expect(try contents(again.connect(), Self.tables) == contents(reference.connect(), Self.tables))
        #expect(Set(try lake.committedFiles()).isSubset(of: lake.dataFiles))
    }

    @Test func `a service that replaces what is there is refused`() throws {
        let lake = try BucketLake()
        lake.bucket.heedsConditions = false
        for _ in 0..<2 {
            #expect(throws: LakeError.self) {
                _ = try DeltaTable.open(lake.place.folder("trades"), creating: Tables.trades)
            }
        }
        #expect(lake.bucket.objects.isEmpty)
    }

    @Test func `of two that commit to a bucket at once, both get through`() async throws {
        let lake = try BucketLake()
        _ = try DeltaTable.open(lake.place.folder("trades"), creating: Tables.trades)
        let place = lake.place.folder("trades")
        try await withThrowingTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    let table = try #require(try DeltaTable.open(place, writer: "w\(writer)"))
                    for number in 0..<10 {
                        let file = AddFile(
                            relativePath: "date=2026-01-31/\(writer)-\(number).parquet",
                            partitionValues: ["date": "2026-01-31"], size: 1, modificationTime: 0, stats: nil)
                        _ = try table.commit(add: [file])
                    }
                }
            }
            try await group.waitForAll()
        }
        let table = try #require(try DeltaTable.open(place))
        #expect(table.version == 40 && table.files.count == 40)
    }

    @Test func `queries reach the lake's folder of the bucket and nothing else`() throws {
        let sample = SampleSteps(seed: 24, steps: 1)
        let lake = try BucketLake()
        let store = try HotStore(lake.options())
        sample.append(to: store, 0..<1)
        _ = try store.flush(upTo: store.visibleOffset)
        let connection = try store.connect()
        for url in ["s3://market/other.parquet", "s3://else/x.parquet", "http://127.0.0.1:1/x.parquet", "/etc/passwd"] {
            #expect(throws: DatabaseError.self) { try connection.query("SELECT * FROM '\(url)'").collect() }
        }
        #expect(throws: DatabaseError.self) {
            _ = try connection.readOnly("SELECT * FROM duckdb_secrets()") { stream throws(DatabaseError) in
                try stream.collect()
            }
        }
    }
}

/// Which put fails: the n-th, by its key, whatever is tried again.
private struct Seen {
    private var paths: [String] = []

    mutating func fails(_ path: String, number: Int) -> Bool {
        if !paths.contains(path) { paths.append(path) }
        return paths.firstIndex(of: path) == number - 1
    }
}

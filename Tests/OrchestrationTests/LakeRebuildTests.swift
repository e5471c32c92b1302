import Databases
import Foundation
import Lake
import Market
import Platform
import Serving
import Synchronization
import TestKit
import Testing

@testable import Orchestration

/// Silver and gold are what bronze makes: a lake that is made anew from what was received is the same, value by value.
@Suite struct LakeRebuildTests {
    /// A stopped pipeline over a script, in several flushes.
    private func play(_ folder: String, seed: UInt64, count: Int = 300) throws {
        let records = FrameScript(seed: seed, count: count).records
        for part in stride(from: 0, to: records.count, by: 100) {
            try Pipeline.play(Array(records[part..<min(part + 100, records.count)]), configuration(folder))
        }
    }

    private func rebuild(
        _ folder: String, _ tables: [TableSchema] = LakeRebuild.tables, days: ClosedRange<CivilDate>? = nil,
        commits: Bool = true, options: Compaction.Options = .init()
    ) throws -> [LakeRebuild.Outcome] {
        let rebuild = try LakeRebuild(
            configuration(folder), tables: tables, days: days ?? LakeRebuild.allDays)
        return try #require(try rebuild.run(commits: commits, options) { _, _, _ in true })
    }

    private func versions(_ folder: String) throws -> [String: Int64] {
        let lake = try LakeFolder(folder + "/lake")
        return Dictionary(uniqueKeysWithValues: try lake.tables().map { ($0, try lake.open($0).version) })
    }

    /// Takes files of a table's first partition out of it, all unless told otherwise.
    private func takeOut(_ table: String, _ folder: String, files count: Int = .max) throws {
        let delta = try LakeFolder(folder + "/lake").open(table)
        let first = try #require(try delta.summary().partitions.first).value
        let files = delta.files.filter { $0.relativePath.hasPrefix(first) }.prefix(count)
        let nowMs = Timestamp.now().nanoseconds / 1_000_000
        _ = try delta.commit(
            add: [], remove: files.map { RemoveFile(path: $0.path, deletionTimestamp: nowMs, dataChange: true) },
            operation: "DELETE")
    }

    @Test(arguments: 0..<4)
    func `what was received makes the same lake again, so nothing is replaced`(seed: UInt64) throws {
        let folder = TemporaryFolder()
        try play(folder.path, seed: seed)
        let before = try versions(folder.path)
        let outcomes = try rebuild(folder.path)
        #expect(outcomes.count == LakeRebuild.tables.count && outcomes.allSatisfy(\.isSame))
        #expect(outcomes.allSatisfy { $0.version == nil })
        let rows = Dictionary(
            uniqueKeysWithValues: outcomes.map { ($0.table, $0.partitions.reduce(0) { $0 + $1.rowsRebuilt }) })
        let contents = try LakeContents(folder.path + "/lake")
        for table in LakeRebuild.tables { #expect(rows[table.name] == Int64(contents.rows(table.name).count)) }
        #expect(rows["trades"]! > 100 && rows["bars"]! > 100 && rows["coverage"]! > 2 && rows["dead_letters"]! > 0)
        #expect(try versions(folder.path) == before)
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/rebuild"))
    }

    @Test func `what is missing, doubled or wrong becomes what it was, in one commit for each table`() throws {
        let folder = TemporaryFolder()
        try play(folder.path, seed: 11)
        let expected = try LakeContents(folder.path + "/lake")
        let lake = try LakeFolder(folder.path + "/lake")
        for table in ["trades", "bars", "coverage"] { try takeOut(table, folder.path) }
        // A file whose bytes are gone.
        let quotes = try lake.open("quotes")
        try FileManager.default.removeItem(atPath: quotes.path + "/" + quotes.files[0].relativePath)
        // Rows there twice, under another name.
        let indicators = try lake.open("indicators")
        let file = try #require(indicators.files.first)
        let copy = file.relativePath.replacing("part-", with: "copy-")
        try FileManager.default.copyItem(
            atPath: indicators.path + "/" + file.relativePath, toPath: indicators.path + "/" + copy)
        _ = try indicators.commit(
            add: [
                AddFile(
                    relativePath: copy, partitionValues: file.partitionValues, size: file.size,
                    modificationTime: file.modificationTime, stats: file.stats)
            ])
        let before = try versions(folder.path)

        let tried = try rebuild(folder.path, commits: false)
        #expect(tried.filter { !$0.isSame }.map(\.table) == ["trades", "quotes", "bars", "indicators", "coverage"])
        #expect(try versions(folder.path) == before)
        let quotesNow = tried.first { $0.table == "quotes" }?.partitions.first { !$0.isSame }
        #expect(quotesNow?.rowsNow == nil && quotesNow?.rowsRebuilt ?? 0 > 0)

        let outcomes = try rebuild(folder.path)
        for outcome in outcomes {
            let isChanged = ["trades", "quotes", "bars", "indicators", "coverage"].contains(outcome.table)
            #expect(outcome.version == (isChanged ? before[outcome.table]! + 1 : nil), "\(outcome.table)")
        }
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected) == [])
        for name in try lake.tables() {
            #expect(try TableVerification(lake.open(name)).run(reads: true).damage == [])
        }
        #expect(try rebuild(folder.path).allSatisfy(\.isSame))
        // The pipeline goes on as if nothing had been.
        let more = FrameScript(seed: 12, count: 50).records
        try Pipeline.play(more, configuration(folder.path))
        #expect(try rebuild(folder.path).allSatisfy(\.isSame))
    }

    @Test func `only wanted days and tables are touched, and those of months as a whole`() throws {
        let folder = TemporaryFolder()
        try play(folder.path, seed: 13)
        let expected = try LakeContents(folder.path + "/lake")
        for table in ["trades", "quotes", "bars"] { try takeOut(table, folder.path) }
        let missing = try LakeContents(folder.path + "/lake")
        let day = try #require(CivilDate("2023-11-14"))
        let later = CivilDate(daysSinceEpoch: day.daysSinceEpoch + 5)
        let none = try rebuild(folder.path, days: later...CivilDate(daysSinceEpoch: later.daysSinceEpoch + 1))
        #expect(none.first { $0.table == "trades" }?.partitions == [])
        let months = try LakeContents(folder.path + "/lake")
        #expect(months.rows("trades") == missing.rows("trades") && months.rows("bars") == expected.rows("bars"))
        _ = try rebuild(folder.path, [Tables.trades], days: day...day)
        let found = try LakeContents(folder.path + "/lake")
        #expect(found.rows("trades") == expected.rows("trades"))
        #expect(found.rows("quotes") == missing.rows("quotes"))
    }

    @Test func `other bars become those of the configuration, without reading the past as new`() throws {
        let folder = TemporaryFolder(), whole = TemporaryFolder()
        let records = FrameScript(seed: 14, count: 200).records
        try Pipeline.play(records, configuration(folder.path))
        try Pipeline.play(records, configuration(whole.path, intervals: "1s, 5s"))
        let rebuild = try LakeRebuild(
            configuration(folder.path, intervals: "1s, 5s"), tables: LakeRebuild.tables(of: .gold),
            days: LakeRebuild.allDays)
        _ = try rebuild.run(commits: true) { _, _, _ in true }
        let expected = try LakeContents(whole.path + "/lake")
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected) == [])
    }

    @Test func `a crash anywhere leaves a table as it was, or made anew`() throws {
        let folder = TemporaryFolder()
        try play(folder.path, seed: 15)
        let expected = try LakeContents(folder.path + "/lake")
        for table in ["trades", "bars"] { try takeOut(table, folder.path) }
        let damaged = try LakeContents(folder.path + "/lake")
        let images = Mutex<[String]>([])
        var options = Compaction.Options()
        options.reached = { _ throws(LakeError) in
            let image = folder.path + "/image-\(images.withLock { $0.count })"
            try? FileManager.default.createDirectory(atPath: image, withIntermediateDirectories: true)
            for part in ["lake", "journal", "checkpoints", "rebuild"] {
                try? FileManager.default.copyItem(atPath: folder.path + "/" + part, toPath: image + "/" + part)
            }
            images.withLock { $0.append(image) }
        }
        _ = try rebuild(folder.path, options: options)
        let found = images.withLock { $0 }
        #expect(found.count >= 8)
        for image in found {
            let contents = try LakeContents(image + "/lake")
            for table in ["trades", "bars"] {
                #expect([expected.rows(table), damaged.rows(table)].contains(contents.rows(table)))
            }
            _ = try rebuild(image)
            #expect(try LakeContents(image + "/lake").differences(from: expected) == [])
            #expect(!FileManager.default.fileExists(atPath: image + "/rebuild"))
        }
    }

    @Test func `a rebuild that is stopped, or fails, leaves no files behind`() throws {
        let folder = TemporaryFolder()
        try play(folder.path, seed: 16)
        for table in ["trades", "bars"] { try takeOut(table, folder.path) }
        let before = try LakeContents(folder.path + "/lake")
        var options = Compaction.Options()
        options.reached = { step throws(LakeError) in
            if step == .filesComplete { throw LakeError(.io, "no space", operation: "test") }
        }
        #expect(throws: LakeError.self) { _ = try rebuild(folder.path, [Tables.trades], options: options) }
        func calls(stoppingAt stop: Int, commits: Bool) throws -> (count: Int, isDone: Bool) {
            var count = 0
            let rebuild = try LakeRebuild(
                configuration(folder.path), tables: [Tables.trades, Tables.bars], days: LakeRebuild.allDays)
            let outcomes = try rebuild.run(commits: commits) { _, _, _ in
                count += 1
                return count < stop
            }
            return (count, outcomes != nil)
        }
        let whole = try calls(stoppingAt: .max, commits: false)
        #expect(whole.isDone && whole.count > 2)
        for stop in 1...whole.count { #expect(try !calls(stoppingAt: stop, commits: false).isDone) }
        #expect(try LakeContents(folder.path + "/lake").differences(from: before) == [])
        let names = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
        #expect(names.filter { $0.contains("compact-") || $0.hasPrefix("rebuild/") } == [])
    }

    @Test func `rows that a running pipeline appends meanwhile stay, also where others rearrange the files`() throws {
        let folder = TemporaryFolder(), whole = TemporaryFolder()
        let records = FrameScript(seed: 17, count: 400).records
        try Pipeline.play(records, configuration(whole.path))
        for part in [0..<100, 100..<200] { try Pipeline.play(Array(records[part]), configuration(folder.path)) }
        try takeOut("bars", folder.path, files: 1)
        let pipeline = try Pipeline(configuration(folder.path))
        pipeline.start()
        let rest = Mutex(Array(records[200...]))
        var options = Compaction.Options()
        let commits = Mutex(0)
        // Before each of the first commits more is flushed, and compacted into one file with what was there.
        options.reached = { step throws(LakeError) in
            guard step == .filesComplete,
                commits.withLock({
                    $0 += 1; return $0
                }) <= 3
            else { return }
            let part = rest.withLock { rest in
                defer { rest = Array(rest.dropFirst(40)) }
                return Array(rest.prefix(40))
            }
            pipeline.run(ScriptSource(records: part), name: "more \(part.count) \(UInt32.random(in: .min ... .max))")
            _ = eventually { pipeline.areFeedsFinished }
            _ = pipeline.flush()
            do {
                for table in ["bars", "trades"] {
                    let compaction = try Compaction(LakeFolder(folder.path + "/lake").open(table))
                    for group in compaction.groups() { _ = try compaction.run(group) }
                }
            } catch {
                Issue.record(error)
            }
        }
        _ = try rebuild(folder.path, [Tables.trades, Tables.bars], options: options)
        let others = rest.withLock { $0 }
        #expect(others.count < 200 && commits.withLock { $0 } > 1)
        pipeline.run(ScriptSource(records: others), name: "others")
        #expect(eventually { pipeline.areFeedsFinished } && pipeline.flush())
        pipeline.stop()
        let expected = try LakeContents(whole.path + "/lake")
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected) == [])
    }

    /// A pipeline whose journal keeps little, and the same in full.
    private func playForgetting(_ folder: String, _ whole: String, seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        var records = FrameScript(seed: seed, count: 400).records
        for place in stride(from: 20, to: records.count, by: 4) {
            let noise = (0..<4000).map { _ in String(UInt64.random(in: .min ... .max, using: &random), radix: 36) }
            records.insert(ScriptedRecord(feed: records[place].feed, ingestNs: 0, text: noise.joined()), at: place)
        }
        let small = "journal: { segment: 1MiB, retain_bytes: 1MiB }"
        for part in stride(from: 0, to: records.count, by: 100) {
            let pipeline = try Pipeline.playing(
                Array(records[part..<min(part + 100, records.count)]), configuration(folder, other: small))
            #expect(pipeline.flush())
            #expect(part < 300 || pipeline.status.journal.oldestOffset > 0)
            pipeline.stop()
        }
        try Pipeline.play(records, configuration(whole))
    }

    @Test func `where the journal has forgotten, the bronze of the lake makes the same`() throws {
        let folder = TemporaryFolder(), whole = TemporaryFolder()
        try playForgetting(folder.path, whole.path, seed: 19)
        let expected = try LakeContents(whole.path + "/lake")
        #expect(expected.rows("control_records").count > 10)
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected) == [])
        let outcomes = try rebuild(folder.path)
        #expect(outcomes.filter { !$0.isSame }.map(\.table) == [])
        for table in LakeRebuild.tables where !expected.rows(table.name).isEmpty {
            try takeOut(table.name, folder.path)
        }
        // Bronze is compacted as the others are.
        for table in ["frames", "control_records"] {
            let compaction = try Compaction(LakeFolder(folder.path + "/lake").open(table))
            for group in compaction.groups() { _ = try compaction.run(group) }
        }
        _ = try rebuild(folder.path)
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected) == [])
    }

    @Test(arguments: [true, false])
    func `where bronze is not whole, nothing is made of it`(isStartGone: Bool) throws {
        let folder = TemporaryFolder(), whole = TemporaryFolder()
        try playForgetting(folder.path, whole.path, seed: 20)
        let frames = try LakeFolder(folder.path + "/lake").open("frames")
        // Parts of a script are in a file each.
        let gone = frames.files.filter { $0.relativePath.contains(isStartGone ? "part-test-0-" : "part-test-1") }
        let nowMs = Timestamp.now().nanoseconds / 1_000_000
        _ = try frames.commit(
            add: [], remove: gone.map { RemoveFile(path: $0.path, deletionTimestamp: nowMs, dataChange: true) },
            operation: "DELETE")
        if isStartGone {
            _ = try LakeFolder(folder.path + "/lake").open("control_records").expire(before: "2100-01-01")
        }
        let before = try versions(folder.path)
        let error = #expect(throws: PipelineError.self) { _ = try rebuild(folder.path) }
        let text = isStartGone ? "what came before decides" : "the lake lacks the record at"
        #expect(error?.description.contains(text) == true, "\(error!)")
        #expect(try versions(folder.path) == before && !gone.isEmpty)
    }

    @Test func `what cannot be made anew is said`() throws {
        let folder = TemporaryFolder()
        try play(folder.path, seed: 18, count: 60)
        let stranger = try LakeRebuild(
            configuration(folder.path, name: "other"), tables: LakeRebuild.tables, days: LakeRebuild.allDays)
        let error = #expect(throws: (any Error).self) { _ = try stranger.run(commits: true) { _, _, _ in true } }
        #expect("\(error!)".contains("it has those of `test`: name the pipeline's file with --config"))
        let scratch = try RebuildScratch(in: folder.path)
        let busy = #expect(throws: LakeError.self) { _ = try rebuild(folder.path) }
        #expect(busy?.code == .locked)
        withExtendedLifetime(scratch) {}
    }
}

import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

/// Everything that changes a lake, ended before and behind each single change that it makes.
@Suite struct CrashEverywhereTests {
    private static let tables = [Tables.trades, Tables.bars]
    private static let inMarch = Timestamp(rfc3339: "2026-03-05T00:00:00Z")!
    private static let inAWeek = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 8 * 86_400_000_000_000)
    private static let inAYear = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 365 * 86_400_000_000_000)

    /// What is done to a lake.
    enum Work: String, CaseIterable {
        case flush, compact, checkpoint, vacuum, restore, expire, archive

        /// Whether queries answer otherwise afterwards.
        var changesRows: Bool { [.restore, .expire].contains(self) }
    }

    /// A lake of three flushes, with an archive that has a day of it, and files that nobody needs.
    private static func fill(_ root: String, _ sample: SampleSteps) throws {
        let options = options(root)
        let store = try HotStore(options)
        for step in 0..<3 {
            sample.append(to: store, step..<step + 1)
            _ = try store.flush(upTo: store.visibleOffset)
        }
        store.close()
    }

    private static func options(_ root: String, _ point: CrashPoint? = nil) -> HotStore.Options {
        let (lake, archive) = (LocalPlace(root + "/lake"), LocalPlace(root + "/archive"))
        var options = HotStore.Options(
            lake: point.map { CrashingPlace(lake, $0) } ?? lake, scratch: root + "/scratch", pipeline: "test",
            tables: tables, memoryBytes: 1 << 29, threads: 1)
        options.archive = point.map { CrashingPlace(archive, $0) } ?? archive
        return options
    }

    private static func rows(_ root: String) throws -> [String: [String]] {
        let options = options(root)
        return try contents(
            LakeReader(options.lake, archive: options.archive, tables: tables, threads: 1).connect(), tables)
    }

    private static func run(_ work: Work, _ root: String, _ sample: SampleSteps, _ point: CrashPoint? = nil) throws {
        let options = options(root, point)
        let lake = LakeFolder(options.lake, archive: options.archive)
        if work == .flush {
            let store = try HotStore(options)
            defer { store.close() }
            sample.append(to: store, 0..<4)
            _ = try store.flush(upTo: store.visibleOffset)
            return
        }
        for name in tables.map(\.name) {
            let table = try lake.open(name)
            switch work {
            case .flush: break
            case .compact:
                let compaction = try Compaction(table)
                for group in compaction.groups() { _ = try compaction.run(group) }
            case .checkpoint: try table.checkpoint()
            case .vacuum: _ = try Vacuum(table, now: inAYear).run()
            case .restore: _ = try table.restore(.number(1))
            case .expire: _ = try table.expire(before: "2026-02-01")
            case .archive:
                let archive = try #require(options.archive)
                let archiving = try Archiving(table, to: archive.folder(name), now: inMarch)
                for partition in try archiving.partitions() { _ = try archiving.run(partition.value) }
            }
        }
    }

    /// What must hold whatever was cut off.
    private static func checkWhole(_ root: String, _ what: Comment) throws {
        for place in ["lake", "archive"] where FileManager.default.fileExists(atPath: "\(root)/\(place)") {
            let folder = try LakeFolder("\(root)/\(place)")
            for name in try folder.tables() {
                #expect(try TableVerification(folder.open(name)).run(reads: false).damage == [], what)
            }
        }
    }

    @Test(arguments: Work.allCases) func `a crash at any change leaves a lake that goes on`(work: Work) throws {
        let sample = SampleSteps(seed: 41, steps: 4, events: 20)
        let folder = TemporaryFolder()
        let start = folder.path + "/start"
        try Self.fill(start, sample)
        // What is old enough to go, for vacuum.
        if work == .vacuum {
            try Self.run(.compact, start, sample)
            try Self.run(.checkpoint, start, sample)
        }
        let before = try Self.rows(start)
        let done = folder.path + "/done"
        try FileManager.default.copyItem(atPath: start, toPath: done)
        try Self.run(work, done, sample)
        let after = try Self.rows(done)
        #expect((before != after) == (work.changesRows || work == .flush))
        var points = 0
        while true {
            let root = "\(folder.path)/\(points)"
            try FileManager.default.copyItem(atPath: start, toPath: root)
            let point = CrashPoint(points + 1, root: root, image: root + ".image")
            try? Self.run(work, root, sample, point)
            guard point.hasCrashed else { break }
            points += 1
            let what: Comment = "\(work) \(points)"
            let found = try Self.rows(point.image)
            // Each table is as it was or as it will be.
            for (table, rows) in found { #expect(rows == before[table] || rows == after[table], what) }
            try Self.checkWhole(point.image, what)
            try Self.run(work, point.image, sample)
            #expect(try Self.rows(point.image) == after, what)
            try Self.checkWhole(point.image, what)
            // A pipeline goes on from there.
            try Self.run(.flush, point.image, sample)
            try Self.checkWhole(point.image, what)
        }
        #expect(points >= 4, "\(work)")
    }
}

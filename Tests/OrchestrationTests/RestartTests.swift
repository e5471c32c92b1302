import Databases
import Foundation
import Market
import Platform
import Serving
import TestKit
import Testing

@testable import Orchestration

/// The same records in one run, and in several with what may happen between them: the same rows in all tables.
@Suite struct RestartTests {
    /// What happens to the checkpoints between two runs.
    private enum Damage: CaseIterable { case none, newestGone, allGone, newestFlipped, newestCut }

    private func harm(_ damage: Damage, _ folder: String, _ random: inout SeededGenerator) throws {
        let folder = folder + "/checkpoints/"
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).sorted()
        guard let newest = names.last else { return }
        var bytes = try Data(contentsOf: URL(filePath: folder + newest))
        switch damage {
        case .none: return
        case .newestGone: try FileManager.default.removeItem(atPath: folder + newest)
        case .allGone: for name in names { try FileManager.default.removeItem(atPath: folder + name) }
        case .newestFlipped:
            bytes[Int.random(in: 0..<bytes.count, using: &random)] ^= 4
            try bytes.write(to: URL(filePath: folder + newest))
        case .newestCut:
            try bytes.prefix(Int.random(in: 0..<bytes.count, using: &random)).write(to: URL(filePath: folder + newest))
        }
    }

    @Test func `a start and a stop without bars or anything new are in order`() throws {
        let folder = TemporaryFolder()
        for records in [[], [ScriptedRecord(feed: "one", ingestNs: 1, text: "not a frame")], [], []] {
            try Pipeline.play(records, configuration(folder.path))
        }
        #expect(try LakeContents(folder.path + "/lake").rows("dead_letters").count == 1)
    }

    @Test(arguments: 0..<6)
    func `stops, restarts and damaged checkpoints change no row`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 9000)
        let records = FrameScript(seed: seed, count: 300).records
        let whole = TemporaryFolder()
        try Pipeline.play(records, configuration(whole.path))
        let expected = try LakeContents(whole.path + "/lake")
        #expect(expected.rows("trades").count > 100 && expected.rows("quotes").count > 10)
        #expect(expected.rows("bars").count > 100 && expected.rows("indicators").count > 50)
        #expect(!expected.rows("dead_letters").isEmpty)
        let kind = try #require(Tables.coverage.columns.firstIndex { $0.name == "kind" })
        let kinds = Set(expected.rows("coverage").map { $0[kind].text })
        #expect(kinds.isSuperset(of: ["connection", "sequence_gap"]))

        let folder = TemporaryFolder()
        var rest = records[...]
        while !rest.isEmpty {
            let part = Array(rest.prefix(Int.random(in: 1...120, using: &random)))
            rest = rest.dropFirst(part.count)
            let pipeline = try Pipeline.playing(
                part, configuration(folder.path, flushRows: Int.random(in: 1...300, using: &random)))
            if Bool.random(using: &random) { #expect(pipeline.flush()) }
            pipeline.stop()
            if !rest.isEmpty { try harm(Damage.allCases.randomElement(using: &random)!, folder.path, &random) }
        }
        let differences = try LakeContents(folder.path + "/lake").differences(from: expected)
        #expect(differences == [])
    }

    @Test func `a checkpoint that is ahead of the journal is not used`() throws {
        let folder = TemporaryFolder(), other = TemporaryFolder()
        let records = FrameScript(seed: 3, count: 200).records
        try Pipeline.play(records, configuration(other.path))
        try Pipeline.play(Array(records[..<100]), configuration(folder.path))
        let checkpoints = try FileManager.default.contentsOfDirectory(atPath: other.path + "/checkpoints")
        for name in checkpoints {
            try? FileManager.default.copyItem(
                atPath: other.path + "/checkpoints/" + name, toPath: folder.path + "/checkpoints/" + name)
        }
        try Pipeline.play(Array(records[100...]), configuration(folder.path))
        let expected = try LakeContents(other.path + "/lake")
        let differences = try LakeContents(folder.path + "/lake").differences(from: expected)
        #expect(differences == [])
    }

    @Test func `retention keeps what the older checkpoint needs`() throws {
        let folder = TemporaryFolder(), whole = TemporaryFolder()
        var random = SeededGenerator(seed: 4)
        var records = FrameScript(seed: 4, count: 400).records
        // Frames of noise, which nothing makes smaller, so that segments fill up.
        for place in stride(from: 20, to: records.count, by: 4) {
            let noise = (0..<4000).map { _ in String(UInt64.random(in: .min ... .max, using: &random), radix: 36) }
            records.insert(ScriptedRecord(feed: records[place].feed, ingestNs: 0, text: noise.joined()), at: place)
        }
        let small = "journal: { segment: 1MiB, retain_bytes: 1MiB }"
        // The newest checkpoint is damaged after every part, so that each goes on from the one before.
        for part in stride(from: 0, to: records.count, by: 100) {
            let pipeline = try Pipeline.playing(
                Array(records[part..<min(part + 100, records.count)]), configuration(folder.path, other: small))
            #expect(pipeline.flush())
            #expect(part < 200 || pipeline.status.journal.oldestOffset > 0)
            pipeline.stop()
            if part > 0 { try harm(.newestFlipped, folder.path, &random) }
        }
        try Pipeline.play(records, configuration(whole.path))
        let expected = try LakeContents(whole.path + "/lake")
        let differences = try LakeContents(folder.path + "/lake").differences(from: expected)
        #expect(differences == [])
    }
}

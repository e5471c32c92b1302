import Analytics
import Feeds
import Foundation
import Journaling
import Lake
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Orchestration

/// A journal through engine stage and store, cut into steps and lives at random places, also in the middle of a flush.
@Suite struct CutTests {
    /// Ends a life at a point that a flush passes.
    private final class Fuse: Sendable {
        private let left: Mutex<Int>
        init(_ points: Int) { left = Mutex(points) }
        func burn() throws(LakeError) {
            let isOver = left.withLock { left in
                left -= 1
                return left == 0
            }
            if isOver { throw LakeError(.io, "crash", operation: "test") }
        }
    }

    private func write(_ records: [ScriptedRecord], to path: String, blockBytes: Int) throws {
        var options = Journal.Options()
        options.blockBytes = blockBytes
        let journal = try Journal(path: path, options: options)
        defer { journal.close() }
        for record in records {
            let feed = try journal.feed(named: record.feed)
            try Array(record.text.utf8).withUnsafeBytes { bytes in
                _ = try journal.append(
                    record.kind, feed: feed, ingestTime: Timestamp(nanoseconds: record.ingestNs), payload: bytes)
            }
        }
    }

    /// Reads on until the end of the journal or a crash; where it is not random: one step, one flush, no crash.
    ///
    /// - Returns: true where the end was reached and everything is stored.
    private func live(_ folder: String, _ random: inout SeededGenerator, isRandom: Bool) throws -> Bool {
        func chance(_ percent: Int) -> Bool { isRandom && Int.random(in: 0..<100, using: &random) < percent }
        let journal = try Journal(path: folder + "/journal")
        defer { journal.close() }
        var options = HotStore.Options(lake: folder + "/lake", pipeline: "test")
        let fuse = Fuse(chance(50) ? Int.random(in: 1...40, using: &random) : 0)
        options.reached = { _ throws(LakeError) in try fuse.burn() }
        let store = try HotStore(options)
        let checkpoints = try CheckpointStore(folder: folder + "/checkpoints")
        let names = FeedNames()
        names.load(from: journal)
        let stage = try EngineStage(
            configuration(folder).engine(), board: MarketBoard(), feedNames: names,
            makeDecoder: FeedRegistry.makeDecoder)
        try Pipeline.resume(stage, checkpoints, journal, store)
        let reader = try journal.makeReader(from: stage.offset)
        var step = stage.makeStep()
        while stage.offset < journal.durableOffset {
            guard let block = try reader.next(timeoutNs: nil) else { break }
            stage.process(block, into: step)
            if chance(3) { return false }
            let isLast = stage.offset == journal.durableOffset
            guard isLast || chance(40) else { continue }
            try append(step, stage, store)
            if isLast || chance(30) {
                guard try Self.flush(store, upTo: step.endOffset - 1), !chance(15) else { return false }
                try checkpoints.save(stage.encode(), offset: step.endOffset)
                if chance(15) { return false }
            }
            step = stage.makeStep()
        }
        return true
    }

    /// - Returns: false where the fuse burnt down on the way.
    private static func flush(_ store: HotStore, upTo offset: Int64) throws -> Bool {
        do {
            _ = try store.flush(upTo: offset)
            return true
        } catch {
            guard error.message == "crash" else { throw error }
            return false
        }
    }

    private func append(_ step: Step, _ stage: EngineStage, _ store: HotStore) throws {
        let open = BarBatch(intervals: step.output.bars.intervals)
        stage.engine.openBars(into: open)
        let batches: [any ColumnarBatch] = [
            step.frames, step.events.deadLetters, step.events.trades, step.events.quotes, step.output.bars,
            step.output.indicators,
        ]
        store.append(batches, openBars: open, stage.dictionaries(), upTo: step.endOffset - 1)
    }

    @Test(arguments: 0..<12)
    func `steps, flushes and crashes anywhere change no row`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 500)
        let records = FrameScript(seed: seed &+ 100, count: 250).records
        let whole = TemporaryFolder(), cut = TemporaryFolder()
        try write(records, to: whole.path + "/journal", blockBytes: 1 << 20)
        try write(records, to: cut.path + "/journal", blockBytes: Int.random(in: 64...3000, using: &random))
        #expect(try live(whole.path, &random, isRandom: false))
        var lives = 1
        while try !live(cut.path, &random, isRandom: lives < 60) { lives += 1 }
        let expected = try LakeContents(whole.path + "/lake")
        #expect(expected.rows("trades").count > 50 && expected.rows("bars").count > 50)
        #expect(try LakeContents(cut.path + "/lake").differences(from: expected) == [], "\(lives) lives")
    }
}

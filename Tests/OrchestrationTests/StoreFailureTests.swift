import Foundation
import Platform
import Serving
import Synchronization
import TestKit
import Testing

@testable import Orchestration

/// A store that cannot write: the pipeline says so, keeps everything, and goes on when it can.
@Suite struct StoreFailureTests {
    private let folder = TemporaryFolder()
    private let records = FrameScript(seed: 12, count: 400).records

    /// A file in the place of the folder that a flush needs: what stops everybody, also root.
    private var obstacle: String { folder.path + "/lake/trades/date=2023-11-14" }

    private func block() throws { try Data("in the way".utf8).write(to: URL(filePath: obstacle)) }
    private func unblock() throws { try FileManager.default.removeItem(atPath: obstacle) }

    private func expected() throws -> LakeContents {
        let whole = TemporaryFolder()
        try Pipeline.play(records, configuration(whole.path))
        return try LakeContents(whole.path + "/lake")
    }

    private func check(_ pipeline: Pipeline, _ name: String) -> Bool? {
        pipeline.status.checks.first { $0.name == name }?.isOK
    }

    /// Pipeline with records in hot tables and a flush that fails.
    private func failing() throws -> Pipeline {
        let pipeline = try Pipeline(configuration(folder.path, flushRows: 1))
        try block()
        pipeline.start()
        pipeline.run(ScriptSource(records: records, holds: true), name: "script")
        #expect(eventually { pipeline.flushLoop.report.failure != nil })
        return pipeline
    }

    @Test func `a failing store is shown, loses nothing, and recovers by itself`() throws {
        let pipeline = try failing()
        #expect(pipeline.status.sinks[0].state == "degraded")
        #expect(pipeline.status.sinks[0].detail?.contains("date=2023-11-14") == true)
        #expect(check(pipeline, "sink lake") == false && !pipeline.status.isReady)
        try unblock()
        #expect(pipeline.flush())
        #expect(pipeline.status.sinks[0].state == "live" && pipeline.status.sinks[0].detail == nil)
        #expect(check(pipeline, "sink lake") == true)
        pipeline.stop()
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected()) == [])
    }

    @Test func `a stop while the store fails ends, and the next start stores the rest`() throws {
        let pipeline = try failing()
        // More rows than memory may hold: the engine then waits for the flush.
        for _ in 0..<8 {
            pipeline.run(ScriptSource(records: [ScriptedRecord(feed: "more", ingestNs: 1, text: "x")]), name: "more")
            Pause.wait(ns: 150_000_000)
        }
        #expect(eventually { pipeline.status.hotRows > pipeline.configuration.policy.hotRowsMax })
        let flag = Flag()
        let stopper = NamedThread("stop") {
            pipeline.stop()
            flag.raise()
        }
        #expect(eventually(seconds: 15) { flag.isRaised }, "the stop hangs")
        guard flag.isRaised else { return }
        stopper.join()
        try unblock()
        try Pipeline.play([], configuration(folder.path))
        let contents = try LakeContents(folder.path + "/lake")
        let expected = try expected()
        for table in ["trades", "quotes", "bars", "indicators"] {
            #expect(contents.rows(table) == expected.rows(table), "\(table)")
        }
        #expect(contents.rows("frames").count == expected.rows("frames").count + 8)
    }

    @Test func `a stop ends too where the store begins to fail only then`() throws {
        let pipeline = try Pipeline.playing(records, configuration(folder.path))
        #expect(eventually { pipeline.status.hotRows > 0 })
        try block()
        let flag = Flag()
        let stopper = NamedThread("stop") {
            pipeline.stop()
            flag.raise()
        }
        #expect(eventually(seconds: 15) { flag.isRaised }, "the stop hangs")
        try unblock()
        stopper.join()
        try Pipeline.play([], configuration(folder.path))
        #expect(try LakeContents(folder.path + "/lake").differences(from: expected()) == [])
    }
}

/// Something that happened, seen from another thread.
private final class Flag: Sendable {
    private let raised = Atomic(false)
    func raise() { raised.store(true, ordering: .releasing) }
    var isRaised: Bool { raised.load(ordering: .acquiring) }
}

import Delivery
import Foundation
import Journaling
import Lake
import Market
import Platform
import Serving
import TestKit
import Testing

@testable import Orchestration

/// Targets that have more than the journal, since another one filled them.
@Suite struct SinkAheadTests {
    private let folder = TemporaryFolder()

    private func settings(_ data: String, name: String = "test") throws -> PipelineConfiguration {
        try configuration(
            "\(folder.path)/\(data)", name: name,
            other:
                "  - objects: { url: \"\(folder.path)/out\", layout: batched, flush: 20ms, tables: [trades, quotes, bars] }"
        )
    }

    private func run(_ data: String, seed: UInt64, _ range: Range<Int>, _ body: (Pipeline) throws -> Void) throws {
        let records = Array(FrameScript(seed: seed, count: 600).records[range])
        let pipeline = try Pipeline.playing(records, settings(data))
        defer { pipeline.stop() }
        #expect(pipeline.catchUp())
        #expect(pipeline.flush())
        try body(pipeline)
    }

    private func sink(_ pipeline: Pipeline) -> SinkLoop { pipeline.sinkLoops[0] }
    private func hasEverything(_ pipeline: Pipeline) -> Bool {
        eventually {
            sink(pipeline).report.failure == nil && sink(pipeline).hasDelivered(upTo: pipeline.store.visibleOffset)
        }
    }
    private func isRefused(_ pipeline: Pipeline) -> Bool {
        eventually { sink(pipeline).report.isRefused } && pipeline.sinkStatuses[1].state == "failed"
    }
    private var objects: [String] {
        let names = FileManager.default.enumerator(atPath: folder.path + "/out")?.compactMap { $0 as? String } ?? []
        // Not what is being tried at the moment.
        return names.filter { !$0.contains("/.") }.sorted()
    }

    @Test func `a target that another journal filled is refused, also when this one has grown, until it is empty`()
        throws
    {
        try run("a", seed: 1, 0..<300) { #expect(hasEverything($0)) }
        let before = objects
        #expect(before.contains { $0.contains("trades/") })
        // The journal is shorter than what the target has.
        try run("b", seed: 2, 0..<100) { pipeline in
            #expect(isRefused(pipeline))
            #expect(sink(pipeline).report.failure?.contains("another journal filled it") == true)
            #expect(pipeline.flushedOffset > 90 && pipeline.status.sinks[0].state == "live")
        }
        // It is longer by now, and would pass for the one that filled it.
        try run("b", seed: 2, 100..<600) { pipeline in
            #expect(pipeline.journal.durableOffset > 400 && isRefused(pipeline))
            #expect(objects == before)
            try FileManager.default.removeItem(atPath: folder.path + "/out")
            #expect(hasEverything(pipeline))
            #expect(sink(pipeline).report.rows > 500 && pipeline.sinkStatuses[1].state == "live")
        }
        // Nothing is left that a later start would be measured by.
        for _ in 0..<2 { try run("b", seed: 3, 0..<20) { #expect(hasEverything($0)) } }
        #expect(!FileManager.default.fileExists(atPath: folder.path + "/b/sinks/objects.end"))
    }

    @Test func `a target that was away while the journal grew is compared with where the journal ended before`() throws
    {
        try run("a", seed: 1, 0..<300) { #expect(hasEverything($0)) }
        // Out of reach: a file stands where the folder was.
        let place = folder.path + "/out"
        try FileManager.default.moveItem(atPath: place, toPath: place + "-away")
        try "".write(toFile: place, atomically: true, encoding: .utf8)
        try run("b", seed: 2, 0..<400) { pipeline in
            #expect(eventually { sink(pipeline).report.failure != nil } && !sink(pipeline).report.isRefused)
        }
        try FileManager.default.removeItem(atPath: place)
        try FileManager.default.moveItem(atPath: place + "-away", toPath: place)
        try run("b", seed: 2, 400..<500) { #expect(isRefused($0)) }
        // The journal that filled it goes on.
        try run("a", seed: 1, 300..<500) { #expect(hasEverything($0)) }
    }

    @Test func `a target is refused where a topic ended before what it has`() throws {
        try run("a", seed: 1, 0..<300) { pipeline in
            #expect(hasEverything(pipeline))
            let last = try #require(sink(pipeline).report.opened)
            sink(pipeline).refuse(beyond: last + 1)
            #expect(eventually { sink(pipeline).report.isRefused })
        }
    }

    @Test func `a kept end that is damaged is told, and the lower one counts`() throws {
        let path = folder.path + "/sinks/s.end"
        #expect(try OpeningEnd(70, folder: folder.path, sink: "s").offset == 70)
        #expect(try OpeningEnd(90, folder: folder.path, sink: "s").offset == 70)
        // The journal was replaced by a shorter one meanwhile.
        let end = try OpeningEnd(50, folder: folder.path, sink: "s")
        #expect(end.offset == 50)
        try end.pass()
        try end.pass()
        #expect(try OpeningEnd(90, folder: folder.path, sink: "s").offset == 90)
        try "ninety".write(toFile: path, atomically: true, encoding: .utf8)
        #expect(throws: PipelineError.self) { try OpeningEnd(90, folder: folder.path, sink: "s") }
    }
}

import Databases
import Feeds
import Journaling
import Lake
import Market
import TestKit
import Testing

@testable import Orchestration

@Suite struct ConsumerPipelineTests {
    private let begin = ScriptedRecord(
        feed: "in", kind: .begin, ingestNs: 0,
        text: #"{"decoder":"consumed","format":"trades","venue":"V","continues":"true","origin":"a1"}"#)
    private func consumed(_ partition: Int, _ position: Int) -> ScriptedRecord {
        ScriptedRecord(
            feed: "in", ingestNs: Int64(position) * 1_000_000_000,
            text: "{\"consumed\":{\"stream\":\"t\",\"partition\":\"\(partition)\",\"position\":\"\(position)\"}}\n"
                + "{\"symbol\":\"A\",\"event_time_ns\":\(partition * 100 + position),\"price\":5,\"size\":1}")
    }
    private func name(_ partition: Int) -> String { "\"stream\":\"t\",\"partition\":\"\(partition)\"" }

    @Test func `a record that was journaled twice counts once, holes are no gaps, also over a restart`() throws {
        let folder = TemporaryFolder()
        let settings = try configuration(folder.path)
        let pipeline = try Pipeline.playing(
            [begin, consumed(0, 1), consumed(1, 1), consumed(0, 9), consumed(0, 1)], settings)
        #expect(pipeline.flush())
        #expect(pipeline.summary(seconds: 1).duplicates == 1)
        pipeline.stop()
        let again = try Pipeline.playing(
            [consumed(0, 9), consumed(0, 4), begin, consumed(1, 1), consumed(1, 2)], settings)
        defer { again.stop() }
        #expect(again.flush())
        let rows = try again.store.connect().query("SELECT event_time_ns FROM trades ORDER BY 1").collect().rows
        #expect(rows == [1, 9, 101, 102].map { [.integer($0)] })
        let gaps = try again.store.connect().query("SELECT count(*) FROM coverage WHERE kind = 'sequence_gap'")
            .collect()
        #expect(gaps.rows == [[.integer(0)]])
    }

    @Test func `a feed learns how far its earlier runs had come, from the journal and what its sessions said`() throws {
        let folder = TemporaryFolder()
        let settings = try configuration(folder.path)
        let first = try Pipeline.playing([begin, consumed(0, 3), consumed(0, 4), consumed(1, 7)], settings)
        first.stop()
        let pipeline = try Pipeline(settings)
        defer { pipeline.stop() }
        pipeline.start()
        let before = try #require(try pipeline.consumed(feed: "in", unless: { false }))
        #expect(before.positions[name(0)] == StreamNumber(4) && before.positions[name(1)] == StreamNumber(7))
        #expect(before.settings == begin.text)
        #expect(try pipeline.consumed(feed: "other", unless: { false })?.positions.isEmpty == true)
    }

    @Test func `what a session says of earlier ones outlives their records`() throws {
        let folder = TemporaryFolder()
        let settings = try configuration(folder.path)
        let text =
            #"{"decoder":"consumed","format":"trades","venue":"V","positions":"\"stream\":\"t\",\"partition\":\"0\","#
            + #"\"position\":\"6\""}"#
        let pipeline = try Pipeline.playing(
            [ScriptedRecord(feed: "in", kind: .begin, ingestNs: 0, text: text), consumed(0, 6), consumed(0, 7)],
            settings)
        #expect(pipeline.flush())
        let rows = try pipeline.store.connect().query("SELECT event_time_ns FROM trades").collect().rows
        #expect(rows == [[.integer(7)]])
        pipeline.stop()
        let again = try Pipeline(settings)
        defer { again.stop() }
        again.start()
        #expect(try again.consumed(feed: "in", unless: { false })?.positions[name(0)] == StreamNumber(7))
    }
}

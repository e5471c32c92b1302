import Databases
import Feeds
import Foundation
import Journaling
import Lake
import Market
import Platform
import Serving
import TestKit
import Testing

@testable import Orchestration

@Suite struct PipelineTests {
    private func trade(_ id: Int, _ ms: Int64, _ price: String) -> ScriptedRecord {
        ScriptedRecord(
            feed: "line", ingestNs: ms * 1_000_000 + 5_000_000,
            text:
                #"{"e":"trade","E":\#(ms),"s":"BTCUSDT","t":\#(id),"p":"\#(price)","q":"0.5","T":\#(ms),"m":false,"M":true}"#
        )
    }
    private let begin = ScriptedRecord(
        feed: "line", kind: .begin, ingestNs: 0, text: #"{"decoder":"binance","venue":"V"}"#)
    private let end = ScriptedRecord(feed: "line", kind: .end, ingestNs: 9_000_000_000)

    @Test func `frames become exactly the rows that they hold, in hot tables and in the lake`() throws {
        let folder = TemporaryFolder()
        // Offset 0 names the feed, 1 begins.
        let first = [begin, trade(1, 1000, "10"), trade(2, 1250, "12"), trade(2, 1250, "12")]
        let rest = [
            trade(3, 1750, "11"), trade(4, 2500, "9.5"), ScriptedRecord(feed: "line", ingestNs: 7, text: "?"), end,
        ]
        let pipeline = try Pipeline.playing(first, configuration(folder.path, intervals: "1s"))
        #expect(pipeline.flush())
        pipeline.run(ScriptSource(records: rest), name: "more")
        #expect(eventually { pipeline.status.visibleOffset == 9 })
        func values(_ sql: String) throws -> [[SQLValue]] { try pipeline.store.connect().query(sql).collect().rows }
        for place in ["hot and lake", "lake"] {
            let trades = try values(
                "SELECT trade_id, journal_offset, event_time_ns, price FROM trades ORDER BY ALL")
            #expect(
                trades == [
                    [.integer(1), .integer(2), .integer(1_000_000_000), .double(10)],
                    [.integer(2), .integer(3), .integer(1_250_000_000), .double(12)],
                    [.integer(3), .integer(5), .integer(1_750_000_000), .double(11)],
                    [.integer(4), .integer(6), .integer(2_500_000_000), .double(9.5)],
                ], "\(place)")
            let bars = try values(
                """
                SELECT start_ns, open, high, low, close, volume, trades::BIGINT, journal_offset FROM bars
                WHERE price_type = 'trade' AND final ORDER BY ALL
                """)
            #expect(
                bars == [
                    [.integer(1_000_000_000)] + [10, 12, 10, 11, 1.5].map(SQLValue.double) + [
                        .integer(3), .integer(8),
                    ],
                    [.integer(2_000_000_000)] + [9.5, 9.5, 9.5, 9.5, 0.5].map(SQLValue.double) + [
                        .integer(1), .integer(8),
                    ],
                ], "\(place)")
            #expect(
                try values("SELECT reason, journal_offset, payload::VARCHAR FROM dead_letters") == [
                    [.text("malformed"), .integer(7), .text("?")]
                ], "\(place)")
            #expect(
                try values(
                    "SELECT list(journal_offset ORDER BY journal_offset)::VARCHAR, count(DISTINCT feed) FROM frames")
                    == [[.text("[2, 3, 4, 5, 6, 7]"), .integer(1)]], "\(place)")
            if place == "lake" { break }
            #expect(pipeline.status.hotRows > 0)
            #expect(pipeline.flush())
            #expect(pipeline.status.hotRows == 0)
        }
        let summary = pipeline.summary(seconds: 1)
        #expect(summary.rowsStored == 4 && summary.duplicates == 1 && summary.deadLetters == 1 && summary.frames == 6)
        let contents = try LakeContents(pipeline)
        pipeline.stop()
        #expect(try LakeContents(folder.path + "/lake").differences(from: contents) == [])
    }

    @Test func `bars that are open at the end are there again after a restart, and nothing is said to be behind`()
        throws
    {
        let folder = TemporaryFolder()
        try Pipeline.play(
            [begin, trade(1, 1000, "10"), trade(2, 1250, "12")], configuration(folder.path, intervals: "1m"))
        let pipeline = try Pipeline(configuration(folder.path, intervals: "1m"))
        pipeline.start()
        defer { pipeline.stop() }
        #expect(eventually { pipeline.status.visibleOffset == 4 })
        let bars = try pipeline.store.connect().query("SELECT close, trades::BIGINT, final FROM bars").collect().rows
        #expect(bars == [[.double(12), .integer(2), .boolean(false)]])
        #expect(pipeline.status.sinks[0].lagSeconds == 0 && pipeline.status.sinks[0].lagFrames == 0)
    }

    @Test func `simulated frames become the rows that their decoder makes`() throws {
        let folder = TemporaryFolder()
        let frames = SimulatedFrames(count: 300, seed: 5)
        let expected = EventBatch()
        let instruments = InstrumentTable()
        let decoder = FrameDecoders.simulator(
            DecoderContext(instruments: instruments, conditions: StringTable(), feedNumber: 0))
        var records = [ScriptedRecord(feed: "sim", kind: .begin, ingestNs: 0, text: #"{"decoder":"simulator"}"#)]
        for index in 0..<frames.count {
            frames.withFrame(index) { bytes in
                decoder.decode(
                    payload: bytes, journalOffset: Int64(index + 2), ingestTimeNs: frames.ingestTimesNs[index],
                    into: expected)
                records.append(
                    ScriptedRecord(
                        feed: "sim", ingestNs: frames.ingestTimesNs[index], text: String(decoding: bytes, as: UTF8.self)
                    ))
            }
        }
        try Pipeline.play(records, configuration(folder.path))
        let connection = try LakeReader(folder.path + "/lake").connect()
        func texts(_ sql: String) throws -> [String] {
            try connection.query(sql).collect().rows.map { "\($0)" }.sorted()
        }
        func instrument(_ identifier: InstrumentID) -> [SQLValue] {
            [.text(instruments[identifier].venue), .text(instruments[identifier].symbol)]
        }
        let trades = (0..<expected.trades.count).map { row -> String in
            let batch = expected.trades
            return
                "\(instrument(batch.instrument[row]) + [.integer(batch.eventTimeNs[row]), .integer(batch.ingestTimeNs[row]), .double(batch.price[row]), .double(batch.size[row]), .integer(batch.tradeID[row]), .integer(batch.journalOffset[row]), .integer(Int64(batch.frameIndex[row]))])"
        }
        #expect(
            try texts(
                "SELECT venue, symbol, event_time_ns, ingest_time_ns, price, size, trade_id, journal_offset, frame_index FROM trades"
            ) == trades.sorted())
        let quotes = (0..<expected.quotes.count).map { row -> String in
            let batch = expected.quotes
            return
                "\(instrument(batch.instrument[row]) + [.integer(batch.eventTimeNs[row]), .double(batch.bid[row]), .double(batch.ask[row]), .integer(batch.journalOffset[row]), .integer(Int64(batch.frameIndex[row]))])"
        }
        #expect(
            try texts("SELECT venue, symbol, event_time_ns, bid, ask, journal_offset, frame_index FROM quotes")
                == quotes.sorted())
        #expect(trades.count > 100 && quotes.count > 100)
    }

    @Test func `frames of a session that nothing can decode become dead letters that say so`() throws {
        let folder = TemporaryFolder()
        let unknown = ScriptedRecord(feed: "line", kind: .begin, ingestNs: 0, text: #"{"decoder":"tea leaves"}"#)
        let records = [unknown, trade(1, 1000, "10"), trade(2, 1250, "12"), begin, trade(2, 1250, "12"), end]
        try Pipeline.play(records, configuration(folder.path))
        let contents = try LakeContents(folder.path + "/lake")
        #expect(contents.rows("frames").count == 3)
        #expect(contents.rows("trades").count == 1)
        let letters = try LakeReader(folder.path + "/lake").connect()
            .query("SELECT journal_offset, reason, detail, feed FROM dead_letters ORDER BY 1").collect().rows
        #expect(
            letters
                == [2, 3].map {
                    [.integer($0), .text("malformed"), .text("no session of this feed can decode it"), .text("line")]
                })
    }

    @Test func `a second pipeline on the same folder is refused, and the folder is free after the end`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline(configuration(folder.path))
        pipeline.start()
        let error = #expect(throws: JournalError.self) { try Pipeline(configuration(folder.path)) }
        #expect("\(error!)".contains("\(ProcessInfo.processInfo.processIdentifier)"), "\(error!)")
        pipeline.stop()
        try Pipeline(configuration(folder.path)).stop()
    }

    @Test func `two pipelines of one name on one lake are refused`() throws {
        let folder = TemporaryFolder()
        let lake = folder.path + "/shared"
        func configuration(_ name: String, in data: String) throws -> PipelineConfiguration {
            try PipelineConfiguration.parse(
                "{ pipeline: \(name), data: \(folder.path)/\(data), sinks: [ lake: { path: \(lake) } ] }", file: nil,
                components: Registry.components)
        }
        let pipeline = try Pipeline(configuration("one", in: "a"))
        let error = #expect(throws: LakeError.self) { try Pipeline(configuration("one", in: "b")) }
        #expect(error?.code == .locked)
        // The journal of what was refused is free again.
        try Journal(path: folder.path + "/b/journal").close()
        try Pipeline(configuration("two", in: "c")).stop()
        pipeline.stop()
    }

    @Test func `what was recorded under a name goes on under that name only`() throws {
        let folder = TemporaryFolder()
        func configuration(_ name: String) throws -> PipelineConfiguration {
            try PipelineConfiguration.parse(
                "{ pipeline: \(name), data: \(folder.path) }", file: nil, components: Registry.components)
        }
        // Nothing is recorded yet: the name may still change.
        try Pipeline(configuration("first")).stop()
        #expect(try PipelineCheck.findings(configuration("second")).allSatisfy(\.isOK))
        try Pipeline.play([begin, trade(1, 1000, "10"), end], configuration("second"))
        let error = #expect(throws: PipelineError.self) { try Pipeline(configuration("third")) }
        #expect("\(error!)".contains("`pipeline: second`"), "\(error!)")
        let finding = try PipelineCheck.findings(configuration("third")).first { $0.name == "data folder" }
        #expect(finding?.isOK == false && finding?.detail == "\(error!)")
        // The journal is free again, and nothing has changed.
        try Pipeline.play([begin, trade(2, 1250, "12"), end], configuration("second"))
        #expect(try LakeContents(folder.path + "/lake").rows("trades").count == 2)
    }

    @Test func `the lake of a longer journal is refused`() throws {
        let folder = TemporaryFolder()
        try Pipeline.play([begin, trade(1, 1000, "10"), trade(2, 1250, "12"), end], configuration(folder.path))
        try FileManager.default.removeItem(atPath: folder.path + "/journal")
        let error = #expect(throws: PipelineError.self) { try Pipeline(configuration(folder.path)) }
        #expect("\(error!)".contains("not the journal that filled this lake"))
        let before = try LakeContents(folder.path + "/lake")
        #expect(before.rows("trades").count == 2)
        // Refused again: nothing was written that would make it look right.
        #expect(throws: PipelineError.self) { try Pipeline(configuration(folder.path)) }
    }

    @Test func `other intervals read the journal again, and stored rows stay as they are`() throws {
        let folder = TemporaryFolder()
        let records = FrameScript(seed: 77, count: 400).records
        try Pipeline.play(Array(records[..<250]), configuration(folder.path, intervals: "1s, 1m"))
        let before = try LakeContents(folder.path + "/lake")
        let pipeline = try Pipeline(configuration(folder.path, intervals: "5s, 1m"))
        #expect(pipeline.flushedOffset == 0)
        pipeline.start()
        pipeline.run(ScriptSource(records: Array(records[250...])), name: "script")
        #expect(eventually { pipeline.areFeedsFinished })
        #expect(pipeline.flush())
        pipeline.stop()
        let after = try LakeContents(folder.path + "/lake")
        let whole = TemporaryFolder()
        try Pipeline.play(records, configuration(whole.path, intervals: "5s, 1m"))
        let expected = try LakeContents(whole.path + "/lake")
        for table in ["frames", "dead_letters", "trades", "quotes"] {
            #expect(after.rows(table) == expected.rows(table), "\(table)")
        }
        // What was final before stays; what becomes final from now on has the new intervals.
        let stored = Set(after.rows("bars").map { "\($0)" })
        #expect(before.rows("bars").allSatisfy { stored.contains("\($0)") })
        let intervals = try LakeReader(folder.path + "/lake").connect()
            .query("SELECT DISTINCT interval FROM bars ORDER BY 1").collect().rows
        #expect(intervals == [[.text("1m")], [.text("1s")], [.text("5s")]])
    }
}

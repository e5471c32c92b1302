import Feeds
import Market
import Testing

@Suite struct DiagnosticsDecoderTests {
    private static let snapshot =
        #"{"kind":"snapshot","pipeline":"crypto","time_ns":1795332356220191150,"rows":["#
        + #"{"component":"sink","name":"lake","metric":"tapedeck_sink_lag_seconds","statistic":"value","value":0.1,"unit":"seconds"},"#
        + #"{"component":"engine","name":"","metric":"tapedeck_trades","statistic":"value","value":9007199254740991,"unit":null}]}"#
    private static let logs =
        #"{"kind":"logs","pipeline":"crypto","time_ns":1795332356220191150,"rows":["#
        + #"{"time_ns":1795332355000000001,"level":"warning","component":"sink","name":"a\"b","message":"cannot deliver","#
        + #""fields":"{\"sink\":\"a\\\"b\",\"rows\":3}","count":7}]}"#

    private func decoded(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { try! FeedRegistry.makeDecoder(settings: DiagnosticsFrame.settings, context: $0) }
        for frame in frames { result.decode(frame) }
        return result
    }

    @Test func `a snapshot is a row per number`() {
        let result = decoded("{}", Self.snapshot)
        let rows = result.events.diagnostics, place = Tables.diagnostics.place
        #expect(rows.count == 2 && result.events.logs.count == 0 && result.reasons == ["malformed"])
        #expect(
            (0..<2).map { rows.integer(place("event_time_ns"), row: $0) } == [
                1_795_332_356_220_191_150, 1_795_332_356_220_191_150,
            ])
        #expect((0..<2).map { rows.integer(place("journal_offset"), row: $0) } == [1, 1])
        #expect((0..<2).map { rows.integer(place("frame_index"), row: $0) } == [0, 1])
        #expect(
            ["pipeline_name", "component", "name", "metric", "statistic", "unit"].map { rows.text(place($0), row: 0) }
                == ["crypto", "sink", "lake", "tapedeck_sink_lag_seconds", "value", "seconds"])
        #expect(rows.text(place("name"), row: 1).isEmpty && rows.text(place("unit"), row: 1).isEmpty)
        #expect((0..<2).map { rows.number(place("value"), row: $0) } == [0.1, 9_007_199_254_740_991])
    }

    @Test func `messages are rows, their particulars as they were written`() {
        let result = decoded(Self.logs)
        let rows = result.events.logs, place = Tables.logs.place
        #expect(rows.count == 1 && result.events.diagnostics.count == 0 && result.deadLetters.isEmpty)
        #expect(rows.integer(place("event_time_ns"), row: 0) == 1_795_332_355_000_000_001)
        #expect(rows.integer(place("count"), row: 0) == 7)
        #expect(
            ["pipeline_name", "component", "name", "level", "message", "fields"].map { rows.text(place($0), row: 0) }
                == ["crypto", "sink", "a\"b", "warning", "cannot deliver", #"{"sink":"a\"b","rows":3}"#])
    }

    @Test func `what is written is what is read`() {
        let metrics = [0.1, -1e300, 2.5e-308, 1.0 / 3].map {
            DiagnosticsFrame.Metric(component: "feed", name: "x/y", metric: "m", statistic: "p99", value: $0, unit: nil)
        }
        let message = DiagnosticsFrame.Message(
            timeNs: 5, level: "error", component: "process", name: "", message: "ä\n\"\u{1}", fields: "{}", count: 1)
        let result = decoded(
            String(decoding: DiagnosticsFrame.snapshot(metrics, pipeline: "p", timeNs: 7), as: UTF8.self),
            String(decoding: DiagnosticsFrame.logs([message], pipeline: "p", timeNs: 7), as: UTF8.self))
        let value = Tables.diagnostics.place("value")
        #expect((0..<4).map { result.events.diagnostics.number(value, row: $0) } == metrics.map(\.value))
        #expect(result.events.logs.text(Tables.logs.place("message"), row: 0) == message.message)
        #expect(result.deadLetters.isEmpty)
    }

    @Test func `a frame that cannot be right is a dead letter, and none of its rows is kept`() {
        for (frame, reason) in [
            ("?", "malformed"), (#"{"kind":"snapshot"}"#, "malformed"),
            (Self.snapshot.replacing("\"snapshot\"", with: "\"picture\""), "malformed"),
            (Self.snapshot.replacing("\"value\":0.1", with: "\"value\":\"0.1\""), "malformed"),
            (Self.snapshot.replacing("1795332356220191150", with: "-1"), "time_out_of_range"),
            (Self.logs.replacing("1795332355000000001", with: "9223372036854775807"), "time_out_of_range"),
            (Self.logs.replacing("\"count\":7", with: "\"count\":0.5"), "malformed"),
        ] {
            let result = decoded(frame)
            #expect(result.reasons == [reason], "\(frame.prefix(60))")
            #expect(result.events.diagnostics.count == 0 && result.events.logs.count == 0, "\(frame.prefix(60))")
        }
    }
}

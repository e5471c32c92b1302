import Databases
import Feeds
import Foundation
import Journaling
import Lake
import Market
import Platform
import TestKit
import Testing

@testable import Orchestration

@Suite struct DiagnosticsTests {
    /// Metrics that are other at every moment.
    private static let restless: Set = [
        "tapedeck_process_memory_bytes", "tapedeck_process_cpu_seconds", "tapedeck_disk_free_bytes",
        "tapedeck_feed_watermark_delay_seconds", "tapedeck_sink_lag_seconds",
    ]
    private static let minute: Int64 = 60_000_000_000

    private func values(_ pipeline: Pipeline, _ sql: String) throws -> [[SQLValue]] {
        try pipeline.store.connect().query(sql).collect().rows
    }

    /// The lines of Prometheus text without buckets, as `metric name statistic` and number.
    private func numbers(_ text: String) -> [String: Double] {
        var numbers: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") && !line.contains("_bucket{") {
            let (series, value) = (line.split(separator: " ")[0], line.split(separator: " ")[1])
            let label = series.split(separator: "\"")
            var metric = String(series.prefix { $0 != "{" })
            var statistic = "value"
            for ending in ["count", "sum"] where metric.hasSuffix("_seconds_" + ending) {
                metric.removeLast(ending.count + 1)
                statistic = ending
            }
            numbers["\(metric) \(label.count > 1 ? String(label[1]) : "") \(statistic)"] = Double(value)
        }
        return numbers
    }

    @Test func `the first snapshot comes after an interval, with the numbers of the metrics`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(FrameScript(seed: 1, count: 60).records, configuration(folder.path))
        defer { pipeline.stop() }
        #expect(pipeline.flush())
        let recorder = try #require(pipeline.diagnostics)
        let head = pipeline.journal.nextOffset
        recorder.tick()
        #expect(pipeline.journal.nextOffset == head)
        let before = numbers(pipeline.metrics.text())
        recorder.tick(nowNs: Stopwatch.monotonicNs() + Self.minute)
        // Its name, the beginning of its session, the snapshot, perhaps messages of other tests.
        #expect(pipeline.journal.nextOffset >= head + 3)
        #expect(pipeline.catchUp())
        let rows = try values(
            pipeline, "SELECT metric || ' ' || name || ' ' || statistic, value, metric FROM diagnostics")
        var found: [String: Double] = [:]
        for row in rows {
            guard case .text(let series) = row[0], case .double(let value) = row[1] else { continue }
            #expect(found.updateValue(value, forKey: series) == nil, "\(series)")
        }
        let quantiles = found.filter { row in [" p50", " p99", " max"].contains { row.key.hasSuffix($0) } }
        #expect(quantiles.count >= 9 && quantiles.values.allSatisfy { $0 > 0 && $0 < 100 })
        #expect(Set(found.keys).subtracting(quantiles.keys) == Set(before.keys))
        #expect(before.count > 40 && before["tapedeck_feed_frames script value"] != nil)
        for (series, value) in before where !Self.restless.contains(String(series.prefix { $0 != " " })) {
            #expect(found[series] == value, "\(series)")
        }
        let units = try values(
            pipeline, "SELECT DISTINCT unit FROM diagnostics WHERE metric = 'tapedeck_sink_lag_seconds'")
        #expect(units == [[.text("seconds")]])
        #expect(
            try values(pipeline, "SELECT count(DISTINCT event_time_ns), min(pipeline_name) FROM diagnostics") == [
                [.integer(1), .text("test")]
            ])
        #expect(try values(pipeline, "SELECT count(*) FROM dead_letters WHERE feed = 'diagnostics'") == [[.integer(0)]])
        #expect(try values(pipeline, "SELECT count(*) FROM coverage WHERE feed = 'diagnostics'") == [[.integer(0)]])
    }

    @Test func `durations are those since the snapshot before`() throws {
        let metrics = Metrics()
        var rows = MetricRows()
        let histogram = metrics.histogram("tapedeck_flush_seconds", help: "F.")
        func row(_ statistic: String) -> Double? {
            rows.rows(metrics.readings()).first { $0.statistic == statistic }?.value
        }
        for _ in 0..<200 { histogram.record(ns: 3_000_000_000) }
        #expect(row("p50") == 4.194304)
        #expect(row("max") == nil, "there was none since")
        histogram.record(ns: 900)
        #expect(row("max") == 1e-6)
        histogram.record(ns: 900)
        #expect(row("count") == 202)
    }

    @Test func `a busy journal gets neither snapshots nor messages, and what is left out is counted`() throws {
        let folder = TemporaryFolder()
        var options = Journal.Options()
        options.bufferBytes = 2000
        options.blockBytes = 1000
        let journal = try Journal(path: folder.path, options: options)
        let metrics = Metrics()
        for number in 0..<40 { metrics.gauge("tapedeck_\(number)", help: "N.").set(1) }
        let settings = DiagnosticsSettings(everyNs: Self.minute, level: .error)
        let recorder = DiagnosticsRecorder(
            settings, pipeline: "p", journal: journal, feedNames: FeedNames(), metrics: metrics, nowNs: 0)
        for snapshot in 1...3 { recorder.tick(nowNs: Int64(snapshot) * Self.minute) }
        #expect(metrics.text().contains("\ntapedeck_diagnostics_dropped_total 3\n"))
        #expect(journal.nextOffset == 2, "its name and the beginning of its session")
        journal.close()
        recorder.tick(nowNs: 4 * Self.minute)
        #expect(metrics.text().contains("\ntapedeck_diagnostics_dropped_total 4\n"))
        recorder.end()
    }

    @Test func `messages come with the first snapshot, from then on at every tick`() throws {
        let folder = TemporaryFolder()
        let mark = "message \(folder.path)"
        let pipeline = try Pipeline(configuration(folder.path))
        pipeline.start()
        defer { pipeline.stop() }
        let recorder = try #require(pipeline.diagnostics)
        let start = Stopwatch.monotonicNs()
        func stored() throws -> [[SQLValue]] {
            #expect(pipeline.catchUp())
            return try values(
                pipeline,
                "SELECT level, fields, count, component, name FROM logs WHERE message = '\(mark)' ORDER BY journal_offset, frame_index"
            )
        }
        Log.info("\(mark)")
        Log.warning("\(mark)", ["sink": "s"])
        recorder.tick(nowNs: start)
        #expect(try stored().isEmpty)
        recorder.tick(nowNs: start + 2 * Self.minute)
        let first: [SQLValue] = [.text("warning"), .text(#"{"sink":"s"}"#), .integer(1), .text("sink"), .text("s")]
        #expect(try stored() == [first])
        for _ in 0..<5 { Log.warning("\(mark)", ["sink": "s"]) }
        Log.error("\(mark)")
        recorder.tick(nowNs: start + 2 * Self.minute + 1_000_000_000)
        let second: [SQLValue] = [.text("error"), .text("{}"), .integer(1), .text("process"), .text("")]
        #expect(try stored() == [first, first, second].map { $0 })
        recorder.tick(nowNs: start + 4 * Self.minute)
        #expect(try stored().map { $0[2] } == [1, 1, 1, 4].map(SQLValue.integer))
    }

    @Test func `the same journal gives the same rows, wherever it was stopped`() throws {
        let folder = TemporaryFolder(), again = TemporaryFolder()
        var records = FrameScript(seed: 2, count: 120).records
        let metric = DiagnosticsFrame.Metric(
            component: "feed", name: "f", metric: "m", statistic: "value", value: 0.1, unit: "rows")
        let message = DiagnosticsFrame.Message(
            timeNs: 1_700_000_000_000_000_000, level: "error", component: "process", name: "", message: "ä",
            fields: "{}",
            count: 2)
        func record(_ kind: RecordKind, _ bytes: [UInt8]) -> ScriptedRecord {
            ScriptedRecord(
                feed: "diagnostics", kind: kind, ingestNs: 1_700_000_000_000_000_000,
                text: String(decoding: bytes, as: UTF8.self))
        }
        for place in stride(from: 110, to: 0, by: -10) {
            let frame =
                place % 20 == 0
                ? DiagnosticsFrame.logs([message], pipeline: "p", timeNs: Int64(place))
                : DiagnosticsFrame.snapshot([metric, metric], pipeline: "p", timeNs: Int64(place))
            records.insert(record(.data, frame), at: place)
        }
        records.insert(record(.begin, Array(DiagnosticsFrame.settings.utf8)), at: 5)
        try Pipeline.play(records, configuration(folder.path))
        let expected = try LakeContents(folder.path + "/lake")
        #expect(expected.rows("diagnostics").count == 12 && expected.rows("logs").count == 5)
        for part in stride(from: 0, to: records.count, by: 37) {
            try Pipeline.play(Array(records[part..<min(part + 37, records.count)]), configuration(again.path))
        }
        #expect(try LakeContents(again.path + "/lake").differences(from: expected) == [])
    }

    @Test func `they can be turned off, and are off where the journal is in Kafka`() throws {
        func parse(_ text: String) throws -> DiagnosticsSettings? {
            try PipelineConfiguration.parse(text, file: "p.yaml", components: Registry.components).diagnostics
        }
        #expect(try parse("")?.everyNs == Self.minute && parse("")?.level == .warning)
        #expect(try parse("diagnostics: off") == nil && parse("diagnostics: { every: off }") == nil)
        #expect(try parse("diagnostics: 10s")?.everyNs == 10_000_000_000)
        #expect(try parse("diagnostics: { level: info }")?.level == .info)
        let shared = "journal: { kafka: { brokers: [b:9092] } }\nstate: s\n"
        #expect(try parse(shared) == nil && parse(shared + "diagnostics: off") == nil)
        for (text, said) in [
            ("diagnostics: often", "p.yaml:1: diagnostics: `every`: `often` is neither a time span nor `off`"),
            ("diagnostics: 10ms", "p.yaml:1: diagnostics: `every`: `10ms` is shorter than a second"),
            ("diagnostics: { level: loud }", "p.yaml:1: diagnostics: `level`"),
            (shared + "diagnostics: 1m", "p.yaml:3: diagnostics are not kept where the journal is in Kafka"),
            (
                "feeds: [{ simulator: { name: diagnostics } }]",
                "`diagnostics` is the name under which the program journals"
            ),
        ] {
            let error = #expect(throws: ConfigErrors.self) { _ = try parse(text) }
            #expect("\(error.map { "\($0)" } ?? "")".contains(said), "\(text): \(error.map { "\($0)" } ?? "")")
        }
        let folder = TemporaryFolder()
        let pipeline = try Pipeline(configuration(folder.path, other: "diagnostics: off"))
        #expect(pipeline.diagnostics == nil && !pipeline.metrics.text().contains("diagnostics"))
        pipeline.stop()
    }
}

import Platform
import Synchronization
import Testing

@Suite(.serialized) struct LogObserverTests {
    private final class Seen: Sendable {
        let records = Mutex<[LogRecord]>([])
        func of(_ message: String) -> [LogRecord] { records.withLock { $0.filter { $0.message.hasPrefix(message) } } }
    }

    @Test func `an observer gets messages from its level on, until it ends`() {
        let seen = Seen()
        let number = Log.observe(from: .warning) { record in seen.records.withLock { $0.append(record) } }
        Log.info("observed: too little")
        Log.warning("observed: enough", ["rows": 3, "sink": "a \"b\""])
        Log.stopObserving(number)
        Log.error("observed: too late")
        let records = seen.of("observed")
        #expect(records.map(\.message) == ["observed: enough"] && records.first?.level == .warning)
        #expect(records.first?.fields.map(\.name) == ["rows", "sink"])
        #expect(records.first?.fields.map(\.json) == ["3", #""a \"b\"""#])
        #expect(records.first?.fields.map(\.text) == ["3", "a \"b\""])
    }

    @Test func `secrets of a configuration are in no message, wherever they came from`() throws {
        let spec = Spec("venue", "A venue.", options: [.secret("token", "Key."), .text("url", "Address.")])
        _ = try Options(spec, assignments: ["token=s3cr\"et-token", "url=https://venue.example"])
        let seen = Seen()
        let number = Log.observe(from: .warning) { record in seen.records.withLock { $0.append(record) } }
        defer { Log.stopObserving(number) }
        Log.warning("refused: s3cr\"et-token", ["url": "https://venue.example?token=s3cr\"et-token", "tries": 3])
        let record = try #require(seen.of("refused").first)
        #expect(record.message == "refused: ***")
        #expect(record.fields.map(\.text) == ["https://venue.example?token=***", "3"])
        #expect(record.fields.map(\.json) == ["\"https://venue.example?token=***\"", "3"])
    }

    @Test func `durations since an earlier reading are counted by themselves`() throws {
        let metrics = Metrics()
        let histogram = metrics.histogram("d_seconds", help: "D.", labels: ["feed": "x"])
        for _ in 0..<100 { histogram.record(ns: 1_000_000_000) }
        let before = histogram.counts
        for ns: Int64 in [500, 1500, 3000] { histogram.record(ns: ns) }
        let reading = try #require(metrics.readings().first)
        #expect(reading.name == "d_seconds" && reading.labels.map(\.value) == ["x"])
        guard case .durations(let now) = reading.value else { return #expect(Bool(false), "\(reading.value)") }
        let latest = now.since(before)
        #expect(now.count == 103 && latest.count == 3 && latest.sumNs == 5000)
        #expect(latest.quantileNs(0.5) == 2000 && latest.quantileNs(1) == 4000 && now.quantileNs(0.5) > 1_000_000_000)
    }
}

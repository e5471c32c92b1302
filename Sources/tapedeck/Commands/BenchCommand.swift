internal import Analytics
internal import CommandLineKit
internal import Feeds
internal import Foundation
internal import Journaling
internal import Platform

/// `tapedeck bench`: measured figures, one JSON line each.
struct BenchCommand: Command {
    static let spec = CommandSpec(
        "bench", "Measure a stage on inputs that the program makes itself; one JSON line.",
        positionals: [.init("NAME", "the scenario", required: false)],
        options: [
            .init(flag: "list", "list the scenarios"), .init("rows", "COUNT", "rows of the run"),
        ],
        examples: [
            .init("tapedeck bench --list", "what can be measured"),
            .init("tapedeck bench bars", "bars and indicators from decoded trades, one core"),
        ])

    /// A scenario: what it measures, its rows unless asked otherwise, and how it is run.
    private struct Scenario: Sendable {
        let name: String
        let summary: String
        let rows: Int
        let run: @Sendable (Int) throws -> Figures
    }

    /// What a scenario measured.
    private struct Figures {
        var rows: Int64
        var seconds: Double
        var cpuSeconds: Double
        var bytes: Int64?
        var p50Micros: Double?
        var p99Micros: Double?
    }

    private static let scenarios: [Scenario] = [
        Scenario(name: "bars", summary: "trades to bars (1s, 1m, 1h) with SMA, RSI and ATR, one core", rows: 20_000_000)
        { rows in
            let report = AnalyticsBench.bars(rows: rows)
            return Figures(
                rows: Int64(report.rows), seconds: report.seconds,
                cpuSeconds: report.cpuNsPerRow * Double(report.rows) / 1e9)
        },
        Scenario(name: "decode", summary: "Finnhub frames of ten trades to columns, one core", rows: 50_000_000) {
            rows in
            let report = DecodeBench.finnhub(trades: rows)
            return Figures(
                rows: Int64(report.trades), seconds: report.seconds, cpuSeconds: report.cpuSeconds, bytes: report.bytes)
        },
        Scenario(name: "journal-append", summary: "durable append of 100-byte frames from one thread", rows: 10_000_000)
        { rows in
            try inTemporaryFolder { try journal(JournalBench.append(path: $0, frames: rows, frameBytes: 100)) }
        },
        Scenario(name: "journal-ack", summary: "acknowledgement at 100,000 frames/s", rows: 1_000_000) { rows in
            try inTemporaryFolder {
                try journal(JournalBench.append(path: $0, frames: rows, frameBytes: 100, framesPerSecond: 100_000))
            }
        },
        Scenario(name: "journal-read", summary: "read from the page cache, every checksum checked", rows: 10_000_000) {
            rows in
            try inTemporaryFolder { folder in
                _ = try JournalBench.append(path: folder, frames: rows, frameBytes: 100)
                // What was written did not pass through the page cache; the first reading fills it.
                _ = try JournalBench.read(path: folder)
                return try journal(JournalBench.read(path: folder))
            }
        },
    ]

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        if command.flag("list") || command.positional("NAME") == nil {
            var table = TextTable(["name", "what it measures", "rows"], alignments: [.left, .left, .right])
            for scenario in scenarios {
                table.add([scenario.name, scenario.summary, Humanized.grouped(Int64(scenario.rows))])
            }
            Terminal.write(table.text(), to: 1)
            return .done
        }
        let name = command.positional("NAME") ?? ""
        guard let scenario = scenarios.first(where: { $0.name == name }) else {
            throw UsageError(
                "there is no scenario `\(name)`", suggestion: "one of \(scenarios.map(\.name).joined(separator: ", "))",
                command: command.path)
        }
        let rows = try command.value("rows", form: "a count such as 1000000") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        let figures = try scenario.run(rows ?? scenario.rows)
        Terminal.write(line(name, figures), to: 1)
        return .done
    }

    private static func line(_ name: String, _ figures: Figures) -> String {
        func number(_ value: Double, _ places: Double) -> String {
            JSONText.number((value * places).rounded() / places)
        }
        var text = "{\"bench\":\"\(name)\",\"rows\":\(figures.rows),\"seconds\":\(number(figures.seconds, 1e4))"
        text += ",\"rows_per_s\":\(number(Double(figures.rows) / figures.seconds, 1))"
        text += ",\"cpu_s\":\(number(figures.cpuSeconds, 1e4)),\"peak_rss_bytes\":\(Stopwatch.peakResidentBytes())"
        if let bytes = figures.bytes { text += ",\"bytes_per_s\":\(number(Double(bytes) / figures.seconds, 1))" }
        if let p50 = figures.p50Micros { text += ",\"p50_us\":\(number(p50, 10))" }
        if let p99 = figures.p99Micros { text += ",\"p99_us\":\(number(p99, 10))" }
        return text + "}\n"
    }

    private static func journal(_ result: JournalBench.Result) -> Figures {
        Figures(
            rows: result.frames, seconds: result.seconds, cpuSeconds: result.cpuSeconds, bytes: result.payloadBytes,
            p50Micros: result.ackNsP50 > 0 ? Double(result.ackNsP50) / 1000 : nil,
            p99Micros: result.ackNsP99 > 0 ? Double(result.ackNsP99) / 1000 : nil)
    }

    /// A folder in the current one, on the disk that will be used, removed afterwards.
    private static func inTemporaryFolder<T>(_ body: (String) throws -> T) throws -> T {
        let path = FileManager.default.currentDirectoryPath + "/.bench-\(ProcessInfo.processInfo.processIdentifier)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: path) }
        return try body(path)
    }
}

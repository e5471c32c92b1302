internal import CommandLineKit
internal import Feeds
internal import Foundation

/// `tapedeck bench`: measured figures, one JSON line each.
struct BenchCommand: Command {
    static let spec = CommandSpec(
        "bench", "Measure a stage on inputs that the program makes itself; one JSON line.",
        positionals: [.init("NAME", "the scenario", required: false)],
        options: [
            .init(flag: "list", "list the scenarios"), .init("rows", "COUNT", "rows of the run"),
            .init("seconds", "COUNT", "about how long the run takes, instead of rows"),
            .init("instruments", "COUNT", "instruments of the made-up market, where one is used (default 1000)"),
            .init("rate", "COUNT", "its trades per second of event time (default 50000)"),
            .init("frames", "FILE", "measure nothing: write the frames of the made-up market to a file, one to a line"),
        ],
        examples: [
            .init("tapedeck bench --list", "what can be measured"),
            .init("tapedeck bench bars", "bars and indicators from decoded trades, one core"),
            .init("tapedeck bench decode --seconds 5", "a run of about five seconds"),
            .init("tapedeck bench end-to-end --instruments 10000", "the whole pipeline with more instruments"),
            .init("tapedeck bench --frames frames.jsonl --rows 5000000", "the input, for other programs"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        func count(_ option: String) throws -> Int? {
            try command.value(option, form: "a count such as 1000000") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        }
        let market = SyntheticTrades.Options(
            instruments: try count("instruments") ?? 1000, tradesPerSecond: try count("rate") ?? 50_000)
        if let file = command.value("frames") {
            let bytes = try SyntheticFile.write(market, trades: try count("rows") ?? 1_000_000, to: file)
            Terminal.write("\(file): \(Humanized.bytes(bytes))\n", to: 1)
            return .done
        }
        if command.flag("list") || command.positional("NAME") == nil {
            var table = TextTable(["name", "what it measures", "rows"], alignments: [.left, .left, .right])
            for scenario in BenchScenario.all {
                table.add([scenario.name, scenario.summary, Humanized.grouped(Int64(scenario.rows))])
            }
            Terminal.write(table.text(), to: 1)
            return .done
        }
        let name = command.positional("NAME") ?? ""
        guard let scenario = BenchScenario.all.first(where: { $0.name == name }) else {
            throw UsageError(
                "there is no scenario `\(name)`",
                suggestion: "one of \(BenchScenario.all.map(\.name).joined(separator: ", "))", command: command.path)
        }
        var rows = try count("rows")
        let seconds = try command.value("seconds", form: "a number of seconds such as 5") { text in
            Double(text).flatMap { $0 > 0 && $0 <= 3600 ? $0 : nil }
        }
        if rows == nil, let seconds { rows = try scenario.rows(forSeconds: seconds, market) }
        Terminal.write(try scenario.run(rows ?? scenario.rows, market).line(name), to: 1)
        return .done
    }
}

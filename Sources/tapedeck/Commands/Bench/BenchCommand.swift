internal import CommandLineKit
internal import Foundation

/// `tapedeck bench`: measured figures, one JSON line each.
struct BenchCommand: Command {
    static let spec = CommandSpec(
        "bench", "Measure a stage on inputs that the program makes itself; one JSON line.",
        positionals: [.init("NAME", "the scenario", required: false)],
        options: [
            .init(flag: "list", "list the scenarios"), .init("rows", "COUNT", "rows of the run"),
            .init("seconds", "COUNT", "about how long the run takes, instead of rows"),
        ],
        examples: [
            .init("tapedeck bench --list", "what can be measured"),
            .init("tapedeck bench bars", "bars and indicators from decoded trades, one core"),
            .init("tapedeck bench decode --seconds 5", "a run of about five seconds"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
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
        var rows = try command.value("rows", form: "a count such as 1000000") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        let seconds = try command.value("seconds", form: "a number of seconds such as 5") { text in
            Double(text).flatMap { $0 > 0 && $0 <= 3600 ? $0 : nil }
        }
        if rows == nil, let seconds { rows = try scenario.rows(forSeconds: seconds) }
        Terminal.write(try scenario.run(rows ?? scenario.rows).line(name), to: 1)
        return .done
    }
}

internal import CommandLineKit
internal import Orchestration
internal import Platform

/// `tapedeck check`: is a pipeline file right?
struct CheckCommand: Command {
    static let spec = CommandSpec(
        "check", "Check a pipeline's configuration and what it needs, without running it.",
        positionals: [.init("PIPELINE", "the pipeline's YAML file")],
        examples: [.init("tapedeck check pipelines/finnhub.yaml", "every mistake with its line, and what to write")])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let configuration = try PipelineOptions.configuration(file: command.positional("PIPELINE"), .init())
        let findings = PipelineCheck.findings(configuration)
        var table = TextTable(["check", "result", "detail"])
        for finding in findings { table.add([finding.name, finding.isOK ? "ok" : "FAILED", finding.detail]) }
        Terminal.write(table.text(), to: 1)
        return findings.allSatisfy(\.isOK) ? .done : .failed
    }
}

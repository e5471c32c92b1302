internal import CommandLineKit
internal import Orchestration
internal import Platform

/// `tapedeck run`: a pipeline until it is stopped.
struct RunCommand: Command {
    static let spec = CommandSpec(
        "run", "Run a pipeline until it is stopped.",
        discussion: "Ctrl-C or SIGTERM stores everything that was received and ends with exit code 0.",
        positionals: [.init("PIPELINE", "the pipeline's YAML file")],
        options: [PipelineOptions.data, PipelineOptions.listen],
        examples: [.init("tapedeck run pipelines/finnhub.yaml", "record Finnhub trades and show them live")])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        overrides.listen = command.value("listen")
        let configuration = try PipelineOptions.configuration(file: command.positional("PIPELINE"), overrides)
        guard !configuration.feeds.isEmpty else {
            throw ConfigError(
                file: configuration.file, "no feed is configured",
                suggestion: "add `feeds:`; `tapedeck feeds` lists what there is")
        }
        let pipeline = try Pipeline(configuration)
        pipeline.start()
        defer { pipeline.stop() }
        let url = try pipeline.serve()
        Terminal.write("Dashboard: \(url)\n", to: 1)
        try pipeline.startFeeds()
        Interrupt.shared.wait()
        Log.info("stopping: everything received is being stored")
        return .done
    }
}

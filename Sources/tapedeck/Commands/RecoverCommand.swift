internal import CommandLineKit
internal import Orchestration
internal import Platform
internal import Serving

/// `tapedeck recover`: delivers what a journal holds beyond the last flush.
struct RecoverCommand: Command {
    static let spec = CommandSpec(
        "recover", "Store what the journal holds and the lake does not, then end.",
        discussion: """
            After a crash every command that opens the data folder does this by itself; this one does nothing else.
            """,
        options: [PipelineOptions.data, PipelineOptions.config, PipelineOptions.json],
        examples: [.init("tapedeck recover --data data/main", "after a crash, without starting feeds")])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: command.value("config"), overrides)
        let watch = Stopwatch()
        let pipeline = try Pipeline(configuration)
        pipeline.start()
        defer { pipeline.stop() }
        let bar = ProgressBar("Recovering", total: nil, unit: "frames")
        defer { bar.finish() }
        let isDone = pipeline.flush {
            bar.update(completed: pipeline.status.engine.offset)
            return Interrupt.shared.isRequested
        }
        bar.finish()
        guard isDone else { return Interrupt.shared.isRequested ? .interrupted : .failed }
        Terminal.write(pipeline.summary(seconds: watch.seconds).text(asJSON: command.flag("json")), to: 1)
        return .done
    }
}

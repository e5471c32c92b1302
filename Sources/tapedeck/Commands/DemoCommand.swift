internal import CommandLineKit
internal import Feeds
internal import Orchestration
internal import Platform

/// `tapedeck demo`: a simulated market through the whole of Tapedeck.
struct DemoCommand: Command {
    static let spec = CommandSpec(
        "demo", "Show everything on a simulated market: history first, then live.",
        discussion: """
            Twenty invented instruments on two venues. History goes through the normal path at full speed; a second \
            start goes on where the first stopped. Ctrl-C stores everything and ends.
            """,
        options: [
            .init("data", "FOLDER", default: "data/demo", "where journal, lake and state are kept"),
            PipelineOptions.listen,
            .init("history", "TIME", default: "2h", "how much of the past to fill before going live"),
            .init("rate", "EVENTS", default: "200", "events per second"),
            .init("seed", "NUMBER", default: "1", "chooses the market"),
        ],
        examples: [
            .init("tapedeck demo", "dashboard at http://127.0.0.1:8080"),
            .init("tapedeck demo --listen 127.0.0.1:9000 --rate 2000", "another port, a busier market"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let feed = try SimulatorFeed(
            Options(
                SimulatorFeed.spec,
                assignments: ["rate", "history", "seed"].map { "\($0)=\(command.value($0) ?? "")" }))
        let pipeline = try Pipeline(configuration(command))
        pipeline.start()
        pipeline.startJobs()
        pipeline.startDiagnostics()
        defer { pipeline.stop() }
        let url = try pipeline.serve()
        // What the journal holds from before must be visible, so that the market goes on from there.
        guard pipeline.flush(unless: { Interrupt.shared.isRequested }) else { return .interrupted }
        pipeline.run(feed.makeSource(resume: try pipeline.simulatorState()), name: "simulator")
        showHistory(pipeline)
        if !Interrupt.shared.isRequested {
            Terminal.write(
                "Tapedeck is live: \(url)  (data in \(pipeline.configuration.dataFolder), Ctrl-C ends)\n", to: 1)
            Interrupt.shared.wait()
        }
        Log.info("stopping: everything received is being stored")
        return .done
    }

    private static func configuration(_ command: ParsedCommand) throws -> PipelineConfiguration {
        var overrides = PipelineConfiguration.Overrides()
        overrides.name = "demo"
        overrides.dataFolder = command.value("data")
        overrides.listen = command.value("listen")
        overrides.intervals = ["1s", "1m", "5m", "1h"]
        overrides.priceTypes = ["trade"]
        return try PipelineOptions.configuration(file: nil, overrides)
    }

    /// Waits until the history is filled, with a progress bar.
    private static func showHistory(_ pipeline: Pipeline) {
        let bar = ProgressBar("Filling history", total: nil, unit: "events")
        defer { bar.finish() }
        while !Interrupt.shared.isRequested {
            if let status = pipeline.feedState("simulator"), status.state != .replaying, status.state != .connecting {
                break
            }
            Pause.wait(ns: 20_000_000)
        }
        // The feed is faster than the engine: history is there when queries see it.
        bar.setTotal(pipeline.journaled)
        _ = pipeline.catchUp {
            bar.update(completed: pipeline.visible, count: pipeline.summary(seconds: 0).rowsIn)
            return Interrupt.shared.isRequested
        }
    }
}

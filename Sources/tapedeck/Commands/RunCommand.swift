internal import CommandLineKit
internal import Orchestration
internal import Platform

/// `tapedeck run`: a pipeline until it is stopped.
struct RunCommand: Command {
    static let spec = CommandSpec(
        "run", "Run a pipeline until it is stopped.",
        discussion: "Ctrl-C or SIGTERM stores everything that was received and ends with exit code 0.",
        positionals: [.init("PIPELINE", "the pipeline's YAML file")],
        options: [
            PipelineOptions.data, PipelineOptions.listen,
            .init(
                "role", "ROLE", "what this process does where the journal is in Kafka: \(roles); both unless given"),
            .init("feeds", "NAMES", "the only feeds to run, with commas, where the role is feeds"),
        ],
        examples: [
            .init("tapedeck run pipelines/finnhub.yaml", "record Finnhub trades and show them live"),
            .init(
                "tapedeck run pipelines/distributed.yaml --role feeds --data data/feeds", "feeds of several processes"),
        ])

    private static let roles = ProgramRole.allCases.map(\.rawValue).joined(separator: ", ")

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        overrides.listen = command.value("listen")
        let configuration = try PipelineOptions.configuration(file: command.positional("PIPELINE"), overrides)
        let feeds = PipelineOptions.list(command.value("feeds"))
        switch try role(command, configuration) {
        case .feeds: return try runFeeds(configuration, feeds)
        case .worker: return try runWorker(configuration)
        case .both: return try runBoth(configuration)
        case nil: break
        }
        guard !configuration.feeds.isEmpty else { throw noFeed(configuration) }
        let pipeline: Pipeline
        do {
            pipeline = try Pipeline(configuration) { !Interrupt.shared.isRequested }
        } catch  where Interrupt.shared.isRequested {
            return .interrupted
        }
        pipeline.start()
        pipeline.startJobs()
        pipeline.startDiagnostics()
        defer { pipeline.stop() }
        let url = try pipeline.serve()
        Terminal.write("Dashboard: \(url)\n", to: 1)
        do {
            try pipeline.startFeeds { !Interrupt.shared.isRequested }
        } catch  where Interrupt.shared.isRequested {
            // What there was to store is in the journal already.
        }
        Interrupt.shared.wait()
        Log.info("stopping: everything received is being stored")
        return .done
    }

    /// What this process shall do; nil where the journal is not in Kafka.
    private static func role(
        _ command: ParsedCommand, _ configuration: PipelineConfiguration
    ) throws -> ProgramRole? {
        let isShared = configuration.journal.topic != nil
        guard let text = command.value("role") else {
            guard command.value("feeds") == nil else {
                throw ConfigError("`--feeds` means nothing without `--role feeds`")
            }
            return isShared ? .both : nil
        }
        guard let role = ProgramRole(rawValue: text) else {
            throw ConfigError(
                "`--role` is \(roles), not `\(text)`",
                suggestion: Suggestion.sentence(for: text, among: ProgramRole.allCases.map(\.rawValue)))
        }
        guard isShared else {
            throw ConfigError(
                file: configuration.file, "`--role` means nothing where the journal is on this machine alone",
                suggestion: "add `journal: { kafka: { brokers: [HOST:9092] } }`")
        }
        return role
    }

    /// Feeds that bring their journal to Kafka.
    private static func runFeeds(_ configuration: PipelineConfiguration, _ names: [String]?) throws -> ExitCode {
        guard !configuration.feeds.isEmpty else { throw noFeed(configuration) }
        let process = try FeedProcess(configuration, feeds: names)
        defer { process.stop() }
        Terminal.write("Status: \(try process.serve())/api/v1/status\n", to: 1)
        try process.start()
        Interrupt.shared.wait()
        Log.info("stopping: everything received is being sent")
        return .done
    }

    /// A member of the group that shares the partitions.
    private static func runWorker(_ configuration: PipelineConfiguration) throws -> ExitCode {
        let worker = try Worker(configuration)
        defer { worker.stop() }
        Terminal.write("Status: \(try worker.serve())/api/v1/status\n", to: 1)
        worker.start()
        Interrupt.shared.wait()
        Log.info("stopping: everything taken is being stored")
        return .done
    }

    /// Feeds and a worker in one process; its address is that of the feeds.
    private static func runBoth(_ configuration: PipelineConfiguration) throws -> ExitCode {
        guard !configuration.feeds.isEmpty else { throw noFeed(configuration) }
        let worker = try Worker(configuration)
        defer { worker.stop() }
        worker.start()
        return try runFeeds(configuration, nil)
    }

    private static func noFeed(_ configuration: PipelineConfiguration) -> ConfigError {
        ConfigError(
            file: configuration.file, "no feed is configured",
            suggestion: "add `feeds:`; `tapedeck feeds` lists what there is")
    }
}

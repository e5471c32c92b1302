internal import CommandLineKit
internal import Databases
internal import Feeds
internal import Foundation
internal import Orchestration
internal import Platform

/// `tapedeck replay`: recorded data through the same path as live data.
struct ReplayCommand: Command {
    static let spec = CommandSpec(
        "replay", "Play recorded data through exactly the path of live data.",
        discussion: """
            A folder is searched with all its folders; its files are interleaved by time. Formats are recognised by \
            path, header and first lines; `--format list` names them. Trades that carry the venue's ids are stored once \
            however often they are played.
            """,
        positionals: [
            .init("PATH", "a file (CSV, JSON lines, Parquet; plain, .gz or .zip) or a folder", required: false)
        ],
        options: [
            .init("format", "NAME", default: "auto", "how to read the files; `list` shows all names"),
            .init(
                "mapping", "MAPPING", "columns of a CSV file: a YAML file, or time=ts,time_format=ms,price=px,size=qty"),
            .init("symbol", "TEXT", "the symbol, where the files do not tell"),
            .init("venue", "TEXT", "the venue, in place of what files or format say"),
            .init("zone", "ZONE", "the zone of times that do not say theirs: UTC-5, America/New_York+7, …"),
            .init("interval", "LENGTH", "how long bars are, where neither name nor lines tell: 1m, 1h, 1d, …"),
            .init("price-scale", "NUMBER", "what prices in the files are divided by, where they do not tell"),
            .init("speed", "SPEED", default: "max", "1x as recorded, 60x, … or max"),
            .init("config", "PIPELINE", "a pipeline's YAML file for bars, indicators and sinks"),
            PipelineOptions.data, PipelineOptions.bars,
            .init(flag: "serve", "open the dashboard while playing, and afterwards until Ctrl-C"),
            PipelineOptions.listen, .init(flag: "plan", "only say what would be played"), PipelineOptions.json,
        ],
        examples: [
            .init("tapedeck replay ticks/ --data data/ticks", "everything in a folder, at full speed"),
            .init("tapedeck replay btcusdt.gz --speed 60x --serve", "watch an hour in a minute"),
            .init(
                "tapedeck replay t.csv --mapping header=true,time=ts,time_format=ms,price=px,size=qty --symbol ES",
                "a CSV file with names of its own"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        if command.value("format") == "list" { return listFormats() }
        guard let path = command.positional("PATH") else {
            throw UsageError("a file or folder is missing", suggestion: "name what to play", command: command.path)
        }
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        overrides.intervals = PipelineOptions.list(command.value("bars"))
        overrides.listen = command.value("listen")
        let configuration = try PipelineOptions.configuration(file: command.value("config"), overrides)
        let converter = try ParquetConverter()
        let options = try options(command, configuration, converter)
        let plan = try ReplayPlanner.plan(path, options)
        show(plan, isVerbose: command.flag("plan"))
        if command.flag("plan") { return .done }
        return try play(plan, options, configuration, command)
    }

    private static func play(
        _ plan: ReplayPlan, _ options: ReplayOptions, _ configuration: PipelineConfiguration, _ command: ParsedCommand
    ) throws -> ExitCode {
        let pipeline = try Pipeline(configuration)
        pipeline.start()
        defer { pipeline.stop() }
        if command.flag("serve") { Terminal.write("Dashboard: \(try pipeline.serve())\n", to: 2) }
        let watch = Stopwatch()
        pipeline.run(ReplaySource(plan, options), name: "replay")
        let isComplete = follow(pipeline)
        let stored = pipeline.flush { Interrupt.shared.isRequested && pipeline.isStuck }
        let delivered = !stored || deliver(pipeline)
        let summary = pipeline.summary(seconds: watch.seconds)
        for error in pipeline.feedErrors { Terminal.write("tapedeck: \(error)\n", to: 2) }
        Terminal.write(summary.text(asJSON: command.flag("json")), to: 1)
        if command.flag("serve"), isComplete { Interrupt.shared.wait() }
        if !isComplete || (!(stored && delivered) && Interrupt.shared.isRequested) { return .interrupted }
        return stored && delivered && pipeline.feedErrors.isEmpty ? .done : .failed
    }

    /// Waits for the sinks beside the lake, with a bar where that takes long. Ctrl-C leaves the rest to the next start.
    private static func deliver(_ pipeline: Pipeline) -> Bool {
        let bar = ProgressBar("Delivering", total: nil, unit: "messages")
        defer { bar.finish() }
        return pipeline.deliver { done, total in
            bar.setTotal(total)
            bar.update(completed: done, count: done)
            return !Interrupt.shared.isRequested
        }
    }

    /// Shows the progress until the source has ended.
    ///
    /// - Returns: false where the user ended it.
    private static func follow(_ pipeline: Pipeline) -> Bool {
        let bar = ProgressBar("Replaying", total: nil, unit: "rows")
        defer { bar.finish() }
        while !pipeline.areFeedsFinished {
            if Interrupt.shared.isRequested {
                pipeline.stopFeeds()
                return false
            }
            let progress = pipeline.progress
            if progress.total > 0 { bar.setTotal(progress.total) }
            bar.update(completed: progress.read, count: pipeline.summary(seconds: 0).rowsIn)
            Pause.wait(ns: 5_000_000)
        }
        return true
    }

    private static func options(
        _ command: ParsedCommand, _ configuration: PipelineConfiguration, _ converter: ParquetConverter
    ) throws -> ReplayOptions {
        var options = ReplayOptions()
        options.format = command.value("format") ?? "auto"
        options.symbol = command.value("symbol") ?? ""
        options.venue = command.value("venue") ?? ""
        options.interval = command.value("interval") ?? ""
        options.zone = command.value("zone") ?? ""
        if !options.zone.isEmpty, ZoneClock(options.zone) == nil {
            throw UsageError(
                "`\(options.zone)` is no time zone", suggestion: "write Europe/Athens, UTC+2 or America/New_York+7",
                command: command.path)
        }
        if let text = command.value("price-scale") {
            guard let scale = Double(text), scale > 0, scale.isFinite else {
                throw UsageError(
                    "`\(text)` is not a positive number", suggestion: "write 1000 or 100000", command: command.path)
            }
            options.priceScale = scale
        }
        options.latenessNs = configuration.latenessNs
        options.speed = try speed(command)
        if let text = command.value("mapping") { options.mapping = try mapping(text, command) }
        options.convertParquet = { try converter.convert($0) }
        return options
    }

    /// A mapping of columns: `key=value` pairs, or the pairs of a YAML file.
    private static func mapping(_ text: String, _ command: ParsedCommand) throws -> CSVMapping {
        var values: [String: String] = [:]
        if text.hasSuffix(".yaml") || text.hasSuffix(".yml") {
            let node = try YAML.parse(try String(contentsOfFile: text, encoding: .utf8), file: text)
            for entry in node.mapping ?? [] { values[entry.key] = entry.value.text ?? "" }
        } else {
            for part in text.split(separator: ",") {
                let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
                guard pair.count == 2 else {
                    throw UsageError(
                        "`\(part)` is no part of a mapping", suggestion: "write key=value", command: command.path)
                }
                values[pair[0]] = pair[1]
            }
        }
        return try CSVMapping(values: values)
    }

    private static func speed(_ command: ParsedCommand) throws -> Double? {
        let text = command.value("speed") ?? "max"
        guard let speed = ReplayFeed.speed(text) else {
            throw UsageError("`\(text)` is no speed", suggestion: "write 1x, 60x or max", command: command.path)
        }
        return speed == .infinity ? nil : speed
    }

    private static func show(_ plan: ReplayPlan, isVerbose: Bool) {
        if isVerbose {
            var table = TextTable(["file", "format", "feed", "size"], alignments: [.left, .left, .left, .right])
            for file in plan.files { table.add([file.label, file.format, file.feed, Humanized.bytes(file.bytes)]) }
            Terminal.write(table.text(), to: 1)
        }
        let reasons = Dictionary(grouping: plan.skipped, by: \.reason)
        for (reason, files) in reasons.sorted(by: { $0.key < $1.key }) {
            let noun = files.count == 1 ? "file" : "files"
            Terminal.write("\(files.count) \(noun) left out: \(reason)\n", to: 2)
        }
        let formats = Dictionary(grouping: plan.files, by: \.format).mapValues(\.count)
        let counted = formats.sorted { ($1.value, $0.key) < ($0.value, $1.key) }.map { "\($0.value) \($0.key)" }
        let noun = plan.files.count == 1 ? "file" : "files"
        Terminal.write(
            "\(plan.files.count) \(noun) (\(counted.joined(separator: ", "))), \(Humanized.bytes(plan.bytes)), "
                + "in \(plan.feeds.count) series\n", to: 2)
    }

    private static func listFormats() -> ExitCode {
        var table = TextTable(["format", "what it is"])
        table.add(["auto", "recognise each file by path, header and first lines"])
        for format in ReplayFormats.all { table.add([format.name, format.summary]) }
        Terminal.write(table.text(), to: 1)
        return .done
    }
}

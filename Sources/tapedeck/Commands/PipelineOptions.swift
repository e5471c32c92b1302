internal import CommandLineKit
internal import Lake
internal import Orchestration
internal import Platform

/// Options that several commands share.
enum PipelineOptions {
    static let data = CommandSpec.Option("data", "FOLDER", "where journal, lake and state are kept")
    static let lake = CommandSpec.Option("lake", "FOLDER", "a folder of Delta tables, whoever made them")
    static let config = CommandSpec.Option("config", "PIPELINE", "the pipeline's YAML file")
    static let listen = CommandSpec.Option("listen", "HOST:PORT", "address of dashboard and interface")
    static let bars = CommandSpec.Option("bars", "LIST", "bar intervals, for example 1s,1m,1h")
    static let json = CommandSpec.Option(flag: "json", "write one JSON object on the last line")

    /// The configuration of a file, or the default, with what the command line says.
    static func configuration(
        file: String?, _ overrides: PipelineConfiguration.Overrides
    ) throws -> PipelineConfiguration {
        let base =
            try file.map { try PipelineConfiguration.load($0, components: Registry.components) }
            ?? PipelineConfiguration.default(Registry.components)
        let configuration = try base.applying(overrides, Registry.components)
        Log.configure(level: configuration.log.level, format: configuration.log.format)
        return configuration
    }

    /// Where the data of a command is: its folder, and the lake where a configuration names one.
    ///
    /// - Throws: `UsageError` where there is no lake; what is wrong with the configuration.
    static func place(_ command: ParsedCommand) throws -> (data: String, lake: LakeFolder) {
        let data = command.value("data")
        if let path = command.value("lake") {
            for option in ["data", "config"] where command.value(option) != nil {
                throw UsageError("--lake and --\(option) both say where the lake is")
            }
            let lake = try LakeFolder(path)
            guard try !lake.tables().isEmpty else {
                throw UsageError(
                    "there is no Delta table in \(lake.path)",
                    suggestion: "name the folder that the tables' folders are in")
            }
            return (data ?? "data", lake)
        }
        if let file = command.value("config") {
            var overrides = PipelineConfiguration.Overrides()
            overrides.dataFolder = data
            let configuration = try configuration(file: file, overrides)
            let lake = try configuration.lakeFolder()
            guard try !lake.tables().isEmpty else {
                throw UsageError("there is no lake in \(lake.path), where \(file) puts it")
            }
            return (configuration.dataFolder, lake)
        }
        let folder = data ?? "data"
        return (folder, try LakeFolder(TableAnswer.lakePath(folder)))
    }

    /// The parts of a list written with commas.
    static func list(_ text: String?) -> [String]? {
        text.map { $0.split(separator: ",").map { String($0.filter { $0 != " " }) } }
    }
}

extension Interrupt {
    /// Stops the pipeline when the user or the system asks, and says so.
    func stops(_ pipeline: Pipeline) {
        onRequest {
            Log.info("stopping: everything received is being stored")
            pipeline.stopFeeds()
        }
    }
}

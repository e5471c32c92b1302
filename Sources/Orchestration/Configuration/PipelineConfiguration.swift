public import Analytics
public import Market
public import Platform

/// What a pipeline does: the content of its YAML file, checked and with defaults filled in.
public struct PipelineConfiguration: Sendable {
    /// The file it was read from; nil for the default.
    public let file: String?
    /// Name under which sinks keep their progress.
    public let name: String
    /// Folder that holds everything unless a section names its own.
    public let dataFolder: String
    public let feeds: [ConfiguredComponent]
    public let journal: JournalSettings
    /// Options of the object store that workers keep their state in; nil where there is none.
    public let state: Options?
    public let bars: BarSettings
    public let indicators: [ConfiguredComponent]
    /// Allowed lateness in nanoseconds.
    public let latenessNs: Int64
    /// Trading hours of venues.
    public let calendars: VenueCalendars
    public let sinks: [ConfiguredComponent]
    /// Where days go that are over; nil where they stay.
    let archive: ArchiveSettings?
    /// What sinks may take, by their names.
    public let budgets: [String: Budget]
    /// What is done from time to time.
    public let jobs: [JobPlan]
    /// What is kept of the program's own metrics and messages; nil where nothing is.
    public let diagnostics: DiagnosticsSettings?
    public let serve: ServeSettings
    public let log: LogSettings

    /// Indicators that are computed where a configuration does not say.
    public static let defaultIndicators = ["sma(20)", "rsi(14)", "atr(14)"]
    /// Sinks that are fed where a configuration does not say.
    public static let defaultSinks = ["lake"]

    /// Section `journal`.
    public struct JournalSettings: Sendable {
        /// Folder of the segment files.
        public let path: String
        /// Longest wait before a group commit, in nanoseconds.
        public let fsyncNs: Int64
        /// Size of a segment file.
        public let segmentBytes: Int64
        /// Age beyond which segments are deleted, in nanoseconds; nil keeps them.
        public let retainNs: Int64?
        /// Size beyond which segments are deleted; nil keeps them.
        public let retainBytes: Int64?
        /// The topic that is the journal for all processes of the pipeline; nil where there is one process.
        public let topic: JournalTopic?
    }

    /// Section `bars`.
    public struct BarSettings: Sendable {
        /// In the order of the file, none twice.
        public let intervals: [Interval]
        /// `trade`, `bid`, `ask`.
        public let priceTypes: [String]
    }

    /// Section `serve`.
    public struct ServeSettings: Sendable {
        /// Loopback address and port.
        public let listen: ListenAddress
        /// Names besides loopback that a request may be for.
        public let hostNames: [String]
        /// Time that a user's SQL may take, in nanoseconds.
        public let queryTimeoutNs: Int64
        /// Rows that a user's SQL may return.
        public let queryRows: Int
        /// Messages that wait for a slow client.
        public let clientQueue: Int
    }

    /// Section `log`.
    public struct LogSettings: Sendable {
        public let level: Log.Level
        /// Nil chooses by whether standard error is a terminal.
        public let format: Log.Format?
    }

    /// What holds where nothing is configured.
    ///
    /// - Throws: where the components lack what the defaults name.
    public static func `default`(_ components: ComponentSpecs) throws(ConfigErrors) -> PipelineConfiguration {
        try parse("", file: nil, components: components)
    }

    /// Reads a file.
    ///
    /// - Throws: everything that is wrong with it, each error with its line.
    public static func load(
        _ path: String, components: ComponentSpecs, references: References = .process
    ) throws(ConfigErrors) -> PipelineConfiguration {
        let text = try wrapped { () throws(ConfigError) in try ConfigurationFile.read(path) }
        return try parse(text, file: path, components: components, references: references)
    }

    /// Reads YAML text.
    ///
    /// - Parameter file: the name that errors show.
    /// - Throws: everything that is wrong with it, each error with its line.
    public static func parse(
        _ text: String, file: String?, components: ComponentSpecs, references: References = .process
    ) throws(ConfigErrors) -> PipelineConfiguration {
        let root = try wrapped { () throws(ConfigError) in try YAML.parse(text, file: file) }
        var reader = PipelineConfigurationReader(file: file, components: components, references: references)
        guard let configuration = reader.read(root) else { throw ConfigErrors(reader.errors) }
        return configuration
    }

    private static func wrapped<T>(_ body: () throws(ConfigError) -> T) throws(ConfigErrors) -> T {
        do {
            return try body()
        } catch {
            throw ConfigErrors([error])
        }
    }
}

internal import Objects
public import Platform

/// A top-level key of a pipeline file: the one source of checks and of the reference page.
public struct ConfigurationSection: Sendable {
    /// What stands behind the key.
    public enum Shape: Sendable {
        /// A single value.
        case value(Spec.Option)
        /// A mapping of options; a list alone stands for the option `listOption`.
        case options(Spec, listOption: String? = nil)
        /// A list of components, each `name` or `name: { options }`.
        case components(ComponentKind)
        /// Options under the name of a component of the file.
        case named(Spec, of: ComponentKind)
        /// A list of calls such as `sma(20)`.
        case calls(ComponentKind)
    }

    public let key: String
    /// What it is for.
    public let summary: String
    public let shape: Shape
    /// What holds where the key is absent, in words.
    public let absence: String
    /// YAML that a test reads.
    public let example: String
    /// Keys among the options that have options of their own.
    public var parts: [Part] = []
    /// The option that a text in place of the options stands for.
    public var textOption: String?

    /// A key among the options of a section with options of its own.
    public struct Part: Sendable {
        public let key: String
        /// Named as the section and the key, with a point.
        public let spec: Spec
        /// What holds where the key is absent, in words.
        public let absence: String
    }

    /// All sections, in the order in which a file lists them best.
    public static let all: [ConfigurationSection] = [
        pipeline, data, feeds, journal, state, bars, indicators, lateness, calendars, sinks, archive, budgets, jobs,
        diagnostics, serve, log,
    ]

    static let pipeline = value(
        .text(
            "pipeline", default: "main",
            "Name of the pipeline. Lake and sinks keep under it how far they are: a data folder in which something was "
                + "recorded stays with its name."),
        example: "pipeline: crypto")

    static let data = value(
        .text(
            "data", default: "data",
            "Folder that holds everything the pipeline keeps, unless a section names its own; relative paths start "
                + "at the working directory."),
        example: "data: /var/lib/tapedeck")

    static let feeds = ConfigurationSection(
        key: "feeds",
        summary: "Where market data comes from. A feed that appears twice needs a `name` of its own in its options, "
            + "under which it stands in the journal and in tables.",
        shape: .components(.feed), absence: "no feed: `run` refuses to start, `replay` and `demo` bring their own",
        example: """
            feeds:
              - simulator
            """)

    static let journal = ConfigurationSection(
        key: "journal",
        summary: "The durable, ordered log that every message is written to before anything else happens to it.",
        shape: .options(
            Spec(
                "journal", "The journal.",
                options: [
                    .text(
                        "path", default: "", "Folder of the segment files; `journal` in the data folder unless given."),
                    .duration(
                        "fsync", default: "5ms",
                        "How long messages may wait to be written to disk together; they are acknowledged after it."),
                    .bytes("segment", default: "128MiB", "Size at which a new segment file is started; at least 1MiB."),
                    .duration(
                        "retain", default: "",
                        "Age beyond which sealed segments are deleted, once every sink has them; kept for ever unless given."
                    ),
                    .bytes(
                        "retain_bytes", default: "",
                        "Size beyond which the oldest sealed segments are deleted, once every sink has them; unlimited "
                            + "unless given."),
                ])), absence: "all defaults",
        example: "journal: { fsync: 5ms, segment: 128MiB, retain: 7d }",
        parts: [Part(key: "kafka", spec: JournalTopic.spec, absence: "the journal is on this machine alone")])

    static let state = ConfigurationSection(
        key: "state",
        summary:
            "Where workers keep their state, so that another one can go on with it: a folder that all of them see, or a "
            + "bucket. Needed where the journal is in Kafka, and not used elsewhere.",
        shape: .options(Spec("state", "Where state is kept.", options: ObjectOptions.specs)),
        absence: "none, which a journal in Kafka does not allow",
        example: "state: { url: \"s3://tapedeck/state\", region: eu-central-1 }", textOption: "url")

    static let bars = ConfigurationSection(
        key: "bars", summary: "Which bars are made.",
        shape: .options(
            Spec(
                "bars", "Bars.",
                options: [
                    .list(
                        "intervals", default: "1s,1m,1h,1d",
                        "Lengths of bars: whole seconds from `1s` to `24h`, which start at multiples of it since 1970 UTC, "
                            + "and `1d`, the trading day of the venue, see docs/calendars.md."
                    ),
                    .list(
                        "price_types", default: "trade,bid,ask", choices: ["trade", "bid", "ask"],
                        "What bars are made of: trade prices, best bids, best asks."),
                ]), listOption: "intervals"), absence: "all defaults", example: "bars: [1s, 1m, 1d]")

    static let indicators = ConfigurationSection(
        key: "indicators",
        summary: "Indicators computed for every bar interval. Quote a call that holds a comma inside `[…]`.",
        shape: .calls(.indicator), absence: "`[\(PipelineConfiguration.defaultIndicators.joined(separator: ", "))]`",
        example: "indicators: [sma(20), rsi(14), atr(14)]")

    static let lateness = value(
        .duration(
            "lateness", default: "2s",
            "How far behind the newest event time of its feed an event may be and still change its bar; what is later "
                + "is stored and counted, and closed bars stay as they are."),
        example: "lateness: 2s")

    static let calendars = ConfigurationSection(
        key: "calendars",
        summary: "Trading hours of venues, so that a closed market is not taken for a silent feed. "
            + "`tapedeck calendars` shows those that the program knows.",
        shape: .options(
            Spec(
                "calendars", "Trading hours.",
                options: [
                    .list(
                        "venues", default: "",
                        "Calendars of venues, each `VENUE=CALENDAR`; `none` where the hours shall not be known."),
                    .text("file", default: "", "File with calendars of your own, written as docs/calendars.md shows."),
                ]), listOption: "venues"), absence: "the venues of docs/calendars.md have theirs, all others none",
        example: "calendars: [MYBROKER=FX, FILE=XNYS]")

    static let sinks = ConfigurationSection(
        key: "sinks",
        summary: "Where tables are delivered. A sink that appears twice needs a `name` of its own in its options, "
            + "under which its progress is kept.",
        shape: .components(.sink), absence: "`[lake]`",
        example: """
            sinks:
              - lake: { flush: 60s }
              - objects: { url: data/objects, tables: [trades, bars] }
            """)

    static let archive = ConfigurationSection(
        key: "archive",
        summary:
            "Where days go that are over, see docs/archive.md; queries see what is there and what is here alike. Job `archive` moves them.",
        shape: .options(ArchiveSettings.spec), absence: "nothing is archived",
        example: "archive: { url: \"s3://tapedeck/archive\", region: eu-central-1, after: 7d }", textOption: "url")

    static let budgets = ConfigurationSection(
        key: "budgets",
        summary:
            "What sinks may take of their targets, each under its name, see docs/budgets.md. What they take is counted in any case.",
        shape: .named(Budget.spec, of: .sink), absence: "no limits",
        example: """
            budgets:
              objects: { bytes: 200GiB, rows: 2000000000, action: slow }
            """)

    static let jobs = ConfigurationSection(
        key: "jobs",
        summary:
            "What is done from time to time while the pipeline runs, see docs/jobs.md. A job that appears twice needs a `name` of its "
            + "own in its options. An empty list is none.",
        shape: .components(.job),
        absence:
            "small files are put together every hour, old ones removed every day, and with `archive` days that are over moved every day",
        example: defaultJobs)

    /// What holds where the section is absent.
    static let defaultJobs = """
        jobs:
          - compact: { every: 1h }
          - vacuum: { cron: "30 3 * * *" }
        """

    /// What is added where there is an archive.
    static let defaultArchiveJob = """
          - archive: { cron: "30 2 * * *" }
        """

    static let diagnostics = ConfigurationSection(
        key: "diagnostics",
        summary:
            "What `run` and `demo` keep of the program's own metrics and messages, in the tables `diagnostics` and `logs`, "
            + "see docs/diagnostics.md. `off` is none.",
        shape: .options(DiagnosticsSettings.spec),
        absence: "a snapshot of the metrics every minute, warnings and errors",
        example: "diagnostics: { every: 1m, level: warning }", textOption: "every")

    static let serve = ConfigurationSection(
        key: "serve", summary: "The dashboard, the HTTP interface and the live stream.",
        shape: .options(
            Spec(
                "serve", "The server.",
                options: [
                    .text(
                        "listen", default: "127.0.0.1:8080",
                        "Loopback address and port, or port 0 for any free one. Other machines reach it through a "
                            + "proxy that adds TLS and authentication."),
                    .list(
                        "host_names", default: "",
                        "Names under which the proxy asks for it; requests for other names are refused, since a page of "
                            + "another site could have sent them."),
                    .duration("query_timeout", default: "60s", "Time after which a user's SQL is stopped."),
                    .integer("query_rows", default: "100000", "Rows that a user's SQL returns at most."),
                    .integer(
                        "client_queue", default: "8192",
                        "Messages that wait for a slow client of the live stream before trades and quotes are left out."
                    ),
                ])), absence: "all defaults", example: "serve: { listen: 127.0.0.1:8080 }")

    static let log = ConfigurationSection(
        key: "log", summary: "Messages about the program itself, on standard error.",
        shape: .options(
            Spec(
                "log", "Logging.",
                options: [
                    .text(
                        "level", default: "info", choices: Log.Level.allCases.map(\.name),
                        "The least important messages that are written."),
                    .text(
                        "format", default: "auto", choices: ["auto", "text", "json"],
                        "One line of text or one JSON object per message; `auto` is text on a terminal and JSON elsewhere."
                    ),
                ])), absence: "all defaults", example: "log: { level: info, format: json }")

    private static func value(_ option: Spec.Option, example: String) -> ConfigurationSection {
        ConfigurationSection(
            key: option.name, summary: option.summary, shape: .value(option), absence: "`\(option.defaultForm)`",
            example: example)
    }
}

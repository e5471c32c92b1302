internal import Analytics
internal import Market
internal import Platform

/// Turns the tree of a pipeline file into a configuration, collecting everything that is wrong.
struct PipelineConfigurationReader {
    private let file: String?
    private let components: ComponentSpecs
    private let references: References
    private(set) var errors: [ConfigError] = []

    init(file: String?, components: ComponentSpecs, references: References) {
        self.file = file
        self.components = components
        self.references = references
    }

    /// The configuration; nil where something is wrong.
    mutating func read(_ root: YAMLNode) -> PipelineConfiguration? {
        guard root.isNull || root.mapping != nil else {
            fail(root.line, "the file is \(root.kindName), but takes sections", "start with `pipeline: name`")
            return nil
        }
        checkKeys(root)
        let general = readValues(root)
        let feeds = readComponents(root, "feeds", .feed, absent: [])
        let topic = readTopic(root)
        let journal = readOptions(root, .journal).flatMap { journalSettings($0, data: general?.text("data"), topic) }
        let state = root["state"].flatMap { _ in readOptions(root, .state) }
        let bars = readOptions(root, .bars).flatMap { barSettings($0) }
        let indicators = readIndicators(root["indicators"])
        let calendars = readOptions(root, .calendars).flatMap { venueCalendars($0) }
        let sinks = readComponents(root, "sinks", .sink, absent: PipelineConfiguration.defaultSinks)
        if topic != nil {
            for sink in sinks where !Registry.takesPartitions(sink) {
                errors.append(
                    sink.options.error(
                        "url", "is the place of one pipeline, and each partition of the topic is one",
                        suggestion: "deliver objects from a pipeline without `journal: kafka`"))
            }
        }
        let archive = readArchive(root, sinks)
        let budgets = readBudgets(root, sinks)
        let jobs = readJobs(root)
        let diagnostics = readDiagnostics(root, topic, feeds)
        let serve = readOptions(root, .serve).flatMap { serveSettings($0) }
        let log = readOptions(root, .log).map { Self.logSettings($0) }
        if let general { checkName(general) }
        guard errors.isEmpty, let general, let journal, let bars, let calendars, let serve, let log else { return nil }
        return PipelineConfiguration(
            file: file, name: general.text("pipeline"), dataFolder: general.text("data"), feeds: feeds,
            journal: journal, state: state, bars: bars, indicators: indicators,
            latenessNs: general.durationNs("lateness"), calendars: calendars,
            sinks: sinks, archive: archive, budgets: budgets, jobs: jobs, diagnostics: diagnostics, serve: serve,
            log: log)
    }

    private mutating func checkKeys(_ root: YAMLNode) {
        let keys = ConfigurationSection.all.map(\.key)
        for entry in root.mapping ?? [] where !keys.contains(entry.key) {
            fail(entry.line, "unknown section `\(entry.key)`", Suggestion.sentence(for: entry.key, among: keys))
        }
    }

    // MARK: Values and options

    private mutating func readValues(_ root: YAMLNode) -> Options? {
        let options = ConfigurationSection.all.compactMap { section -> Spec.Option? in
            if case .value(let option) = section.shape { option } else { nil }
        }
        let entries = (root.mapping ?? []).filter { entry in options.contains { $0.name == entry.key } }
        return Options.read(
            Spec("pipeline file", "Values of the file.", options: options),
            YAMLNode(.mapping(entries), line: root.line), file: file, references: references, errors: &errors)
    }

    private mutating func readOptions(_ root: YAMLNode, _ section: ConfigurationSection) -> Options? {
        guard case .options(let spec, let listOption) = section.shape else { return nil }
        var node = root[section.key]
        if let entries = node?.mapping, let whole = node, !section.parts.isEmpty {
            let rest = entries.filter { entry in !section.parts.contains { $0.key == entry.key } }
            node = YAMLNode(.mapping(rest), line: whole.line, column: whole.column)
        }
        if let option = section.textOption, let text = node, text.text != nil, !text.isNull {
            let entry = YAMLNode.Entry(key: option, line: text.line, column: text.column, value: text)
            node = YAMLNode(.mapping([entry]), line: text.line, column: text.column)
        }
        if let listOption, let list = node, list.sequence != nil {
            let entry = YAMLNode.Entry(key: listOption, line: list.line, column: list.column, value: list)
            node = YAMLNode(.mapping([entry]), line: list.line, column: list.column)
        }
        return Options.read(spec, node, file: file, references: references, errors: &errors)
    }

    private mutating func checkName(_ options: Options) {
        let name = options.text("pipeline")
        guard !ConfiguredComponent.isName(name) else { return }
        errors.append(
            options.error("pipeline", "`\(name)` is not a name", suggestion: "use letters, digits, `-` and `_`"))
    }

    /// The topic that is the journal; nil where it is on this machine alone, or where something is wrong.
    private mutating func readTopic(_ root: YAMLNode) -> JournalTopic? {
        guard let node = root["journal"]?["kafka"], !node.isNull else { return nil }
        if root["state"]?.isNull ?? true {
            fail(
                node.line, "a journal in Kafka needs `state`, where workers find what others have worked out",
                "write `state: s3://BUCKET/FOLDER`, or a folder that all workers see")
        }
        guard
            let options = Options.read(
                JournalTopic.spec, node, file: file, references: references, errors: &errors)
        else { return nil }
        do throws(ConfigError) {
            return try JournalTopic(options)
        } catch {
            errors.append(error)
            return nil
        }
    }

    private mutating func journalSettings(
        _ options: Options, data: String?, _ topic: JournalTopic?
    ) -> PipelineConfiguration.JournalSettings? {
        guard options.bytes("segment") >= 1 << 20 else {
            errors.append(options.error("segment", "a segment holds at least 1MiB", suggestion: "write `128MiB`"))
            return nil
        }
        return PipelineConfiguration.JournalSettings(
            path: options.isSet("path") ? options.text("path") : (data ?? "") + "/journal",
            fsyncNs: options.durationNs("fsync"), segmentBytes: options.bytes("segment"),
            retainNs: options.isSet("retain") ? options.durationNs("retain") : nil,
            retainBytes: options.isSet("retain_bytes") ? options.bytes("retain_bytes") : nil, topic: topic)
    }

    private mutating func barSettings(_ options: Options) -> PipelineConfiguration.BarSettings? {
        var intervals: [Interval] = []
        for (index, text) in options.list("intervals").enumerated() {
            do {
                let interval = try Interval(parsing: text)
                if !intervals.contains(interval) {
                    intervals.append(interval)
                    continue
                }
                errors.append(
                    options.error("intervals", element: index, "`\(text)` is there twice", suggestion: "remove one"))
            } catch {
                errors.append(
                    options.error("intervals", element: index, error.message, suggestion: error.suggestion))
            }
        }
        return PipelineConfiguration.BarSettings(intervals: intervals, priceTypes: options.list("price_types"))
    }

    private mutating func venueCalendars(_ options: Options) -> VenueCalendars? {
        var calendars = VenueCalendars.standard
        do throws(ConfigError) {
            if options.isSet("file") {
                let path = options.text("file")
                calendars = try calendars.adding(text: ConfigurationFile.read(path), file: path)
            }
        } catch {
            errors.append(error)
            return nil
        }
        for (index, text) in options.list("venues").enumerated() {
            let parts = text.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
            guard parts.count == 2, !parts[0].isEmpty else {
                errors.append(
                    options.error(
                        "venues", element: index, "`\(text)` is not a venue and its calendar",
                        suggestion: "write `MYBROKER=FX`"))
                continue
            }
            do throws(ConfigError) {
                calendars = try calendars.assigning(venue: parts[0], code: parts[1])
            } catch {
                errors.append(
                    options.error("venues", element: index, error.message, suggestion: error.suggestion))
            }
        }
        return calendars
    }

    private mutating func readBudgets(_ root: YAMLNode, _ sinks: [ConfiguredComponent]) -> [String: Budget] {
        guard let node = root["budgets"], !node.isNull else { return [:] }
        guard let entries = node.mapping else {
            fail(
                node.line, "`budgets` is \(node.kindName), but takes names of sinks",
                "write `bigquery: { cost: 25 }`")
            return [:]
        }
        var budgets: [String: Budget] = [:]
        let names = sinks.filter { $0.kind != LakeSink.spec.name }.map(\.name)
        for entry in entries {
            guard let sink = sinks.first(where: { $0.name == entry.key && names.contains($0.name) }) else {
                let isLake = sinks.contains { $0.name == entry.key }
                fail(
                    entry.line,
                    isLake
                        ? "`\(entry.key)` is on disks of your own, and has no budget"
                        : "no sink is called `\(entry.key)`",
                    Suggestion.sentence(for: entry.key, among: names))
                continue
            }
            let options = Options.read(
                Budget.spec, entry.value, file: file, line: entry.line, references: references, errors: &errors)
            guard let options else { continue }
            do throws(ConfigError) {
                budgets[sink.name] = try Budget(options, sink: sink.kind, service: Registry.service(sink))
            } catch {
                errors.append(error)
            }
        }
        return budgets
    }

    private mutating func readArchive(_ root: YAMLNode, _ sinks: [ConfiguredComponent]) -> ArchiveSettings? {
        guard let node = root["archive"], !node.isNull, let options = readOptions(root, .archive) else { return nil }
        let lake = sinks.first { $0.kind == LakeSink.spec.name }?.options
        if let lake, lake.isSet("path"), lake.text("path").hasPrefix("s3://") {
            fail(node.line, "the lake is in a bucket already", "leave out `archive`, or keep the lake in a folder")
            return nil
        }
        do throws(ConfigError) {
            return try ArchiveSettings(options)
        } catch {
            errors.append(error)
            return nil
        }
    }

    private mutating func readJobs(_ root: YAMLNode) -> [JobPlan] {
        // Its own words for what holds without the section are YAML, too.
        let hasArchive = !(root["archive"]?.isNull ?? true)
        let words = ConfigurationSection.defaultJobs + (hasArchive ? "\n" + ConfigurationSection.defaultArchiveJob : "")
        let standard = try? YAML.parse(words, file: nil)
        let source = root["jobs"] == nil ? standard ?? root : root
        var plans: [JobPlan] = []
        for component in readComponents(source, "jobs", .job, absent: []) {
            do throws(ConfigError) { plans.append(try JobPlan(component)) } catch { errors.append(error) }
        }
        let names = plans.map(\.name)
        for plan in plans where plan.kind == ArchiveJob.spec.name && !hasArchive {
            fail(
                root["jobs"]?.line, "`\(plan.name)` has nowhere to go: the section `archive` is missing",
                "add `archive: { url: s3://BUCKET/FOLDER }`")
        }
        for plan in plans {
            for name in plan.after where !names.contains(name) {
                fail(
                    root["jobs"]?.line, "`\(plan.name)` runs after `\(name)`, and there is no such job",
                    Suggestion.sentence(for: name, among: names))
            }
            if JobPlan.waitsForItself(plan, among: plans) {
                fail(
                    root["jobs"]?.line, "`\(plan.name)` waits for itself", "give one of the jobs a time: `every: 1h`")
            }
        }
        return plans
    }

    /// What is kept of the program's own metrics and messages; nil where nothing is, or something is wrong.
    private mutating func readDiagnostics(
        _ root: YAMLNode, _ topic: JournalTopic?, _ feeds: [ConfiguredComponent]
    ) -> DiagnosticsSettings? {
        if let feed = feeds.first(where: { $0.name == Tables.programFeed }) {
            fail(
                feed.options.line, "`\(feed.name)` is the name under which the program journals its own diagnostics",
                "give the feed another `name`")
        }
        guard let options = readOptions(root, .diagnostics) else { return nil }
        do throws(ConfigError) {
            let settings = try DiagnosticsSettings.read(options)
            guard topic != nil else { return settings }
            if settings != nil, let node = root[ConfigurationSection.diagnostics.key], !node.isNull {
                fail(
                    node.line,
                    "diagnostics are not kept where the journal is in Kafka: its records are those of the feeds",
                    "remove `diagnostics`, and read `/metrics` of each process")
            }
        } catch {
            errors.append(error)
        }
        return nil
    }

    private mutating func serveSettings(_ options: Options) -> PipelineConfiguration.ServeSettings? {
        let text = options.text("listen")
        guard let address = ListenAddress(text) else {
            errors.append(
                options.error("listen", "`\(text)` is not an address and port", suggestion: "write `127.0.0.1:8080`"))
            return nil
        }
        guard address.isLoopback else {
            errors.append(
                options.error(
                    "listen", "`\(text)` can be reached from other machines, without TLS and without authentication",
                    suggestion: "listen on `127.0.0.1:\(address.port)` and put a proxy that adds both in front"))
            return nil
        }
        for name in ["query_rows", "client_queue"] where !(1...10_000_000).contains(options.integer(name)) {
            errors.append(
                options.error(
                    name, "`\(options.integer(name))` is out of range", suggestion: "write a number from 1 to 10000000")
            )
        }
        return PipelineConfiguration.ServeSettings(
            listen: address, hostNames: options.list("host_names"), queryTimeoutNs: options.durationNs("query_timeout"),
            queryRows: Int(options.integer("query_rows")), clientQueue: Int(options.integer("client_queue")))
    }

    private static func logSettings(_ options: Options) -> PipelineConfiguration.LogSettings {
        let format: Log.Format? =
            switch options.text("format") {
            case "text": .text
            case "json": .json
            default: nil
            }
        return PipelineConfiguration.LogSettings(
            level: Log.Level.allCases.first { $0.name == options.text("level") } ?? .info, format: format)
    }

    // MARK: Components

    private mutating func readComponents(
        _ root: YAMLNode, _ key: String, _ kind: ComponentKind, absent: [String]
    ) -> [ConfiguredComponent] {
        var list = ComponentListReader(
            key: key, kind: kind, components: components, file: file, references: references)
        defer { errors += list.errors }
        guard let node = root[key] else { return list.components(named: absent) }
        return list.components(node)
    }

    private mutating func readIndicators(_ node: YAMLNode?) -> [ConfiguredComponent] {
        var list = IndicatorListReader(specs: components.indicators, file: file, references: references)
        defer { errors += list.errors }
        guard let node else { return list.indicators(calls: PipelineConfiguration.defaultIndicators) }
        return list.indicators(node)
    }

    private mutating func fail(_ line: Int?, _ message: String, _ suggestion: String?) {
        errors.append(ConfigError(file: file, line: line, message, suggestion: suggestion))
    }
}

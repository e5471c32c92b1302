public import Platform

extension PipelineConfiguration {
    /// What the command line says instead of the file.
    public struct Overrides: Sendable {
        public var name: String?
        public var dataFolder: String?
        /// Bar intervals, for example `1s`.
        public var intervals: [String]?
        /// `trade`, `bid`, `ask`.
        public var priceTypes: [String]?
        public var listen: String?
        public init() {}
    }

    /// The same configuration with what the command line says.
    ///
    /// - Throws: `ConfigErrors` where a value is of no use.
    public func applying(
        _ overrides: Overrides, _ components: ComponentSpecs
    ) throws(ConfigErrors) -> PipelineConfiguration {
        var lines: [String] = []
        if let name = overrides.name { lines.append("pipeline: \(Self.quoted(name))") }
        if let data = overrides.dataFolder { lines.append("data: \(Self.quoted(data))") }
        var bars: [String] = []
        if let intervals = overrides.intervals {
            bars.append("intervals: [\(intervals.map(Self.quoted).joined(separator: ", "))]")
        }
        if let types = overrides.priceTypes {
            bars.append("price_types: [\(types.map(Self.quoted).joined(separator: ", "))]")
        }
        if !bars.isEmpty { lines.append("bars: { \(bars.joined(separator: ", ")) }") }
        if let listen = overrides.listen { lines.append("serve: { listen: \(Self.quoted(listen)) }") }
        let other = try Self.parse(lines.joined(separator: "\n"), file: nil, components: components)
        return PipelineConfiguration(
            file: file, name: overrides.name == nil ? name : other.name,
            dataFolder: overrides.dataFolder == nil ? dataFolder : other.dataFolder, feeds: feeds,
            journal: overrides.dataFolder == nil
                ? journal
                : JournalSettings(
                    path: journal.path == dataFolder + "/journal" ? other.journal.path : journal.path,
                    fsyncNs: journal.fsyncNs, segmentBytes: journal.segmentBytes, retainNs: journal.retainNs,
                    retainBytes: journal.retainBytes, topic: journal.topic), state: state,
            bars: BarSettings(
                intervals: overrides.intervals == nil ? self.bars.intervals : other.bars.intervals,
                priceTypes: overrides.priceTypes == nil ? self.bars.priceTypes : other.bars.priceTypes),
            indicators: indicators, latenessNs: latenessNs, calendars: calendars, sinks: sinks,
            archive: archive, budgets: budgets, jobs: jobs, diagnostics: diagnostics,
            serve: overrides.listen == nil
                ? serve
                : ServeSettings(
                    listen: other.serve.listen, hostNames: serve.hostNames, queryTimeoutNs: serve.queryTimeoutNs,
                    queryRows: serve.queryRows, clientQueue: serve.clientQueue), log: log)
    }

    /// A YAML scalar in single quotes.
    private static func quoted(_ text: String) -> String {
        "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "''") + "'"
    }
}

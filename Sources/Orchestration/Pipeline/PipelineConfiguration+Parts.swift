internal import Analytics
internal import Market
internal import Platform

extension PipelineConfiguration {
    /// What the engine computes.
    func engine() throws(ConfigError) -> EngineConfiguration {
        var indicators: [IndicatorSpec] = []
        for indicator in self.indicators { indicators.append(try IndicatorSpec(parsing: indicator.name)) }
        return try EngineConfiguration(
            intervals: bars.intervals,
            priceTypes: PriceType.allCases.filter { bars.priceTypes.contains($0.name) }, indicators: indicators,
            latenessNs: latenessNs, calendars: calendars)
    }

    private var lake: Options? { sinks.first { $0.kind == LakeSink.spec.name }?.options }

    /// Folder of the lake.
    public var lakePath: String { namedLakePath ?? dataFolder + "/lake" }

    /// Folder of the lake where the file names it.
    var namedLakePath: String? { lake?.text("path").nonEmpty }

    /// When steps are cut and flushed.
    var policy: EngineLoop.Policy {
        var policy = EngineLoop.Policy()
        if let lake {
            policy.flushNs = lake.durationNs("flush")
            policy.flushRows = Int(lake.integer("flush_rows"))
        }
        return policy
    }
}

extension Pipeline {
    /// Texts of the bar intervals.
    var intervalNames: [String] { configuration.bars.intervals.map(\.description) }
}

extension String {
    fileprivate var nonEmpty: String? { isEmpty ? nil : self }
}

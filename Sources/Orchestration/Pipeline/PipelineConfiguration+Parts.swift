internal import Analytics
internal import Foundation
public import Lake
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

    /// Where the lake is.
    ///
    /// - Parameter scratch: folder for what is not complete yet, of this program alone; nil where nothing is written.
    /// - Throws: `ConfigError` where the options do not fit together.
    public func lakePlace(scratch: String? = nil) throws -> any LakePlace {
        try LakeOptions.place(lake, standard: dataFolder + "/lake", scratch: scratch ?? Self.temporaryScratch)
    }

    /// The lake with its archive, to look after it or to read it.
    public func lakeFolder() throws -> LakeFolder { LakeFolder(try lakePlace(), archive: try archivePlace()) }

    /// A folder for what is not complete yet, of this run of the program.
    static var temporaryScratch: String {
        FileManager.default.temporaryDirectory.path + "/tapedeck-\(ProcessInfo.processInfo.processIdentifier)"
    }

    /// Whether the file says where the lake is.
    var namesLake: Bool { lake?.isSet("path") ?? false }

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

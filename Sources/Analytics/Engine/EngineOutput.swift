public import Market

/// What the engine makes of events: final bars and indicator values, in the order in which they became final.
///
/// - Order: journal offsets never go down; the values of a bar follow each other in the order of configuration.
public final class EngineOutput: @unchecked Sendable {  // one owner at a time
    public let bars: BarBatch
    public let indicators: IndicatorBatch
    /// Stretches of coverage that are over.
    public let coverage: RecordBatch

    /// - Parameter texts: shared by all batches of an engine.
    public init(_ configuration: EngineConfiguration, texts: StringTable = StringTable()) {
        bars = BarBatch(intervals: configuration.intervalNames, texts: texts)
        indicators = IndicatorBatch(intervals: configuration.intervalNames, names: configuration.indicatorNames)
        coverage = RecordBatch(Tables.coverage, texts: texts)
    }

    /// Empties the batches and keeps their memory.
    public func removeAll() {
        bars.removeAll()
        indicators.removeAll()
        coverage.removeAll()
    }
}

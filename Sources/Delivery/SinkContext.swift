public import Platform

/// Where in a program a sink is.
public struct SinkContext: Sendable {
    /// Name of the pipeline; names the progress in the target.
    public let pipeline: String
    /// Name of the sink, which no other sink of the pipeline has.
    public let sink: String
    /// Data folder of the pipeline.
    public let folder: String
    /// Counts what the sink asks of its target.
    public let meter: UsageMeter

    public init(pipeline: String, sink: String, folder: String, meter: UsageMeter = UsageMeter()) {
        self.meter = meter
        self.pipeline = pipeline
        self.sink = sink
        self.folder = folder
    }
}

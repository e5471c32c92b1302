internal import Platform
public import Serving

/// What the sinks of a pipeline took this month, read from its data folder: the pipeline need not run.
public enum BudgetReport {
    /// A sink and what it took.
    public struct Line: Sendable {
        public let sink: String
        /// Registered name of the sink.
        public let kind: String
        public let usage: Status.Usage
    }

    /// A line for every sink beside the lake.
    public static func lines(_ configuration: PipelineConfiguration) -> [Line] {
        configuration.sinks.filter { $0.kind != LakeSink.spec.name }.map { sink in
            Line(sink: sink.name, kind: sink.kind, usage: BudgetGuard(sink, configuration, UsageMeter()).status())
        }
    }
}

extension BudgetGuard {
    /// The guard of a configured sink.
    convenience init(_ sink: ConfiguredComponent, _ configuration: PipelineConfiguration, _ meter: UsageMeter) {
        self.init(
            sink: sink.name, meter, configuration.budgets[sink.name],
            prices: Registry.service(sink).flatMap { PriceList.standard.services[$0] },
            folder: configuration.dataFolder)
    }
}

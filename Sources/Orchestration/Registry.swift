internal import Analytics
internal import Delivery
internal import Feeds
internal import Lake
internal import Objects
internal import Platform
internal import Stores

/// Everything that a pipeline can be made of: one line per component, in alphabetical order.
public enum Registry {
    /// What configuration, help and reference pages know.
    public static let components = ComponentSpecs(
        feeds: FeedRegistry.all.map { $0.spec }, sinks: sinks, indicators: IndicatorRegistry.all.map { $0.spec },
        jobs: JobRegistry.specs)

    /// Targets that can be looked at.
    private static let readable: [String: @Sendable (Options, SinkContext) throws(DeliveryError) -> (any StoredRows)?] =
        [
            BigQuerySink.spec.name: BigQuerySink.rows, ClickHouseSink.spec.name: ClickHouseSink.rows,
            ObjectSink.spec.name: ObjectSink.rows, PostgreSQLSink.spec.name: PostgreSQLSink.rows,
        ]

    private static let sinks = ([LakeSink.spec] + targets.map(\.spec)).sorted { $0.name < $1.name }

    /// Sinks that deliver what the lake and the memory before it hold.
    private static let targets:
        [(spec: Spec, make: @Sendable (Options, SinkContext) throws(ConfigError) -> any DeliveryTarget)] = [
            (BigQuerySink.spec, BigQuerySink.make),
            (ClickHouseSink.spec, ClickHouseSink.make),
            (KafkaSink.spec, KafkaSink.make),
            (KinesisSink.spec, KinesisSink.make),
            (ObjectSink.spec, ObjectSink.make),
            (PostgreSQLSink.spec, PostgreSQLSink.make),
            (PubSubSink.spec, PubSubSink.make),
        ]

    /// The target of a sink; nil of the lake.
    ///
    /// - Throws: `ConfigError` where its options do not fit together.
    static func target(
        _ sink: ConfiguredComponent, of configuration: PipelineConfiguration, _ meter: UsageMeter = UsageMeter()
    ) throws(ConfigError) -> (any DeliveryTarget)? {
        try targets.first { $0.spec.name == sink.kind }?.make(sink.options, context(sink, configuration, meter))
    }

    /// Those of the sinks whose operators publish prices.
    private static let priced: [String: @Sendable (Options) -> String?] = [
        BigQuerySink.spec.name: BigQuerySink.service, KinesisSink.spec.name: KinesisSink.service,
        ObjectSink.spec.name: ObjectSink.service, PubSubSink.spec.name: PubSubSink.service,
    ]

    /// The service in the list of prices that a sink delivers to; nil of one's own servers, and of emulators.
    static func service(_ sink: ConfiguredComponent) -> String? { priced[sink.kind]?(sink.options) }

    /// Whether the partitions of a topic, each a pipeline, can deliver to the target of a sink.
    static func takesPartitions(_ sink: ConfiguredComponent) -> Bool { sink.kind != ObjectSink.spec.name }

    /// Whether the target of a sink can be looked at.
    static func isReadable(_ sink: ConfiguredComponent) -> Bool { readable[sink.kind] != nil }

    /// What the target of a sink holds; nil of those that cannot be looked at.
    static func storedRows(
        _ sink: ConfiguredComponent, of configuration: PipelineConfiguration
    ) throws(DeliveryError) -> (any StoredRows)? {
        try readable[sink.kind]?(sink.options, context(sink, configuration))
    }

    private static func context(
        _ sink: ConfiguredComponent, _ configuration: PipelineConfiguration, _ meter: UsageMeter = UsageMeter()
    ) -> SinkContext {
        SinkContext(pipeline: configuration.name, sink: sink.name, folder: configuration.dataFolder, meter: meter)
    }
}

/// The lake as configuration knows it.
enum LakeSink {
    static let spec = Spec(
        "lake", "Delta tables of Parquet files, together with the hot tables that queries see first.",
        options: [
            .init(
                "path", .text, default: "",
                "Folder of the tables, or `s3://BUCKET/FOLDER`; `lake` in the data folder unless given."),
            .init("flush", .duration, default: "60s", "Time between flushes from hot tables to files."),
            .init("flush_rows", .integer, default: "1000000", "Rows in memory that cause a flush at once."),
        ] + ObjectOptions.bucketSpecs,
        example: """
            sinks:
              - lake: { path: data/lake, flush: 30s }
            """)
}

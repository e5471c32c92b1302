public import Delivery
internal import Networking
public import Platform

/// The sink `kinesis` as configuration knows it.
public enum KinesisSink {
    public static let spec = Spec(
        "kinesis", "A stream of Amazon Kinesis, rows as lines of JSON, in the order of each instrument.",
        options: [
            KinesisStream.spec,
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver."),
            .duration("flush", default: "1s", "Time between deliveries."),
        ] + AWSOptions.specs,
        example: """
            sinks:
              - lake
              - kinesis: { stream: market, region: eu-central-1, tables: [trades, bars] }
            """)

    /// The service whose published prices hold; nil of an emulator.
    public static func service(_ options: Options) -> String? {
        let endpoint = options.text("endpoint")
        return endpoint.isEmpty || endpoint.contains(".amazonaws.com") ? "kinesis" : nil
    }

    public static func make(_ options: Options, _ context: SinkContext) throws(ConfigError) -> any DeliveryTarget {
        KinesisTarget(try KinesisSinkSettings(options), context)
    }
}

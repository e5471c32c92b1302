public import Delivery
internal import Networking
public import Platform

/// The sink `pubsub` as configuration knows it.
public enum PubSubSink {
    static let emulator = "PUBSUB_EMULATOR_HOST"
    static let endpoint = "https://pubsub.googleapis.com"

    public static let spec = Spec(
        "pubsub", "A topic per table in Google Cloud Pub/Sub, a JSON message per row, in the order of each instrument.",
        options: [
            GoogleNames.projectSpec(of: "topics"),
            .text(
                "prefix", default: "tapedeck.", "Begins the names of topics: rows of `trades` go to `tapedeck.trades`."),
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver."),
            .duration("flush", default: "1s", "Time between deliveries."),
            .boolean(
                "ordered", default: "true",
                "Gives each message its instrument as ordering key; without, requests are fewer and larger."),
            MessageFormat.asReceived,
            .integer("requests", default: "8", "Requests under way at once, up to 64."),
        ] + GoogleOptions.specs(emulator: emulator, endpoint: endpoint),
        example: """
            sinks:
              - lake
              - pubsub: { project: my-project, tables: [trades, bars] }
            """)

    /// The service whose published prices hold; nil of an emulator.
    public static func service(_ options: Options) -> String? {
        let google = try? GoogleOptions(options, emulator: emulator, endpoint: endpoint)
        return google?.endpoint.isSecure == true ? "pubsub" : nil
    }

    public static func make(_ options: Options, _ context: SinkContext) throws(ConfigError) -> any DeliveryTarget {
        PubSubTarget(try PubSubSinkSettings(options), context)
    }
}

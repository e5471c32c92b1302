public import Delivery
internal import Kafka
public import Platform

/// The sink `kafka` as configuration knows it.
public enum KafkaSink {
    public static let spec = Spec(
        "kafka",
        "A topic per table in Kafka, in transactions: a message per row in JSON or Avro, or rows together in Arrow.",
        options: [
            KafkaConnection.brokers,
            .text(
                "prefix", default: "tapedeck.", "Begins the names of topics: rows of `trades` go to `tapedeck.trades`."),
            .integer("partitions", default: "12", "Partitions of topics that are made here."),
            .integer(
                "copies", default: "",
                "Copies of each partition of topics that are made here; the cluster's default unless given."),
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver."),
            .duration("flush", default: "1s", "Time between deliveries."),
            .text(
                "format", default: MessageFormat.json.rawValue, choices: MessageFormat.allCases.map(\.rawValue),
                "What messages hold: a row as `json` object or as `avro` record, or the rows of an instrument together as `arrow` "
                    + "stream."),
            MessageFormat.asReceived,
        ] + KafkaConnection.security + [KafkaConnection.settings],
        example: """
            sinks:
              - lake
              - kafka: { brokers: ["127.0.0.1:9092"], tables: [trades, bars] }
            """)

    public static func make(_ options: Options, _ context: SinkContext) throws(ConfigError) -> any DeliveryTarget {
        KafkaTarget(try KafkaSinkSettings(options), pipeline: context.pipeline, meter: context.meter)
    }
}

public import Delivery
public import Platform

/// The sink `postgresql` as configuration knows it.
public enum PostgreSQLSink {
    public static let spec = Spec(
        "postgresql", "Tables in a PostgreSQL server, each row once.",
        options: [
            .secret(
                "uri",
                "Where the server is, as libpq reads it: `postgresql://USER@HOST:PORT/DATABASE`. A password comes from here, from "
                    + "`PGPASSWORD` or from `~/.pgpass`."),
            .text("schema", default: "tapedeck", "Schema of the tables; made where it is missing."),
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver."),
            .duration("flush", default: "1s", "Time between deliveries."),
        ],
        example: """
            sinks:
              - lake
              - postgresql: { uri: "postgresql://tapedeck@127.0.0.1:5432/market", tables: [trades, bars] }
            """)

    public static func make(_ options: Options, _ context: SinkContext) -> any DeliveryTarget {
        PostgreSQLTarget(
            uri: options.secret("uri"), schema: options.text("schema"), pipeline: context.pipeline, meter: context.meter
        )
    }

    /// What the server holds.
    public static func rows(_ options: Options, _ context: SinkContext) throws(DeliveryError) -> any StoredRows {
        try PostgreSQLRows(
            uri: options.secret("uri"), schema: options.text("schema"), pipeline: context.pipeline)
    }
}

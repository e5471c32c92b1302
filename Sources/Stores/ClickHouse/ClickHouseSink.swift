public import Databases
public import Delivery
public import Platform

/// The sink `clickhouse` as configuration knows it.
public enum ClickHouseSink {
    public static let spec = Spec(
        "clickhouse", "Tables in a ClickHouse server, each row once.",
        options: [
            .secret(
                "url",
                "Where its HTTP interface is: `http://HOST:8123` or `https://HOST:8443`; one server, no balancer."),
            .text("user", default: "default", "Who asks."),
            .secret("password", default: "", "The user's password; none unless given."),
            .text(
                "authorities", default: "",
                "PEM file of the only authorities to trust with https; the system's unless given."),
            .text("database", default: "tapedeck", "Database of the tables; made where it is missing."),
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver."),
            .duration("flush", default: "1s", "Time between deliveries."),
            .text(
                "compression", default: "lz4", choices: NativeCompression.allCases.map(\.rawValue),
                "How requests are compressed on their way."),
            .duration(
                "keep", default: "",
                "Rows of trades, quotes, bars, indicators, frames and dead_letters expire so long after their time; kept unless given."
            ),
            .text(
                "cluster", default: "",
                "Cluster whose servers get the tables: `ReplicatedMergeTree` on each, and `Distributed` tables over them."
            ),
        ],
        example: """
            sinks:
              - lake
              - clickhouse: { url: "http://127.0.0.1:8123", database: market, tables: [trades, bars] }
            """)

    public static func make(_ options: Options, _ context: SinkContext) -> any DeliveryTarget {
        ClickHouseTarget(
            address(options), layout(options),
            compression: NativeCompression(rawValue: options.text("compression")) ?? .lz4,
            pipeline: context.pipeline, meter: context.meter)
    }

    /// What the server holds.
    public static func rows(_ options: Options, _ context: SinkContext) throws(DeliveryError) -> any StoredRows {
        try ClickHouseRows(address(options), layout(options), pipeline: context.pipeline)
    }

    /// Runs a statement in the server of a sink, whose database is meant where a statement names none.
    ///
    /// - Throws: what the server says, without secrets.
    public static func ask(
        _ sql: String, _ options: Options, _ context: SinkContext, rowsMax: Int
    ) throws(DeliveryError) -> QueryResult {
        let server = try ClickHouseServer(address(options), answerBytesMax: answerBytesMax)
        let answer = try server.answer(sql, database: options.text("database"))
        return QueryResult(
            columns: answer.columns, rows: Array(answer.rows.prefix(rowsMax)), isTruncated: answer.rows.count > rowsMax)
    }

    /// An answer is held in memory.
    private static let answerBytesMax = 256 << 20

    private static func address(_ options: Options) -> ClickHouseAddress {
        let authorities = options.text("authorities")
        return ClickHouseAddress(
            url: options.secret("url"), user: options.text("user"), password: options.secret("password"),
            authorityFile: authorities.isEmpty ? nil : authorities)
    }

    private static func layout(_ options: Options) -> ClickHouseLayout {
        ClickHouseLayout(
            database: options.text("database"), cluster: options.text("cluster"),
            keepNs: options.isSet("keep") ? options.durationNs("keep") : nil)
    }
}

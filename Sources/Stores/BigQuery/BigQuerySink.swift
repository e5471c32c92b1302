public import Delivery
internal import Networking
public import Platform

/// The sink `bigquery` as configuration knows it.
public enum BigQuerySink {
    static let emulator = "BIGQUERY_EMULATOR_HOST"
    static let endpoint = "https://bigquery.googleapis.com"

    public static let spec = Spec(
        "bigquery", "Tables in a dataset of Google BigQuery, each row once, by load jobs.",
        options: [
            .text("dataset", "Dataset of the tables: `NAME` or `PROJECT.NAME`."),
            .text(
                "project", default: "",
                "Project of the dataset and of the jobs; unset is GOOGLE_CLOUD_PROJECT, else that of the key file."),
            .text(
                "location", default: "",
                "Where the dataset is made if it is missing, for example `EU`; unless given it has to be there."),
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver."),
            .duration(
                "flush", default: "60s",
                "Time between deliveries. BigQuery takes 1,500 load jobs for a table and day: one a minute."),
            .text(
                "mode", default: "load", choices: BigQueryMode.allCases.map(\.rawValue),
                "`load` has each row once; `stream` (`insertAll`) is there within seconds, costs by the byte, and may repeat rows after an "
                    + "interruption."),
            .text(
                "views", default: "",
                "Dataset of the views `price_updates`, `positions` and `transactions`, named as MetaTrader's terminal names things; "
                    + "made where it is missing. None unless given."),
        ] + GoogleOptions.specs(emulator: emulator, endpoint: endpoint),
        example: """
            sinks:
              - lake
              - bigquery: { dataset: my-project.market, tables: [trades, bars] }
            """)

    /// What the dataset holds.
    public static func rows(_ options: Options, _ context: SinkContext) throws(DeliveryError) -> any StoredRows {
        let settings: BigQuerySettings
        do { settings = try BigQuerySettings(options) } catch { throw DeliveryError(.setup, error.message) }
        return try BigQueryRows(settings, pipeline: context.pipeline)
    }

    /// The service whose published prices hold; nil of an emulator.
    public static func service(_ options: Options) -> String? {
        let google = try? GoogleOptions(options, emulator: emulator, endpoint: endpoint)
        return google?.endpoint.isSecure == true ? "bigquery-\(options.text("mode"))" : nil
    }

    public static func make(_ options: Options, _ context: SinkContext) throws(ConfigError) -> any DeliveryTarget {
        BigQueryTarget(try BigQuerySettings(options), context)
    }
}

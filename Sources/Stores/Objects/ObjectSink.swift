public import Delivery
internal import Market
internal import Objects
public import Platform

/// The sink `objects` as configuration knows it.
public enum ObjectSink {
    public static let spec = Spec(
        "objects", "JSON objects in a bucket (S3, MinIO, Google Cloud Storage) or a folder, each row once.",
        options: ObjectOptions.specs + [
            .text(
                "layout", default: Layout.batched.rawValue, choices: Layout.allCases.map(\.rawValue),
                "`batched`: objects of many rows, a JSON object on each line; `snapshots`: an object for each quote "
                    + "that was asked for, as the vendor sent it, `SYMBOL/SECONDS.json`."),
            .text(
                "compression", default: ObjectCompression.gzip.rawValue,
                choices: ObjectCompression.allCases.map(\.rawValue),
                "How objects of the layout `batched` are compressed; it stays as it was at the first start."),
            .bytes(
                "object_size", default: "64MiB",
                "An object of the layout `batched` is full at so many bytes, before they are compressed."),
            .list(
                "tables", default: DeliveryTables.standard.joined(separator: ","), choices: DeliveryTables.names,
                "Tables to deliver; `[quote_snapshots]` for the layout `snapshots`."),
            .duration("flush", default: "60s", "Time between deliveries: objects are to be few and large."),
        ],
        example: """
            sinks:
              - lake
              - objects: { url: "s3://bronze/market", region: eu-central-1, tables: [trades, bars] }
            """)

    /// How rows become objects.
    enum Layout: String, CaseIterable {
        case batched, snapshots
    }

    /// What the objects hold; nil of the layout `snapshots`, whose objects are answers of vendors and no rows.
    public static func rows(_ options: Options, _ context: SinkContext) throws(DeliveryError) -> (any StoredRows)? {
        guard options.text("layout") == Layout.batched.rawValue else { return nil }
        let store: any ObjectStore
        do { store = try ObjectOptions.store(options) } catch { throw DeliveryError(.setup, error.message) }
        return try ObjectRows(
            store, ObjectCompression(rawValue: options.text("compression")) ?? .gzip, pipeline: context.pipeline)
    }

    /// The service whose published prices hold; nil of folders and of one's own servers.
    public static func service(_ options: Options) -> String? {
        let endpoint = options.text("endpoint")
        guard options.text("url").hasPrefix("s3://") else { return nil }
        if endpoint.isEmpty || endpoint.contains(".amazonaws.com") { return "s3" }
        return endpoint.contains("storage.googleapis.com") ? "gcs" : nil
    }

    private static let sizes: ClosedRange<Int64> = 64 << 10...256 << 20

    /// - Parameter context: says whose rows they are.
    public static func make(_ options: Options, _ context: SinkContext) throws(ConfigError) -> any DeliveryTarget {
        let store = try ObjectOptions.store(options, meter: context.meter)
        if options.text("layout") == Layout.snapshots.rawValue {
            let table = Tables.quoteSnapshots.name
            guard options.list("tables") == [table] else {
                throw options.error(
                    "tables", "has others than `\(table)`, of which alone the layout `snapshots` is",
                    suggestion: "write `tables: [\(table)]`")
            }
            for name in ["compression", "object_size"] where options.isGiven(name) {
                throw options.error(name, "means nothing for the layout `snapshots`", suggestion: "leave it out")
            }
            return SnapshotObjects(store, context)
        }
        guard sizes.contains(options.bytes("object_size")) else {
            throw options.error("object_size", "is not between 64KiB and 256MiB", suggestion: "write `64MiB`")
        }
        return BatchedObjects(
            store, ObjectCompression(rawValue: options.text("compression")) ?? .gzip,
            bytesMax: Int(options.bytes("object_size")), context)
    }
}

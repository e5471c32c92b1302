internal import Delivery
internal import Market
internal import Platform

/// What a user decides about the tables.
struct ClickHouseLayout: Sendable {
    var database: String
    /// Name of a cluster whose servers get the tables; empty for one server.
    var cluster = ""
    /// Nanoseconds after which rows of large tables expire; nil keeps them.
    var keepNs: Int64?
}

/// The statements that make tables in a ClickHouse database.
struct ClickHouseTables {
    let layout: ClickHouseLayout
    let dialect: ClickHouseDialect

    /// The table that says how far the others have got.
    static let offsets = "tapedeck_offsets"
    /// What the server did not take.
    static let rejected = "tapedeck_rejected"
    /// The column that says whose rows they are.
    static let pipeline = "pipeline"

    func name(_ table: String) -> String {
        ClickHouseSQL.identifier(layout.database) + "." + ClickHouseSQL.identifier(table)
    }

    /// The table that holds the rows: of a cluster, those of one of its parts.
    func storageName(_ table: String) -> String { name(layout.cluster.isEmpty ? table : table + "_local") }

    private var onCluster: String {
        layout.cluster.isEmpty ? "" : " ON CLUSTER \(ClickHouseSQL.identifier(layout.cluster))"
    }

    var makeDatabase: String {
        "CREATE DATABASE IF NOT EXISTS \(ClickHouseSQL.identifier(layout.database))\(onCluster)"
    }

    /// The statements that make a table.
    func make(_ table: TableSchema) -> [String] {
        var parts = table.columns.map {
            "\(ClickHouseSQL.identifier($0.name)) \(dialect.typeName($0))\(dialect.codec($0, of: table))"
        }
        parts.append(
            "\(ClickHouseSQL.identifier(Self.pipeline)) \(dialect.hasModernTypes ? "LowCardinality(String)" : "String")"
        )
        // Counting the rows of a few offsets looks into few granules.
        if dialect.hasModernTypes {
            parts.append("INDEX journal_offset_range journal_offset TYPE minmax GRANULARITY 1")
        }
        let isLarge = DeliveryTables.isLarge(table)
        var rest = isLarge ? " PARTITION BY \(dialect.month(table))" : ""
        rest += " ORDER BY (\(sortKey(table).map(ClickHouseSQL.identifier).joined(separator: ", ")))"
        if isLarge, dialect.hasModernTypes, let keepNs = layout.keepNs {
            let time = ClickHouseSQL.identifier(table.moment)
            rest += " TTL toDateTime(\(time)) + toIntervalSecond(\(max(1, keepNs / 1_000_000_000)))"
        }
        rest += settings
        let key = table.columns.contains { $0.name == "symbol" } ? "cityHash64(symbol)" : "intHash64(journal_offset)"
        return make(table.name, parts, engine: "MergeTree", "", rest, sharding: key)
    }

    /// Rows are on the disk when an insertion is answered, and a request that somebody on the way repeats counts once.
    private var settings: String {
        dialect.hasModernTypes
            ? " SETTINGS non_replicated_deduplication_window = 1000, fsync_after_insert = 1, fsync_part_directory = 1"
            : ""
    }

    var makeOffsets: [String] {
        let columns = [
            "pipeline String", "table_name String", "step UInt64", "journal_offset Int64", "unit_end Int64",
            "unit_rows UInt64", "updated DateTime DEFAULT now()",
        ]
        return make(
            Self.offsets, columns, engine: "ReplacingMergeTree", "step", " ORDER BY (pipeline, table_name)" + settings,
            sharding: nil)
    }

    var makeRejected: [String] {
        let columns = [
            "pipeline String", "table_name String", "journal_offset Int64", "reason String",
            "rejected DateTime DEFAULT now()",
        ]
        return make(
            Self.rejected, columns, engine: "ReplacingMergeTree", "rejected",
            " ORDER BY (pipeline, table_name, journal_offset)" + settings, sharding: nil)
    }

    /// - Parameter sharding: what decides which part of a cluster gets a row; nil where all servers have all rows.
    private func make(
        _ table: String, _ columns: [String], engine: String, _ argument: String, _ rest: String, sharding: String?
    ) -> [String] {
        let list = columns.joined(separator: ", ")
        guard !layout.cluster.isEmpty else {
            return ["CREATE TABLE IF NOT EXISTS \(name(table)) (\(list)) ENGINE = \(engine)(\(argument))\(rest)"]
        }
        // Every server is a replica of what is not cut into shards.
        let path = "/clickhouse/tables/\(sharding == nil ? "" : "{shard}/")\(layout.database)/\(table)"
        let replica = sharding == nil ? "{shard}-{replica}" : "{replica}"
        let arguments =
            [ClickHouseSQL.literal(path), ClickHouseSQL.literal(replica)] + (argument.isEmpty ? [] : [argument])
        let storage = sharding == nil ? name(table) : storageName(table)
        let make =
            "CREATE TABLE IF NOT EXISTS \(storage)\(onCluster) (\(list)) ENGINE = Replicated\(engine)"
            + "(\(arguments.joined(separator: ", ")))\(rest)"
        guard let sharding else { return [make] }
        let names = [layout.cluster, layout.database, table + "_local"].map(ClickHouseSQL.identifier).joined(
            separator: ", ")
        return [
            make,
            "CREATE TABLE IF NOT EXISTS \(name(table))\(onCluster) AS \(storage) ENGINE = Distributed(\(names), \(sharding))",
        ]
    }

    /// What rows are sorted by, so that an instrument's rows lie together in the order of their times.
    func sortKey(_ table: TableSchema) -> [String] {
        let nullable = Set(table.columns.filter(\.isNullable).map(\.name))
        let key = table.sortKey.filter { !nullable.contains($0) && $0 != "frame_index" }
        let named = key.count > 1 ? key.filter { $0 != "journal_offset" } : key
        // Servers before 22.8 may keep the key without quotes, and cannot start with one of `interval` or `from`.
        guard dialect.hasModernTypes else { return named.filter { $0 != "interval" } }
        return named.map { $0 == table.timeColumn ? table.moment : $0 }
    }

    /// Takes rows out of a table, for good.
    ///
    /// - Parameter condition: which.
    func delete(from table: String, where condition: String) -> String {
        "ALTER TABLE \(storageName(table))\(onCluster) DELETE WHERE \(condition)"
            + (dialect.hasModernTypes ? " SETTINGS mutations_sync = 2" : "")
    }

    /// What of a table that is there does not fit; nil where all does. Columns that others added may stay.
    func difference(_ table: TableSchema, _ found: [String: String]) -> String? {
        let place = "\(layout.database).\(table.name)"
        func add(_ column: String, _ type: String) -> String {
            "\(place) has no column \(column); add it: ALTER TABLE \(storageName(table.name)) ADD COLUMN "
                + "\(ClickHouseSQL.identifier(column)) \(type)"
        }
        guard found[Self.pipeline] != nil else { return add(Self.pipeline, "String") }
        for column in table.columns {
            guard let type = found[column.name] else { return add(column.name, dialect.typeName(column)) }
            guard ClickHouseDialect.isSame(type, column) else {
                return
                    "\(place): column \(column.name) is \(type), not \(dialect.typeName(column)); rename the table or use "
                    + "another `database`"
            }
        }
        return nil
    }
}

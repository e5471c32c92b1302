internal import Databases
internal import Delivery
internal import Market
internal import Platform

/// The SQL of the tables in a PostgreSQL schema.
struct PostgreSQLTables {
    /// Name of the schema.
    let schema: String
    /// Whether tables of much data are hypertables of TimescaleDB; otherwise they are partitioned by month.
    let hasTimescale: Bool

    /// The table that says how far the others have got.
    static let offsets = "tapedeck_offsets"

    func name(_ table: String) -> String { SQLText.identifier(schema) + "." + SQLText.identifier(table) }

    var makeSchema: String { "CREATE SCHEMA IF NOT EXISTS \(SQLText.identifier(schema))" }

    var makeOffsets: String {
        """
        CREATE TABLE IF NOT EXISTS \(name(Self.offsets)) (pipeline text, table_name text, journal_offset bigint NOT NULL, \
        updated timestamptz NOT NULL, PRIMARY KEY (pipeline, table_name))
        """
    }

    /// What the server did not take.
    static let rejected = "tapedeck_rejected"

    var makeRejected: String {
        """
        CREATE TABLE IF NOT EXISTS \(name(Self.rejected)) (pipeline text NOT NULL, table_name text NOT NULL, \
        journal_offset bigint NOT NULL, reason text NOT NULL, rejected timestamptz NOT NULL)
        """
    }

    /// The condition for the row that says how far a table is.
    func key(_ table: TableSchema, pipeline: String) -> String {
        "pipeline = \(SQLText.literal(pipeline)) AND table_name = \(SQLText.literal(table.name))"
    }

    func committedOffset(_ table: TableSchema, pipeline: String) -> String {
        "SELECT journal_offset FROM \(name(Self.offsets)) WHERE \(key(table, pipeline: pipeline))"
    }

    func isLarge(_ table: TableSchema) -> Bool { DeliveryTables.isLarge(table) }

    /// The statements that make a table.
    func make(_ table: TableSchema) -> [String] {
        let time = SQLText.identifier(table.moment)
        let columns = table.columns.map {
            "\(SQLText.identifier($0.name)) \(Self.typeName($0.type))\($0.isNullable ? "" : " NOT NULL")"
        }
        let isPartitioned = isLarge(table) && !hasTimescale
        var statements = [
            "CREATE TABLE \(name(table.name)) (\(columns.joined(separator: ", ")))"
                + (isPartitioned ? " PARTITION BY RANGE (\(time))" : "")
        ]
        if isLarge(table), hasTimescale {
            statements.append(
                "SELECT create_hypertable(\(SQLText.literal(name(table.name))), \(SQLText.literal(table.moment)))")
        }
        if isLarge(table) { statements.append("CREATE INDEX ON \(name(table.name)) USING brin (\(time))") }
        if table.columns.contains(where: { $0.name == "symbol" }), table.columns.contains(where: { $0.name == "venue" })
        {
            statements.append("CREATE INDEX ON \(name(table.name)) (venue, symbol, \(time))")
        }
        return statements
    }

    /// The statement that makes the partition of a month.
    func makePartition(_ table: TableSchema, month: CivilDate) -> String {
        let (year, number, _) = month.components
        let next = number == 12 ? (year + 1, Int64(1)) : (year, number + 1)
        let partition = "\(table.name)_\(Self.digits(year, 4))_\(Self.digits(number, 2))"
        func start(_ year: Int64, _ month: Int64) -> String {
            "'\(Self.digits(year, 4))-\(Self.digits(month, 2))-01 00:00Z'"
        }
        return "CREATE TABLE IF NOT EXISTS \(name(partition)) PARTITION OF \(name(table.name)) "
            + "FOR VALUES FROM (\(start(year, number))) TO (\(start(next.0, next.1)))"
    }

    private static func digits(_ number: Int64, _ count: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, count - text.count)) + text
    }

    /// Columns of a table that is there: name, type as `format_type` writes it.
    func columns(_ table: String) -> String {
        """
        SELECT attname::text, format_type(atttypid, atttypmod)::text FROM pg_attribute \
        WHERE attrelid = to_regclass(\(SQLText.literal(name(table)))) AND attnum > 0 AND NOT attisdropped
        """
    }

    /// What of a table that is there does not fit; nil where all does. Columns that others added may stay.
    func difference(_ table: TableSchema, _ found: [String: String]) -> String? {
        for column in table.columns {
            let type = Self.typeName(column.type)
            guard let known = found[column.name] else {
                return
                    "\(schema).\(table.name) has no column \(column.name); add it: ALTER TABLE \(name(table.name)) ADD COLUMN "
                    + "\(SQLText.identifier(column.name)) \(type)"
            }
            guard known == type else {
                return
                    "\(schema).\(table.name): column \(column.name) is \(known), not \(type); rename the table or use another "
                    + "`schema`"
            }
        }
        return nil
    }

    /// As `format_type` writes it.
    static func typeName(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp: "timestamp with time zone"
        case .date: "date"
        case .int32: "integer"
        case .int64: "bigint"
        case .float64: "double precision"
        case .boolean: "boolean"
        case .string: "text"
        case .binary: "bytea"
        case .decimal(let scale): "numeric(\(TableSchema.ColumnType.decimalDigits),\(scale))"
        }
    }
}

internal import Delivery
internal import Market

/// How far a table is, as its row in `tapedeck_offsets` says.
struct ClickHouseProgress: Equatable {
    /// Rises with every row that is written; the highest counts.
    var step: UInt64 = 0
    /// Rows up to this offset, itself included, are there.
    var offset: Int64 = -1
    /// A unit that reaches from behind `offset` to here was begun; `offset` where none is under way.
    var unitEnd: Int64 = -1
    /// Rows of that unit.
    var unitRows: Int64 = 0

    /// A unit was begun, and nobody knows yet what became of it.
    var isOpen: Bool { unitEnd > offset }

    func beginning(upTo last: Int64, rows: Int64) -> Self {
        Self(step: step + 1, offset: offset, unitEnd: last, unitRows: rows)
    }

    func reaching(_ last: Int64) -> Self { Self(step: step + 1, offset: last, unitEnd: last) }

    /// As if a unit behind `offset` had been begun that never gets all of its rows: whoever settles it takes them out.
    func rewinding(to offset: Int64) -> Self {
        Self(step: step + 1, offset: offset, unitEnd: self.offset, unitRows: .max)
    }
}

/// Reads and writes how far tables are.
///
/// - Threading: one thread at a time.
struct ClickHouseLedger {
    let server: ClickHouseServer
    let tables: ClickHouseTables
    let inlets: ClickHouseInlets
    let pipeline: String

    private static func key(_ table: TableSchema, _ pipeline: String) -> String {
        "pipeline = \(ClickHouseSQL.literal(pipeline)) AND table_name = \(ClickHouseSQL.literal(table.name))"
    }
    private func key(_ table: TableSchema) -> String { Self.key(table, pipeline) }

    /// Asks for what the server says of a table.
    static func progress(_ tables: ClickHouseTables, _ table: TableSchema, pipeline: String) -> String {
        "SELECT step, journal_offset, unit_end, unit_rows FROM \(tables.name(ClickHouseTables.offsets)) "
            + "WHERE \(key(table, pipeline)) ORDER BY step DESC LIMIT 1"
    }

    /// Servers of today collect small insertions unless told otherwise.
    private var settings: String { tables.dialect.hasModernTypes ? " SETTINGS async_insert = 0" : "" }

    /// What the server says now.
    func read(_ table: TableSchema) throws(DeliveryError) -> ClickHouseProgress {
        let rows = try server.execute(Self.progress(tables, table, pipeline: pipeline))
        guard let row = rows.first, row.count == 4, let step = UInt64(row[0]), let offset = Int64(row[1]),
            let unitEnd = Int64(row[2]), let unitRows = Int64(row[3])
        else { return ClickHouseProgress() }
        return ClickHouseProgress(step: step, offset: offset, unitEnd: unitEnd, unitRows: unitRows)
    }

    func write(_ progress: ClickHouseProgress, _ table: TableSchema) throws(DeliveryError) {
        let values =
            [pipeline, table.name].map(ClickHouseSQL.literal) + [
                "\(progress.step)", "\(progress.offset)", "\(progress.unitEnd)", "\(progress.unitRows)",
            ]
        _ = try server.execute("INSERT INTO \(inlets.offsets)\(settings) VALUES (\(values.joined(separator: ", ")))")
    }

    /// Finds out what became of a unit that was begun: all of its rows are there, or none once this returns.
    ///
    /// - Precondition: nothing of it is under way any more.
    func settle(_ progress: ClickHouseProgress, _ table: TableSchema) throws(DeliveryError) -> ClickHouseProgress {
        guard progress.isOpen else { return progress }
        let pipeline = "\(ClickHouseTables.pipeline) = \(ClickHouseSQL.literal(pipeline))"
        let unit = "\(pipeline) AND journal_offset > \(progress.offset) AND journal_offset <= \(progress.unitEnd)"
        let count = try count(table, unit)
        if count == progress.unitRows {
            let done = progress.reaching(progress.unitEnd)
            try write(done, table)
            return done
        }
        var left = progress
        left.unitEnd = left.offset
        left.unitRows = 0
        guard count > 0 else { return left }
        // Some months of it are there: they go, and the unit is delivered from its beginning.
        _ = try server.execute(tables.delete(from: table.name, where: unit))
        guard try self.count(table, unit) == 0 else {
            throw DeliveryError(
                .unavailable,
                "\(tables.layout.database).\(table.name) has \(count) rows of a unit of \(progress.unitRows); waiting for the "
                    + "server to take them out")
        }
        return left
    }

    private func count(_ table: TableSchema, _ condition: String) throws(DeliveryError) -> Int64 {
        if !tables.layout.cluster.isEmpty {
            let cluster = ClickHouseSQL.identifier(tables.layout.cluster)
            let storage = tables.storageName(table.name).split(separator: ".", maxSplits: 1)
            _ = try server.execute("SYSTEM SYNC REPLICA ON CLUSTER \(cluster) \(storage.joined(separator: "."))")
        }
        let rows = try server.execute("SELECT count() FROM \(tables.name(table.name)) WHERE \(condition)")
        guard let count = rows.first?.first.flatMap(Int64.init) else {
            throw DeliveryError(.unavailable, "the server did not count \(table.name)")
        }
        return count
    }

    /// Forgets how far every pipeline is with a table that is not there any more.
    func forget(_ table: TableSchema) throws(DeliveryError) {
        let condition = "table_name = \(ClickHouseSQL.literal(table.name))"
        let offsets = tables.name(ClickHouseTables.offsets)
        let isThere = "SELECT count() FROM \(offsets) WHERE \(condition)"
        guard try server.execute(isThere) != [["0"]] else { return }
        _ = try server.execute(tables.delete(from: ClickHouseTables.offsets, where: condition))
        guard try server.execute(isThere) == [["0"]] else {
            throw DeliveryError(.unavailable, "waiting for the server to forget how far \(table.name) was")
        }
    }

    /// Notes what the server would not take, once.
    func note(_ table: TableSchema, offset: Int64, reason: String) throws(DeliveryError) {
        let rejected = tables.name(ClickHouseTables.rejected)
        let known = try server.execute(
            "SELECT count() FROM \(rejected) WHERE \(key(table)) AND journal_offset = \(offset)")
        guard known == [["0"]] else { return }
        let values = [
            ClickHouseSQL.literal(pipeline), ClickHouseSQL.literal(table.name), "\(offset)",
            ClickHouseSQL.literal(reason),
        ]
        _ = try server.execute(
            "INSERT INTO \(rejected) (pipeline, table_name, journal_offset, reason)\(settings) "
                + "VALUES (\(values.joined(separator: ", ")))")
    }
}

public import Delivery
public import Market
internal import Platform

/// Tables in a ClickHouse server: a row before and a row after each unit say what became of it.
///
/// - Source: ClickHouse documentation, "HTTP Interface", "MergeTree", "Native Format".
public final class ClickHouseTarget: PreparingTarget, @unchecked Sendable {  // one thread at a time
    private let address: ClickHouseAddress
    private let layout: ClickHouseLayout
    private let compression: NativeCompression
    private let pipeline: String
    private let meter: UsageMeter
    private var session: Session?

    private struct Session {
        let server: ClickHouseServer
        let tables: ClickHouseTables
        var ledger: ClickHouseLedger {
            ClickHouseLedger(server: server, tables: tables, inlets: inlets, pipeline: pipeline)
        }
        var inlets: ClickHouseInlets
        let pipeline: String
        var progress: [String: ClickHouseProgress] = [:]
        /// By table, as they were when rows were first made ready.
        var columns: [String: [NativeUnit.Column]] = [:]
    }

    init(
        _ address: ClickHouseAddress, _ layout: ClickHouseLayout, compression: NativeCompression, pipeline: String,
        meter: UsageMeter = UsageMeter()
    ) {
        self.address = address
        self.layout = layout
        self.compression = compression
        self.pipeline = pipeline
        self.meter = meter
    }

    public func open(_ schemas: [TableSchema]) throws(DeliveryError) {
        let server = try ClickHouseServer(address, meter: meter)
        guard let version = try server.execute("SELECT version()").first?.first else {
            throw DeliveryError(.setup, "this is no ClickHouse server: it does not tell its version")
        }
        let tables = ClickHouseTables(layout: layout, dialect: ClickHouseDialect(version: version))
        if layout.keepNs != nil, !tables.dialect.hasModernTypes {
            throw DeliveryError(.setup, "ClickHouse \(version) has no expiry as it is made here; leave `keep` out")
        }
        // Whoever may only write need not be allowed to make what is there.
        let database = ClickHouseSQL.literal(layout.database)
        if try server.execute("SELECT count() FROM system.databases WHERE name = \(database)") == [["0"]] {
            _ = try server.execute(tables.makeDatabase)
        }
        let found = try columns(server, tables, of: nil)
        for (name, make) in [
            (ClickHouseTables.offsets, tables.makeOffsets), (ClickHouseTables.rejected, tables.makeRejected),
        ] where found[name] == nil {
            for statement in make { _ = try server.execute(statement) }
        }
        let inlets = try ClickHouseInlets(server, tables, pipeline: pipeline)
        let session = Session(server: server, tables: tables, inlets: inlets, pipeline: pipeline)
        for schema in schemas where try !fits(schema, found[schema.name], tables) {
            // Whatever an earlier table of the name had got is not in this one.
            try session.ledger.forget(schema)
            for statement in tables.make(schema) { _ = try server.execute(statement) }
        }
        self.session = session
    }

    /// Columns by name, with their types, of the tables that are there.
    private func columns(
        _ server: ClickHouseServer, _ tables: ClickHouseTables, of table: String?
    ) throws(DeliveryError) -> [String: [String: String]] {
        var sql =
            "SELECT table, name, type FROM system.columns WHERE database = \(ClickHouseSQL.literal(layout.database))"
        if let table { sql += " AND table = \(ClickHouseSQL.literal(table))" }
        var found: [String: [String: String]] = [:]
        for row in try server.execute(sql) where row.count == 3 { found[row[0], default: [:]][row[1]] = row[2] }
        return found
    }

    /// Whether a table is there.
    ///
    /// - Throws: `setup` where it is, and does not fit.
    private func fits(
        _ schema: TableSchema, _ found: [String: String]?, _ tables: ClickHouseTables
    ) throws(DeliveryError) -> Bool {
        guard let found else { return false }
        if let difference = tables.difference(schema, found) { throw DeliveryError(.setup, difference) }
        return true
    }

    public func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
        let ledger = try use().ledger
        let progress = try ledger.settle(ledger.read(table), table)
        session?.progress[table.name] = progress
        return progress.offset
    }

    public func preparation(of table: TableSchema) throws(DeliveryError) -> UnitPreparation {
        let session = try use()
        let columns = if let known = session.columns[table.name] { known } else { try columns(of: table, session) }
        self.session?.columns[table.name] = columns
        let compression = compression
        return { (unit) throws(DeliveryError) in PreparedUnit(unit, try NativeUnit(unit, columns, compression)) }
    }

    /// The columns that rows of a table go to, in their order, as the server has them now.
    private func columns(of table: TableSchema, _ session: Session) throws(DeliveryError) -> [NativeUnit.Column] {
        guard let found = try columns(session.server, session.tables, of: table.name)[table.name],
            try fits(table, found, session.tables)
        else {
            throw DeliveryError(
                .setup, "\(layout.database).\(table.name) is gone; it is made again, and filled from the beginning")
        }
        return table.columns.map { NativeUnit.Column(name: $0.name, type: found[$0.name] ?? "") }
    }

    public func deliver(_ unit: PreparedUnit) throws(DeliveryError) -> Int64 {
        var session = try use()
        let table = unit.table
        // Before every unit: the server would turn values into whatever a column was changed to.
        let columns = try columns(of: table, session)
        guard let rows = unit.content as? NativeUnit, rows.columns == columns else {
            throw DeliveryError(
                .unavailable, "columns of \(layout.database).\(table.name) were changed; its rows are read again")
        }
        let progress = try check(table, at: unit.after, session)
        let inlet = try session.inlets.name(table.name, columns)
        self.session = session
        let begun = progress.beginning(upTo: unit.last, rows: rows.count)
        do throws(DeliveryError) {
            try session.ledger.write(begun, table)
            self.session?.progress[table.name] = begun
            // A month is one request, which is one block, which is one part: all of it gets in or nothing.
            for (place, month) in rows.months.enumerated() {
                try session.server.insert(
                    "INSERT INTO \(inlet) FORMAT Native", month,
                    settings: settings(session, token: "\(inlet) \(begun.step) \(place)"))
            }
        } catch  where error.kind == .row {
            // The request was answered, so that nothing is under way: the months before that of the row go out again.
            self.session?.progress[table.name] = try session.ledger.settle(begun, table)
            throw error
        } catch  where error.kind == .conflict {
            throw DeliveryError(.conflict, "\(someoneElse): \(error.message)")
        }
        try advance(table, begun, to: unit.last, session)
        return rows.count
    }

    private var someoneElse: String {
        "another program delivers to \(layout.database) under the name \(pipeline), or somebody took tables away"
    }

    private func settings(_ session: Session, token: String) -> [(name: String, value: String)] {
        let rows = "100000000"
        var settings = [
            ("max_insert_block_size", rows), ("min_insert_block_size_rows", rows), ("min_insert_block_size_bytes", "0"),
        ]
        if compression != .none {
            settings += [("decompress", "1"), ("http_native_compression_disable_checksumming_on_decompress", "1")]
        }
        if !layout.cluster.isEmpty { settings.append(("insert_distributed_sync", "1")) }
        // Without tokens the server would compare contents, and a replica drop what comes again after it was taken out.
        guard session.tables.dialect.hasModernTypes else { return settings + [("insert_deduplicate", "0")] }
        // Of a request that somebody on the way repeats the second does nothing. A unit that is sent again has another token.
        return settings + [
            ("async_insert", "0"), ("insert_deduplication_token", token),
            ("deduplicate_blocks_in_dependent_materialized_views", "1"),
        ]
    }

    public func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let session = try use()
        let progress = try check(table, at: after, session)
        try session.ledger.note(table, offset: last, reason: reason)
        try advance(table, progress, to: last, session)
    }

    /// Makes sure that nobody else moved a table on.
    private func check(
        _ table: TableSchema, at after: Int64, _ session: Session
    ) throws(DeliveryError) -> ClickHouseProgress {
        let known = session.progress[table.name] ?? ClickHouseProgress()
        let found = try session.ledger.read(table)
        guard found.step == known.step, found.offset == known.offset, known.offset == after else {
            throw DeliveryError(
                .conflict, "\(someoneElse): rows up to offset \(found.offset) are there already, not up to \(after)")
        }
        return known
    }

    private func advance(
        _ table: TableSchema, _ progress: ClickHouseProgress, to last: Int64, _ session: Session
    ) throws(DeliveryError) {
        let done = progress.reaching(last)
        try session.ledger.write(done, table)
        self.session?.progress[table.name] = done
    }

    public func close() { session = nil }

    private func use() throws(DeliveryError) -> Session {
        guard let session else { throw DeliveryError(.unavailable, "not connected") }
        return session
    }
}

extension ClickHouseTarget: RewindableTarget {
    public func rewind(_ table: TableSchema, to offset: Int64) throws(DeliveryError) {
        guard try offset < committedOffset(table) else { return }
        let ledger = try use().ledger
        let rewinding = try ledger.read(table).rewinding(to: offset)
        try ledger.write(rewinding, table)
        // Old servers take rows out some time after they were told; whoever opens the target next sees to it otherwise.
        let watch = Stopwatch()
        while true {
            do throws(DeliveryError) {
                session?.progress[table.name] = try ledger.settle(rewinding, table)
                return
            } catch {
                guard error.kind == .unavailable, watch.seconds < Self.rewindSeconds else { throw error }
                Pause.wait(ns: 500_000_000)
            }
        }
    }

    private static let rewindSeconds = 30.0
}

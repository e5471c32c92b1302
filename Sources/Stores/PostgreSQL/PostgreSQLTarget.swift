internal import Databases
public import Delivery
public import Market
public import Platform

/// Tables in a PostgreSQL server: rows and offset of a unit are one transaction.
///
/// - Source: PostgreSQL's manual; the ADBC driver writes rows with `COPY … FROM STDIN (FORMAT binary)`.
public final class PostgreSQLTarget: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let address: PostgreSQLAddress
    private let schema: String
    private let pipeline: String
    private let meter: UsageMeter
    private var session: Session?
    /// Partitions that are there.
    private var months: Set<String> = []

    private struct Session {
        let connection: Connection
        let tables: PostgreSQLTables
    }

    /// - Parameters:
    ///   - uri: connection URI of libpq.
    ///   - schema: made where it is missing.
    ///   - pipeline: names the progress.
    ///   - meter: its requests are transactions; what the driver sends it does not tell.
    public init(uri: String, schema: String, pipeline: String, meter: UsageMeter = UsageMeter()) {
        self.meter = meter
        address = PostgreSQLAddress(uri)
        self.schema = schema
        self.pipeline = pipeline
    }

    public func open(_ schemas: [TableSchema]) throws(DeliveryError) {
        let session = try translating { () throws(DatabaseError) in
            let connection = try Database.postgreSQL(uri: address.text).connect()
            try connection.execute("SET client_min_messages = warning")
            // A hanging network must not hold the rows of one transaction for ever.
            try connection.execute("SET idle_in_transaction_session_timeout = '10min'")
            let hasTimescale = try holds(
                "EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb')", connection)
            return Session(
                connection: connection, tables: PostgreSQLTables(schema: schema, hasTimescale: hasTimescale))
        }
        let connection = session.connection
        let tables = session.tables
        months = []
        // Whoever may only write need not be allowed to make what is there.
        try translating { () throws(DatabaseError) in
            let isThere = "to_regnamespace(\(SQLText.literal(SQLText.identifier(schema)))) IS NOT NULL"
            if try !holds(isThere, connection) { try connection.execute(tables.makeSchema) }
            for (name, make) in [
                (PostgreSQLTables.offsets, tables.makeOffsets), (PostgreSQLTables.rejected, tables.makeRejected),
            ] where try !holds("to_regclass(\(SQLText.literal(tables.name(name)))) IS NOT NULL", connection) {
                try connection.execute(make)
            }
        }
        for schema in schemas where try !fits(schema, session) {
            try translating { () throws(DatabaseError) in
                try connection.transaction { () throws(DatabaseError) in
                    for statement in tables.make(schema) { try connection.execute(statement) }
                    // Whatever an earlier table of the name had got is not in this one.
                    try connection.execute(
                        "DELETE FROM \(tables.name(PostgreSQLTables.offsets)) WHERE table_name = \(SQLText.literal(schema.name))"
                    )
                }
            }
        }
        self.session = session
    }

    private func holds(_ condition: String, _ connection: Connection) throws(DatabaseError) -> Bool {
        try connection.query("SELECT \(condition)").collect().rows.first?[0] == .boolean(true)
    }

    /// Whether a table is there.
    ///
    /// - Throws: `setup` where it is, and does not fit.
    private func fits(_ schema: TableSchema, _ session: Session) throws(DeliveryError) -> Bool {
        let tables = session.tables
        let found = try translating { () throws(DatabaseError) in
            try session.connection.query(tables.columns(schema.name)).collect().rows.map { ($0[0].text, $0[1].text) }
        }
        guard !found.isEmpty else { return false }
        let difference = tables.difference(schema, Dictionary(found) { first, _ in first })
        if let difference { throw DeliveryError(.setup, difference) }
        return true
    }

    public func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
        let session = try use()
        return try translating { () throws(DatabaseError) in try offset(table, session, "") }
    }

    private func offset(
        _ table: TableSchema, _ session: Session, _ lock: String
    ) throws(DatabaseError) -> Int64 {
        let sql = session.tables.committedOffset(table, pipeline: pipeline) + lock
        guard let row = try session.connection.query(sql).collect().rows.first, case .integer(let offset) = row[0]
        else {
            return -1
        }
        return offset
    }

    public func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let session = try use()
        if session.tables.isLarge(unit.table), !session.tables.hasTimescale { try makePartitions(unit, session) }
        // Before every unit: the driver would turn values into whatever a column was changed to.
        guard try fits(unit.table, session) else {
            throw DeliveryError(
                .setup, "\(schema).\(unit.table.name) is gone; it is made again, and filled from the beginning")
        }
        meter.add(bytes: 0)
        return try advance(unit.table, after: unit.after, last: unit.last, session) { () throws(DatabaseError) in
            try session.connection.ingest(unit.rows, into: unit.table.name, schema: schema)
        }
    }

    public func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let session = try use()
        let text = SQLText.literal(reason.filter { $0 != "\0" })
        try advance(table, after: after, last: last, session) { () throws(DatabaseError) in
            try session.connection.execute(
                "INSERT INTO \(session.tables.name(PostgreSQLTables.rejected)) VALUES (\(SQLText.literal(pipeline)), "
                    + "\(SQLText.literal(table.name)), \(last), \(text), now())")
        }
    }

    /// Runs `body` in a transaction that takes the table's offset from one unit's beginning to its end.
    private func advance<T>(
        _ table: TableSchema, after: Int64, last: Int64, _ session: Session, _ body: () throws(DatabaseError) -> T
    ) throws(DeliveryError) -> T {
        let connection = session.connection
        let offsets = session.tables.name(PostgreSQLTables.offsets)
        return try translating { () throws(DatabaseError) in
            try connection.transaction { () throws(DatabaseError) in
                // A table's first row is made before it can be locked.
                try connection.execute(
                    "INSERT INTO \(offsets) VALUES (\(SQLText.literal(pipeline)), \(SQLText.literal(table.name)), -1, now()) "
                        + "ON CONFLICT DO NOTHING")
                let found = try offset(table, session, " FOR UPDATE")
                guard found == after else {
                    throw DatabaseError(
                        .conflict, "rows up to offset \(found) are there already, not up to \(after)",
                        operation: "deliver")
                }
                let value = try body()
                try connection.execute(
                    "UPDATE \(offsets) SET journal_offset = \(last), updated = now() WHERE \(session.tables.key(table, pipeline: pipeline))"
                )
                return value
            }
        }
    }

    private func makePartitions(_ unit: DeliveryUnit, _ session: Session) throws(DeliveryError) {
        for month in unit.months {
            let partition = "\(unit.table.name) \(month)"
            guard !months.contains(partition) else { continue }
            try translating { () throws(DatabaseError) in
                try session.connection.execute(session.tables.makePartition(unit.table, month: month))
            }
            months.insert(partition)
        }
    }

    public func close() { session = nil }

    private func use() throws(DeliveryError) -> Session {
        guard let session else { throw DeliveryError(.unavailable, "not connected") }
        return session
    }

    private func translating<T>(_ body: () throws(DatabaseError) -> T) throws(DeliveryError) -> T {
        try address.translating(body)
    }
}

extension PostgreSQLTarget: RewindableTarget {
    public func rewind(_ table: TableSchema, to offset: Int64) throws(DeliveryError) {
        let session = try use()
        let found = try committedOffset(table)
        guard offset < found else { return }
        try advance(table, after: found, last: offset, session) { () throws(DatabaseError) in
            try session.connection.execute(
                "DELETE FROM \(session.tables.name(table.name)) WHERE journal_offset > \(offset)")
        }
    }
}

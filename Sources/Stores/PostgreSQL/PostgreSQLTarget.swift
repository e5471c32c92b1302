internal import Databases
public import Delivery
public import Market
internal import Platform
internal import Synchronization

/// Tables in a PostgreSQL server: rows and offset of a unit are one transaction.
///
/// - Source: PostgreSQL's manual; the ADBC driver writes rows with `COPY … FROM STDIN (FORMAT binary)`.
public final class PostgreSQLTarget: DeliveryTarget, @unchecked Sendable {  // one user; `connection` is locked
    private let address: PostgreSQLAddress
    private let schema: String
    private let pipeline: String
    private let connection = Mutex<Connection?>(nil)
    private var tables: PostgreSQLTables?
    /// Partitions that are there.
    private var months: Set<String> = []

    /// - Parameters:
    ///   - uri: connection URI of libpq.
    ///   - schema: made where it is missing.
    ///   - pipeline: names the progress.
    public init(uri: String, schema: String, pipeline: String) {
        address = PostgreSQLAddress(uri)
        self.schema = schema
        self.pipeline = pipeline
    }

    public func open(_ schemas: [TableSchema]) throws(DeliveryError) {
        try translating { () throws(DatabaseError) in
            let connection = try Database.postgreSQL(uri: address.text).connect()
            self.connection.withLock { $0 = connection }
        }
        let connection = try use()
        let hasTimescale = try translating { () throws(DatabaseError) in
            try connection.execute("SET client_min_messages = warning")
            // A hanging network must not hold the rows of one transaction for ever.
            try connection.execute("SET idle_in_transaction_session_timeout = '10min'")
            return try holds("EXISTS (SELECT 1 FROM pg_extension WHERE extname = 'timescaledb')", connection)
        }
        let tables = PostgreSQLTables(schema: schema, hasTimescale: hasTimescale)
        self.tables = tables
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
        for schema in schemas where try !fits(schema, tables, connection) {
            try translating { () throws(DatabaseError) in
                try connection.transaction { () throws(DatabaseError) in
                    for statement in tables.make(schema) { try connection.execute(statement) }
                    // Whatever an earlier table of the name had got is not in this one.
                    try connection.execute(
                        "DELETE FROM \(name(PostgreSQLTables.offsets)) WHERE table_name = \(SQLText.literal(schema.name))"
                    )
                }
            }
        }
    }

    private func holds(_ condition: String, _ connection: Connection) throws(DatabaseError) -> Bool {
        try connection.query("SELECT \(condition)").collect().rows.first?[0] == .boolean(true)
    }

    /// Whether a table is there.
    ///
    /// - Throws: `setup` where it is, and does not fit.
    private func fits(
        _ schema: TableSchema, _ tables: PostgreSQLTables, _ connection: Connection
    ) throws(DeliveryError) -> Bool {
        let found = try translating { () throws(DatabaseError) in
            try connection.query(tables.columns(schema.name)).collect().rows.map { ($0[0].text, $0[1].text) }
        }
        guard !found.isEmpty else { return false }
        let difference = tables.difference(schema, Dictionary(found) { first, _ in first })
        if let difference { throw DeliveryError(.setup, difference) }
        return true
    }

    public func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
        let connection = try use()
        return try translating { () throws(DatabaseError) in try offset(table, connection, "") }
    }

    private func offset(
        _ table: TableSchema, _ connection: Connection, _ lock: String
    ) throws(DatabaseError) -> Int64 {
        let sql = "SELECT journal_offset FROM \(name(PostgreSQLTables.offsets)) WHERE \(key(table))\(lock)"
        guard let row = try connection.query(sql).collect().rows.first, case .integer(let offset) = row[0] else {
            return -1
        }
        return offset
    }

    private func key(_ table: TableSchema) -> String {
        "pipeline = \(SQLText.literal(pipeline)) AND table_name = \(SQLText.literal(table.name))"
    }

    public func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let connection = try use()
        guard let tables else { throw DeliveryError(.unavailable, "not connected") }
        if tables.isLarge(unit.table), !tables.hasTimescale { try makePartitions(unit, tables, connection) }
        // Before every unit: the driver would turn values into whatever a column was changed to.
        guard try fits(unit.table, tables, connection) else {
            throw DeliveryError(
                .setup, "\(schema).\(unit.table.name) is gone; it is made again, and filled from the beginning")
        }
        return try advance(unit.table, after: unit.after, last: unit.last, connection) { () throws(DatabaseError) in
            try connection.ingest(unit.rows, into: unit.table.name, schema: schema)
        }
    }

    public func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let connection = try use()
        let text = SQLText.literal(reason.filter { $0 != "\0" })
        try advance(table, after: after, last: last, connection) { () throws(DatabaseError) in
            try connection.execute(
                "INSERT INTO \(name(PostgreSQLTables.rejected)) VALUES (\(SQLText.literal(pipeline)), "
                    + "\(SQLText.literal(table.name)), \(last), \(text), now())")
        }
    }

    /// Runs `body` in a transaction that takes the table's offset from one unit's beginning to its end.
    private func advance<T>(
        _ table: TableSchema, after: Int64, last: Int64, _ connection: Connection, _ body: () throws(DatabaseError) -> T
    ) throws(DeliveryError) -> T {
        let offsets = name(PostgreSQLTables.offsets)
        return try translating { () throws(DatabaseError) in
            try connection.transaction { () throws(DatabaseError) in
                // A table's first row is made before it can be locked.
                try connection.execute(
                    "INSERT INTO \(offsets) VALUES (\(SQLText.literal(pipeline)), \(SQLText.literal(table.name)), -1, now()) "
                        + "ON CONFLICT DO NOTHING")
                let found = try offset(table, connection, " FOR UPDATE")
                guard found == after else {
                    throw DatabaseError(
                        .conflict, "rows up to offset \(found) are there already, not up to \(after)",
                        operation: "deliver")
                }
                let value = try body()
                try connection.execute(
                    "UPDATE \(offsets) SET journal_offset = \(last), updated = now() WHERE \(key(table))")
                return value
            }
        }
    }

    private func name(_ table: String) -> String { SQLText.identifier(schema) + "." + SQLText.identifier(table) }

    private func makePartitions(
        _ unit: DeliveryUnit, _ tables: PostgreSQLTables, _ connection: Connection
    ) throws(DeliveryError) {
        for month in unit.months {
            let partition = "\(unit.table.name) \(month)"
            guard !months.contains(partition) else { continue }
            try translating { () throws(DatabaseError) in
                try connection.execute(tables.makePartition(unit.table, month: month))
            }
            months.insert(partition)
        }
    }

    public func cancel() { connection.withLock { $0 }?.cancel() }

    public func close() { connection.withLock { $0 = nil } }

    private func use() throws(DeliveryError) -> Connection {
        guard let connection = connection.withLock({ $0 }) else { throw DeliveryError(.unavailable, "not connected") }
        return connection
    }

    private func translating<T>(_ body: () throws(DatabaseError) -> T) throws(DeliveryError) -> T {
        do {
            return try body()
        } catch {
            throw DeliveryError(Self.kind(error), address.hidden(in: error.message))
        }
    }

    /// The driver says nothing of what failed while connecting but the server's words.
    private static func kind(_ error: DatabaseError) -> DeliveryError.Kind {
        switch error.code {
        case .conflict: .conflict
        case .notPermitted, .driverMissing, .binding, .unsupported: .setup
        case .invalidArgument: .row
        default: error.message.contains("authentication failed") ? .setup : .unavailable
        }
    }
}

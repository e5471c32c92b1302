internal import Delivery
internal import Platform

/// The ways by which one session's rows get into the tables, and nothing else's.
///
/// An inlet is a table that keeps nothing (engine Null), with a view that passes on what is inserted there. Its name is the
/// session's own. The next session drops it before it looks at what is there: a drop waits for insertions that go on, and
/// whatever comes later finds no such table. So after the drop nothing of the session before can change anything, however
/// long it was under way; and of two programs with the same name one notices.
///
/// - Threading: one thread at a time.
struct ClickHouseInlets {
    private let server: ClickHouseServer
    private let tables: ClickHouseTables
    private let pipeline: String
    /// Begins the names of all inlets of the pipeline.
    private let family: String
    /// Begins the names of this session's.
    private let session: String
    private var made: Set<String> = []

    /// Makes the inlet of the offsets, and takes away those of all other sessions of the pipeline.
    ///
    /// - Precondition: the table of offsets is there.
    init(_ server: ClickHouseServer, _ tables: ClickHouseTables, pipeline: String) throws(DeliveryError) {
        self.server = server
        self.tables = tables
        self.pipeline = pipeline
        family = "tapedeck_inlet_\(FNV1a.digits(pipeline.utf8))_"
        session = family + Self.digits(.random(in: .min ... .max)) + "_"
        let columns = [
            "pipeline String", "table_name String", "step UInt64", "journal_offset Int64", "unit_end Int64",
            "unit_rows UInt64",
        ]
        // Servers before 22.8 want a value for every column from a view.
        try make(ClickHouseTables.offsets, columns, "*, now() AS updated")
        try removeOthers()
    }

    /// The inlet of a table, as statements name it; made where it is missing.
    ///
    /// - Parameter columns: names and types of the columns, in the order of the rows.
    mutating func name(
        _ table: String, _ columns: [NativeUnit.Column]
    ) throws(DeliveryError) -> String {
        if made.insert(table).inserted {
            let list = columns.map { "\(ClickHouseSQL.identifier($0.name)) \($0.type)" }
            let owner = ClickHouseSQL.identifier(ClickHouseTables.pipeline)
            try make(table, list, "*, \(ClickHouseSQL.literal(pipeline)) AS \(owner)")
        }
        return name(table)
    }

    /// The inlet of the offsets.
    var offsets: String { name(ClickHouseTables.offsets) }

    private func name(_ table: String) -> String { tables.name(session + table) }

    private func make(_ table: String, _ columns: [String], _ values: String) throws(DeliveryError) {
        _ = try server.execute("CREATE TABLE \(name(table)) (\(columns.joined(separator: ", "))) ENGINE = Null")
        _ = try server.execute(
            "CREATE MATERIALIZED VIEW \(name(table + Self.view)) TO \(tables.name(table)) AS SELECT \(values) "
                + "FROM \(name(table))")
    }

    private static let view = "_view"

    /// Takes away the inlets of all other sessions.
    ///
    /// Those of the offsets go first: every unit begins there, after its inlet was made. So whoever gets no further than
    /// that has no inlet that the next look would not find.
    private func removeOthers() throws(DeliveryError) {
        while true {
            let rows = try server.execute(
                "SELECT name FROM system.tables WHERE database = \(ClickHouseSQL.literal(tables.layout.database)) "
                    + "AND position(name, \(ClickHouseSQL.literal(family))) = 1")
            let others = rows.compactMap(\.first).filter { !$0.hasPrefix(session) }
            guard !others.isEmpty else { return }
            func rank(_ name: String) -> Int {
                // A view goes after its inlet: what is inserted without it would go nowhere.
                name.hasSuffix(Self.view) ? 2 : name.hasSuffix("_" + ClickHouseTables.offsets) ? 0 : 1
            }
            for name in others.sorted(by: { rank($0) < rank($1) }) { try remove(name) }
        }
    }

    private func remove(_ name: String) throws(DeliveryError) {
        let wait = tables.dialect.dropsLater ? " SYNC" : ""
        _ = try server.execute("DROP TABLE IF EXISTS \(tables.name(name))\(wait)")
    }

    private static func digits(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

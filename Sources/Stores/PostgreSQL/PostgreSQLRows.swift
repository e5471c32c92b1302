internal import Databases
internal import Delivery
internal import Market
internal import Platform

/// The rows that a PostgreSQL server has.
final class PostgreSQLRows: StoredRows {
    private let address: PostgreSQLAddress
    private let tables: PostgreSQLTables
    private let pipeline: String
    private let connection: Connection

    init(uri: String, schema: String, pipeline: String) throws(DeliveryError) {
        let address = PostgreSQLAddress(uri)
        self.address = address
        self.pipeline = pipeline
        tables = PostgreSQLTables(schema: schema, hasTimescale: false)
        connection = try address.translating { () throws(DatabaseError) in
            let connection = try Database.postgreSQL(uri: address.text).connect()
            try connection.execute("SET default_transaction_read_only = on")
            return connection
        }
    }

    func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64? {
        try address.translating { () throws(DatabaseError) in
            let isThere = "SELECT to_regclass(\(SQLText.literal(tables.name(PostgreSQLTables.offsets)))) IS NOT NULL"
            guard try connection.query(isThere).collect().rows.first?[0] == .boolean(true) else { return nil }
            let sql = tables.committedOffset(table, pipeline: pipeline)
            guard let row = try connection.query(sql).collect().rows.first, case .integer(let offset) = row[0] else {
                return nil
            }
            return offset
        }
    }

    func digests(
        _ table: TableSchema, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests {
        try address.translating { () throws(DatabaseError) in
            var digests = RowDigests()
            let rows = try connection.query(
                "SELECT \(RowDigests.selection(table)) FROM \(tables.name(table.name)) WHERE journal_offset <= \(last)")
            try digests.add(rows, of: table, goesOn: goesOn)
            return digests
        }
    }
}

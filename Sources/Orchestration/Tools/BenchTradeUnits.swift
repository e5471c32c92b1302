internal import Databases
internal import Delivery
internal import Market

/// Trades of 64 instruments, 20 to a frame, in a database in memory, in units as sinks get them.
struct BenchTradeUnits {
    private let connection: Connection
    private let rows: Int
    /// As sinks cut them.
    private static let unitRows = 500_000
    private static let rowsPerOffset = 20

    /// - Throws: `DatabaseError`.
    init(rows: Int) throws {
        self.rows = rows
        connection = try Database.duckDB().connect()
        try connection.execute(
            """
            CREATE TABLE trades AS SELECT 'BINANCE' AS venue, 'C' || n % 64 || 'USDT' AS symbol,
              to_timestamp(1769000000 + n / 50000) AS event_time, 1769000000000000000 + n * 20000 AS event_time_ns,
              to_timestamp(1769000001 + n / 50000) AS ingest_time, 1769000001000000000 + n // 20 * 400000 AS ingest_time_ns,
              10 + n * 37 % 90000 / 100 AS price, (1 + n * 7 % 50000) / 1000 AS size,
              CASE WHEN n % 2 = 0 THEN 'buy' ELSE 'sell' END AS side, 100000000 + n AS trade_id, NULL::VARCHAR AS conditions,
              n // \(Self.rowsPerOffset) AS journal_offset, (n % \(Self.rowsPerOffset))::INTEGER AS frame_index
            FROM (SELECT range AS n FROM range(\(rows)))
            """)
    }

    /// Number of units.
    var count: Int { (rows + Self.unitRows - 1) / Self.unitRows }

    /// A unit, from the database.
    func unit(_ number: Int) throws -> DeliveryUnit {
        let first = number * Self.unitRows
        let after = Int64(first / Self.rowsPerOffset) - 1
        let last = Int64((min(rows, first + Self.unitRows) - 1) / Self.rowsPerOffset)
        return DeliveryUnit(
            table: Tables.trades, after: after, last: last, months: [],
            rows: try connection.query(
                "SELECT * FROM trades WHERE journal_offset > \(after) AND journal_offset <= \(last)"))
    }
}

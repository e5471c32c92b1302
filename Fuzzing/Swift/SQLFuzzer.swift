@testable import Databases
import Foundation
import Platform

/// SQL from a user. What passes as only reading leaves the database as it was, even where it may write.
///
/// The parser is DuckDB's, which has no coverage counters: this is a search by grammar words more than by coverage.
final class SQLFuzzer: FuzzTarget {
    static let name = "sql"
    private let connection: Connection
    private var before = ""
    private static let timeoutNs: Int64 = 50_000_000

    init() {
        do throws(DatabaseError) {
            connection = try Database.duckDB(DuckDBSettings(memoryBytes: 1 << 28, threads: 1)).connect()
            try connection.execute("CREATE TABLE t AS SELECT i, 'x' AS s FROM range(3) r(i)")
            try connection.execute("CREATE SEQUENCE q")
            try connection.execute("CREATE VIEW v AS FROM t")
        } catch {
            fatalError("no database: \(error)")
        }
        before = state()
    }

    /// All that a statement could change.
    private func state() -> String {
        let query = """
            SELECT (SELECT count(*) + sum(i) FROM t), (SELECT list(table_name) FROM duckdb_tables()),
            (SELECT list(sql) FROM duckdb_views() WHERE NOT internal), (SELECT list(last_value) FROM duckdb_sequences()),
            (SELECT list(database_name) FROM duckdb_databases()), current_setting('threads'),
            current_setting('search_path'), current_setting('TimeZone'), current_setting('enable_external_access')
            """
        do throws(DatabaseError) { return "\(try connection.query(query).collect().rows)" } catch {
            fatalError("the state cannot be read: \(error)")
        }
    }

    func run(_ input: [UInt8]) {
        let sql = String(decoding: input, as: UTF8.self)
        do throws(DatabaseError) { try ReadOnlySQL.check(sql, on: connection) } catch {
            require([.notPermitted, .syntax].contains(error.code) && !error.message.isEmpty, "refused: \(error)")
            return
        }
        // Not in a read-only transaction: this wall is to hold alone.
        guard let stream = try? connection.query(sql, timeoutNs: Self.timeoutNs),
            let result = try? stream.collect(rows: 100, bytes: 1 << 20)
        else { return }
        require(state() == before, "the database has changed")
        for value in result.rows.joined() {
            let json = try? JSONSerialization.jsonObject(with: Data(value.json.utf8), options: .fragmentsAllowed)
            require(json != nil, "\(value) is no JSON: \(value.json)")
        }
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        let statements = [
            "SELECT * FROM t", "  select 1;", "FROM t", "TABLE t", "VALUES (1)", "DESCRIBE t", "SHOW TABLES",
            "SUMMARIZE t",
            "EXPLAIN SELECT * FROM t", "explain analyze SELECT * FROM t", "WITH a AS (SELECT 1) SELECT * FROM a",
            "SELECT sum(i) OVER () FROM t", "SELECT * FROM range(3)", "(SELECT 1) UNION ALL (SELECT 2)",
            "INSERT INTO t VALUES (1)", "DROP TABLE t", "EXPLAIN ANALYZE DELETE FROM t", "SET threads = 1",
            "SELECT * FROM query('SELECT 1')", "SELECT nextval('q')", "PRAGMA version", "CALL pragma_version()",
            "WITH a AS (INSERT INTO t VALUES (1) RETURNING i) FROM a", "SELECT list_transform([1], x -> x + 1)",
            "SELECT 1; DROP TABLE t", "PIVOT t ON i USING count(*)", "CREATE TEMP TABLE u AS FROM t",
            "SELECT * INTO u FROM t",
            "FROM t SELECT i QUALIFY row_number() OVER () = 1", "SELECT COLUMNS('i') FROM t", "ATTACH ':memory:' AS m",
            "SELECT \"nextval\"('q')", "SELECT main.nextval('q')", "SELECT 'q'.nextval()", "SELECT getvariable('x')",
            "SELECT TIMESTAMP '290309-01-01', DATE '5877642-06-25', TIME '24:00:00', INTERVAL 1 MONTH",
            "SELECT [1, NULL], {'a': 1e400, 'b': 'é'}, MAP {'k': 1}, 170141183460469231731687303715884105727::HUGEINT",
            "SELECT 1.5::DECIMAL(38,10), 'x'::BLOB, uuid(), true, NULL, 18446744073709551615::UBIGINT",
        ]
        return statements.map { Array($0.utf8) }
    }
}

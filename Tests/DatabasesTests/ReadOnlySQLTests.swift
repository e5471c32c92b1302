import Databases
import Platform
import TestKit
import Testing

@Suite struct ReadOnlySQLTests {
    /// A confined database with a table, and its folder with one Parquet file.
    private struct Sandbox {
        let folder = TemporaryFolder()
        let database: Database
        let connection: Connection

        init() throws {
            database = try Database.duckDB(DuckDBSettings(memoryBytes: 1 << 28, threads: 2, confinedTo: [folder.path]))
            connection = try database.connect()
            try connection.execute("CREATE TABLE t AS SELECT i FROM range(3) r(i)")
            _ = try ParquetFile.write("SELECT 1 AS one", to: folder.path + "/f.parquet", on: connection)
        }
    }

    @Test(arguments: [
        "SELECT * FROM t", "  select 1;", "FROM t", "TABLE t", "VALUES (1)", "DESCRIBE t", "SHOW TABLES", "SUMMARIZE t",
        "EXPLAIN SELECT * FROM t", "explain analyze SELECT * FROM t", "WITH a AS (SELECT 1) SELECT * FROM a",
        "SELECT sum(i) OVER () FROM t", "SELECT * FROM range(3)", "(SELECT 1) UNION ALL (SELECT 2)",
        "SELECT * FROM t -- ; DROP TABLE t", "SELECT 'INSERT INTO t VALUES (1); DROP TABLE t'",
        "SELECT 1e400, -1e400",
    ])
    func `what only reads is allowed`(sql: String) throws {
        let sandbox = try Sandbox()
        _ = try sandbox.connection.readOnly(sql) { stream throws(DatabaseError) in try stream.collect() }
    }

    @Test(arguments: [
        "INSERT INTO t VALUES (1)", "UPDATE t SET i = 1", "DELETE FROM t", "DROP TABLE t", "CREATE TABLE u (i INT)",
        "CREATE VIEW v AS SELECT 1", "CREATE MACRO m() AS 1", "CREATE SECRET (TYPE s3)",
        "ALTER TABLE t ADD COLUMN x INT",
        "TRUNCATE t", "MERGE INTO t USING t AS u ON t.i = u.i WHEN MATCHED THEN DELETE", "COPY t TO '$/x.csv'",
        "COPY (SELECT 1) TO '$/x.parquet'", "COPY t FROM '$/f.parquet'", "EXPORT DATABASE '$'", "IMPORT DATABASE '$'",
        "ATTACH '$/x.duckdb'", "DETACH memory", "SET threads = 1", "RESET threads", "PRAGMA database_list",
        "PRAGMA version",
        "CALL pragma_version()", "CALL enable_logging()", "LOAD httpfs", "INSTALL httpfs", "CHECKPOINT", "VACUUM",
        "BEGIN TRANSACTION", "COMMIT", "ROLLBACK", "USE memory", "PREPARE p AS SELECT 1", "EXECUTE p", "DEALLOCATE p",
        "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE t", "EXPLAIN INSERT INTO t VALUES (1)",
        "EXPLAIN ANALYZE INSERT INTO t VALUES (1)", "explain analyze DELETE FROM t",
        "SELECT * FROM query('SELECT 1')", "SELECT * FROM query_table('t')", "SELECT * FROM enable_logging()",
        "SELECT * FROM checkpoint()", "SELECT * FROM arrow_scan(1, 2, 3)",
        "SELECT * FROM json_execute_serialized_sql('{}')",
        "SELECT * FROM duckdb_secrets()", "SELECT * FROM read_text('$/f.parquet')",
        "SELECT (SELECT count(*) FROM query('SELECT 1'))", "WITH a AS (FROM query('SELECT 1')) SELECT * FROM a",
        "DESCRIBE FROM query('SELECT 1')", "SELECT nextval('s')", "SELECT write_log('x')", "SELECT sleep_ms(1)",
        "SELECT 1 WHERE EXISTS (FROM test_all_types())", "",
    ])
    func `what could do more than read is refused`(sql: String) throws {
        let sandbox = try Sandbox()
        let text = sql.replacing("$", with: sandbox.folder.path)
        let error = #expect(throws: DatabaseError.self) {
            try sandbox.connection.readOnly(text) { stream throws(DatabaseError) in _ = try stream.collect() }
        }
        #expect(error?.code == .notPermitted || error?.code == .syntax)
        #expect(try sandbox.connection.query("SELECT count(*) FROM t").collect().rows == [[.integer(3)]])
    }

    @Test func `text that does not parse is a syntax error`() throws {
        let sandbox = try Sandbox()
        let error = #expect(throws: DatabaseError.self) { try ReadOnlySQL.check("SELEC 1", on: sandbox.connection) }
        #expect(error?.code == .syntax)
        #expect(error?.message.contains("SELEC") == true)
    }

    @Test func `a statement nested beyond what can be looked through is refused`() throws {
        let sandbox = try Sandbox()
        let sql = "SELECT " + String(repeating: "(1 + ", count: 600) + "1" + String(repeating: ")", count: 600)
        let error = #expect(throws: DatabaseError.self) { try ReadOnlySQL.check(sql, on: sandbox.connection) }
        #expect(error?.code == .notPermitted || error?.code == .syntax)
    }

    @Test func `a confined database reaches its folder and nothing else`() throws {
        let sandbox = try Sandbox()
        func fails(_ sql: String) -> Bool {
            (try? sandbox.connection.query(sql).collect()) == nil
        }
        #expect(!fails("SELECT * FROM '\(sandbox.folder.path)/f.parquet'"))
        #expect(fails("SELECT * FROM read_csv('/etc/passwd')"))
        #expect(fails("SELECT * FROM '\(sandbox.folder.path)/../../etc/passwd'"))
        #expect(fails("SELECT * FROM glob('/etc/*')"))
        #expect(fails("COPY t TO '/tmp/tapedeck-not-allowed.csv'"))
        #expect(fails("ATTACH '/tmp/tapedeck-not-allowed.duckdb'"))
        #expect(fails("SET enable_external_access = true"))
        #expect(fails("SET memory_limit = '100GB'"))
        #expect(fails("SET TimeZone = 'America/New_York'"))
        #expect(fails("SELECT * FROM read_parquet('https://example.org/x.parquet')"))
    }

    @Test func `the second wall holds alone: a read-only transaction writes nothing`() throws {
        let sandbox = try Sandbox()
        try sandbox.connection.execute("BEGIN TRANSACTION READ ONLY")
        #expect(throws: DatabaseError.self) { try sandbox.connection.execute("INSERT INTO t VALUES (1)") }
        try? sandbox.connection.execute("ROLLBACK")
        #expect(try sandbox.connection.query("SELECT count(*) FROM t").collect().rows == [[.integer(3)]])
    }

    @Test func `a query that needs more memory than the limit fails, and the next one runs`() throws {
        let database = try Database.duckDB(DuckDBSettings(memoryBytes: 64 << 20, threads: 1))
        let connection = try database.connect()
        let error = #expect(throws: DatabaseError.self) {
            _ = try connection.query("SELECT len(list(i)) FROM range(100000000) t(i)").collect()
        }
        #expect(error?.code == .outOfMemory)
        #expect(try connection.query("SELECT 1").collect().rows == [[.integer(1)]])
    }

    @Test func `all times are UTC whatever the machine's zone`() throws {
        let sandbox = try Sandbox()
        let rows = try sandbox.connection.query("SELECT TIMESTAMPTZ '2026-01-01 00:00:00'::VARCHAR").collect().rows
        #expect(rows == [[.text("2026-01-01 00:00:00+00")]])
    }

    @Test func `a query result becomes a Parquet file`() throws {
        let folder = TemporaryFolder()
        let connection = try Database.duckDB().connect()
        let path = folder.path + "/it's.parquet"
        #expect(try ParquetFile.write("SELECT i FROM range(5) t(i) -- five\n ;", to: path, on: connection) == 5)
        let sum = try connection.query("SELECT sum(i) FROM read_parquet(?)", parameters: [.text(path)]).collect().rows
        #expect(sum == [[.integer(10)]])
    }
}

import Databases
import Market
import Platform
import TestKit
import Testing

@Suite struct ConnectionTests {
    private func one(_ expression: String) throws -> SQLValue {
        let connection = try Database.duckDB().connect()
        return try connection.query("SELECT \(expression)").collect().rows[0][0]
    }

    @Test(arguments: [
        ("NULL", SQLValue.null), ("true", .boolean(true)), ("42", .integer(42)), ("(-7)::TINYINT", .integer(-7)),
        ("18446744073709551615::UBIGINT", .unsigned(.max)), ("1.5::DOUBLE", .double(1.5)),
        ("0.25::FLOAT", .double(0.25)),
        ("'héllo'", .text("héllo")), ("''", .text("")), ("'\\x00\\xFF'::BLOB", .binary([0, 255])),
        ("DATE '2026-01-31'", .date(CivilDate(daysSinceEpoch: 20_484))), ("12.50::DECIMAL(9,2)", .decimal("12.50")),
        ("(-0.05)::DECIMAL(9,2)", .decimal("-0.05")), ("7::HUGEINT", .integer(7)),
        ("170141183460469231731687303715884105727::HUGEINT", .decimal("170141183460469231731687303715884105727")),
        (
            "TIMESTAMPTZ '1970-01-01 00:00:01.5+00'",
            .timestamp(Timestamp(nanoseconds: 1_500_000_000), isUTC: true)
        ),
        ("TIMESTAMP '1970-01-01 00:00:01'", .timestamp(Timestamp(nanoseconds: 1_000_000_000), isUTC: false)),
        ("make_timestamp_ns(5)", .timestamp(Timestamp(nanoseconds: 5), isUTC: false)),
        ("TIMESTAMPTZ 'infinity'", .timestamp(.distantFuture, isUTC: true)),
        ("TIME '00:00:02'", .time(2_000_000_000)),
        ("INTERVAL '1 month 2 days 3 seconds'", .interval(months: 1, days: 2, nanoseconds: 3_000_000_000)),
        ("[1, NULL, 3]", .list([.integer(1), .null, .integer(3)])),
        ("[1, 2]::INTEGER[2]", .list([.integer(1), .integer(2)])),
        ("{'a': 1, 'b': 'x'}", .structure([.init("a", .integer(1)), .init("b", .text("x"))])),
        ("MAP {'k': 5}", .structure([.init("k", .integer(5))])),
        ("'b'::ENUM('a', 'b')", .text("b")),
        ("'00000000-0000-0000-0000-000000000001'::UUID", .text("00000000-0000-0000-0000-000000000001")),
    ])
    func `a value of every type is read as it is`(expression: String, expected: SQLValue) throws {
        #expect(try one(expression) == expected)
    }

    @Test func `values become JSON and CSV`() throws {
        #expect(
            SQLValue.timestamp(Timestamp(nanoseconds: 1_500_000_000), isUTC: true).json
                == "\"1970-01-01T00:00:01.500Z\"")
        #expect(SQLValue.timestamp(Timestamp(nanoseconds: 0), isUTC: false).text == "1970-01-01T00:00:00")
        #expect(SQLValue.double(.nan).json == "null")
        #expect(SQLValue.binary(Array("Man".utf8)).json == "\"TWFu\"")
        #expect(SQLValue.binary(Array("Ma".utf8)).json == "\"TWE=\"")
        #expect(SQLValue.binary(Array("M".utf8)).json == "\"TQ==\"")
        #expect(SQLValue.binary([0, 255]).csv == "\\x00ff")
        #expect(SQLValue.text("a\"b,c").csv == "\"a\"\"b,c\"")
        #expect(SQLValue.text("").csv == "\"\"")
        #expect(SQLValue.null.csv == "")
        #expect(SQLValue.list([.integer(1), .text("x")]).json == "[1,\"x\"]")
        #expect(SQLValue.structure([.init("a", .null)]).json == "{\"a\":null}")
        #expect(SQLValue.interval(months: 1, days: 0, nanoseconds: 500_000_000).text == "P1MT0.5S")
    }

    @Test func `columns carry names and types`() throws {
        let connection = try Database.duckDB().connect()
        let stream = try connection.query("SELECT 1 AS \"a b\", 'x' AS t, [1] AS l, now() AS n, 1.5::DECIMAL(5,1) AS d")
        #expect(stream.columns.map(\.name) == ["a b", "t", "l", "n", "d"])
        #expect(stream.columns.map(\.type) == [.integer, .text, .list, .timestamp, .decimal])
    }

    @Test func `parameters are values and never SQL`() throws {
        let connection = try Database.duckDB().connect()
        let text = "'; DROP TABLE x; --"
        let rows = try connection.query(
            "SELECT ?, ?, ?, ?, ?, ?",
            parameters: [.text(text), .integer(-3), .double(0.5), .boolean(true), .null, .binary([1, 2])]
        ).collect().rows
        #expect(rows == [[.text(text), .integer(-3), .double(0.5), .boolean(true), .null, .binary([1, 2])]])
        #expect(throws: DatabaseError.self) { try connection.execute("SELECT ?", parameters: [.list([])]) }
    }

    @Test func `a large result arrives in batches, and limits cut it`() throws {
        let connection = try Database.duckDB().connect()
        let all = try connection.query("SELECT i FROM range(100000) t(i)").collect()
        #expect(all.rows.count == 100_000 && !all.isTruncated)
        #expect(all.rows.last == [.integer(99_999)])
        let some = try connection.query("SELECT i FROM range(100000) t(i)").collect(rows: 10)
        #expect(some.rows.count == 10 && some.isTruncated)
        let exact = try connection.query("SELECT i FROM range(10) t(i)").collect(rows: 10)
        #expect(!exact.isTruncated)
        let small = try connection.query("SELECT repeat('x', 1000) FROM range(100000)").collect(bytes: 50_000)
        #expect(small.isTruncated && (49...51).contains(small.rows.count))
    }

    @Test func `errors say what kind they are and which SQL`() throws {
        let connection = try Database.duckDB().connect()
        func code(_ sql: String) -> DatabaseError.Code? {
            do {
                _ = try connection.query(sql).collect()
                return nil
            } catch {
                #expect(error.description.contains(sql))
                return error.code
            }
        }
        #expect(code("SELEC 1") == .syntax)
        #expect(code("SELECT * FROM nowhere") == .binding)
        #expect(code("SELECT nothing(1)") == .binding)
        #expect(code("SELECT 'x'::INTEGER") == .invalidArgument)
        #expect(code("SELECT error('own words')") == .invalidArgument)
        #expect(code("SELECT * FROM read_csv('/no/such/file.csv')") == .io)
        #expect(try connection.query("SELECT 1").collect().rows == [[.integer(1)]])
    }

    @Test func `a query over its time limit ends with a time-out and the connection lives on`() throws {
        let connection = try Database.duckDB().connect()
        let watch = Stopwatch()
        let error = #expect(throws: DatabaseError.self) {
            _ = try connection.query(
                "SELECT count(*) FROM range(10000000000) a, range(1000000) b", timeoutNs: 100_000_000
            ).collect()
        }
        #expect(error?.code == .timeout)
        #expect(watch.seconds < 20)
        #expect(try connection.query("SELECT 1", timeoutNs: 60_000_000_000).collect().rows == [[.integer(1)]])
    }

    @Test func `another thread can cancel`() throws {
        let connection = try Database.duckDB().connect()
        let stop = BoundedQueue<Int>(capacity: 1)
        let thread = NamedThread("canceller") {
            while stop.pop(timeoutNs: 20_000_000) == nil { connection.cancel() }
        }
        let error = #expect(throws: DatabaseError.self) {
            _ = try connection.query("SELECT count(*) FROM range(10000000000) a, range(1000000) b").collect()
        }
        stop.push(1)
        thread.join()
        #expect(error?.code == .cancelled)
    }

    @Test func `a transaction commits or rolls back whole`() throws {
        let connection = try Database.duckDB().connect()
        try connection.execute("CREATE TABLE t (i INTEGER)")
        struct Stop: Error {}
        try connection.transaction { () throws(DatabaseError) in try connection.execute("INSERT INTO t VALUES (1)") }
        #expect(throws: DatabaseError.self) {
            try connection.transaction { () throws(DatabaseError) in
                try connection.execute("INSERT INTO t VALUES (2)")
                try connection.execute("SELECT * FROM nowhere")
            }
        }
        #expect(try connection.query("SELECT i FROM t").collect().rows == [[.integer(1)]])
    }

    @Test func `a missing driver is named`() throws {
        #expect(throws: SharedLibraryError.self) { _ = try SharedLibrary(path: "/no/such/driver.so") }
        let libc = try SharedLibrary(path: "libc.so.6")
        let error = #expect(throws: DatabaseError.self) { _ = try ADBCDriver(libc) }
        #expect(error?.code == .driverMissing)
    }
}

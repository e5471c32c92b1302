import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

/// `FROM trades AT (VERSION => 12)`: tables as they were, inside of SQL.
@Suite struct PastTablesTests {
    private let folder = TemporaryFolder()
    private let lake: LakeReader
    private let past: PastTables.Rows

    /// A lake of three flushes of 50 trades; version 0 has none.
    init() throws {
        let sample = SampleSteps(seed: 1, steps: 3)
        let store = try HotStore(options(folder))
        for step in sample.steps.indices {
            sample.append(to: store, step..<step + 1)
            _ = try store.flush(upTo: store.visibleOffset)
        }
        store.close()
        lake = try LakeReader(store.lake)
        past = LakeReader.past(lake.lake, archive: nil)
    }

    private func ask(_ sql: String) throws -> [[SQLValue]] {
        try lake.connect().readOnly(sql, past: past) { stream throws(DatabaseError) in try stream.collect().rows }
    }

    private func count(_ sql: String) throws -> Int64 {
        guard case .integer(let count)? = try ask(sql).first?.first else { return -1 }
        return count
    }

    @Test(arguments: [
        ("SELECT count(*) FROM trades", 150),
        ("SELECT count(*) FROM trades AT (VERSION => 0)", 0),
        ("SELECT count(*) FROM trades AT (VERSION => 1)", 50),
        ("select count(*) from main . \"trades\" t at(version=>(1+1)) where t.price > 0", 100),
        ("SELECT count(trades.price) FROM trades AT (VERSION => 2)", 100),
        ("SELECT count(*) FROM trades AS t(a, b, c) AT /* ) */ (VERSION => 1) -- AT (VERSION => 2)", 50),
        ("SELECT (SELECT count(*) FROM trades AT (VERSION => 1)) + count(*) FROM trades AT (VERSION => 2)", 150),
        ("SELECT count(*) FROM trades AT (VERSION => 1) JOIN trades now USING (journal_offset, frame_index)", 50),
        ("SELECT count(*) FROM trades WHERE 'trades AT (VERSION => 1)' <> 'ä'", 150),
        ("SELECT 'ä''' <> E'\\'' AND $a$ ' $a$ <> '' , * FROM (SELECT count(*) FROM trades AT (VERSION => 1))", -1),
        ("WITH old AS (FROM trades AT (VERSION => 2)) SELECT count(*) FROM old, quotes AT (VERSION => 1) AS q", -2),
        ("SELECT count(*) FROM trades AT (TIMESTAMP => now() + INTERVAL 1 HOUR)", 150),
        ("SELECT count(*) FROM trades AT (TIMESTAMP => '2999-01-31 12:00:00')", 150),
    ])
    func `a table is what it was`(sql: String, rows: Int) throws {
        switch rows {
        case -1: #expect(try ask(sql).first?.last == .integer(50))
        // An alias goes before the clause, as DuckDB has it.
        case -2: #expect(throws: DatabaseError.self) { try ask(sql) }
        default: #expect(try count(sql) == rows)
        }
    }

    @Test func `what cannot be had is said`() throws {
        func failure(_ sql: String) -> String {
            do { return "\(try ask(sql))" } catch { return "\(error)" }
        }
        #expect(failure("FROM trades AT (VERSION => 99)").contains("there is no version 99: the newest is 3"))
        #expect(failure("FROM trades AT (TIMESTAMP => '1999-01-01')").contains("does not reach back to 1999"))
        #expect(failure("WITH x AS (SELECT 1) FROM x AT (VERSION => 1)").contains("no table of this name"))
        #expect(failure("FROM \"../lake/trades\" AT (VERSION => 1)").contains("no table of this name"))
        #expect(failure("FROM trades AT (VERSION => -1)").contains("AT wants VERSION"))
        #expect(failure("FROM trades AT (VERSION => getenv('HOME'))").contains("getenv is not allowed"))
        #expect(failure("FROM read_text('/etc/passwd'), trades AT (VERSION => 1)").contains("not allowed"))
        // Without a lake behind it, DuckDB says so itself.
        #expect(throws: DatabaseError.self) {
            try lake.connect().readOnly("FROM trades AT (VERSION => 1)") { stream throws(DatabaseError) in
                try stream.collect().rows
            }
        }
    }

    @Test func `EXPLAIN and DESCRIBE take tables of the past`() throws {
        #expect(try !ask("EXPLAIN  SELECT count(*) FROM trades AT (VERSION => 1)").isEmpty)
        #expect(try ask("DESCRIBE SELECT * FROM trades AT (VERSION => 1)").count == Tables.trades.columns.count + 1)
    }

    @Test func `a time from before a table was made shows it empty, unless its version is named`() throws {
        let early = try #require(LakeVersions("2020-01-01"))
        let reader = try LakeReader(lake.lake, at: early)
        for table in Tables.all {
            #expect(try reader.connect().query("SELECT count(*) FROM \(table.name)").collect().rows == [[.integer(0)]])
        }
        let named = try #require(LakeVersions("trades=2020-01-01"))
        #expect(throws: LakeError.self) { _ = try LakeReader(lake.lake, at: named) }
        // Where the beginning of the log is gone, nobody knows.
        let table = try LakeFolder(lake.lake).open("trades")
        try table.checkpoint()
        try FileManager.default.removeItem(atPath: table.path + "/_delta_log/00000000000000000000.json")
        #expect(throws: LakeError.self) { _ = try LakeReader(lake.lake, at: early) }
        #expect(throws: (any Error).self) { _ = try LakeReader(folder.path, at: early) }
    }
}

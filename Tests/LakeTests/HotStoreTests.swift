import Databases
import Foundation
import Lake
import Market
import Platform
import Synchronization
import TestKit
import Testing

@Suite struct HotStoreTests {
    private static let typeNames: [String: TableSchema.ColumnType] = [
        "TIMESTAMP WITH TIME ZONE": .timestamp, "DATE": .date, "INTEGER": .int32, "BIGINT": .int64,
        "DOUBLE": .float64, "BOOLEAN": .boolean, "VARCHAR": .string, "BLOB": .binary,
        "DECIMAL(18,8)": .decimal(scale: 8),
    ]

    private func expectSchemas(_ connection: Connection) throws {
        for table in Tables.all {
            let rows = try connection.query("SELECT column_name, column_type FROM (DESCRIBE \(table.name))").collect()
                .rows
            #expect(rows.map(\.[0].text) == table.columns.map(\.name) + [table.partition.column], "\(table.name)")
            #expect(rows.map { Self.typeNames[$0[1].text] } == table.columns.map(\.type) + [.date], "\(table.name)")
        }
    }

    @Test func `views have the schema's columns, empty, hot, and from files`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 1, steps: 2)
        let store = try HotStore(options(folder))
        let connection = try store.connect()
        try expectSchemas(connection)
        sample.append(to: store, 0..<2)
        try expectSchemas(connection)
        _ = try store.flush(upTo: store.visibleOffset)
        try expectSchemas(connection)
        try expectSchemas(try LakeReader(store.lake.url).connect())
    }

    @Test func `rows are the same in hot tables and in the lake`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 2, steps: 4)
        let store = try HotStore(options(folder))
        #expect(store.visibleOffset == -1)
        sample.append(to: store, 0..<4)
        #expect(store.visibleOffset == 199)
        let connection = try store.connect()
        let before = try contents(connection)
        for (table, rows) in before {
            let expected = ["frames": 200, "trades": 200, "quotes": 200, "bars": 25][table] ?? 20
            #expect(rows.count == expected, "\(table)")
        }
        #expect(store.hotRows == 660 + 200)
        let report = try store.flush(upTo: 99)
        #expect(report.rows == 330 + 100 && report.tables.count == Tables.all.count)
        #expect(try contents(connection) == before)
        #expect(store.hotRows == 330 + 100)
        #expect(store.committedOffset("trades") == 99)
        _ = try store.flush(upTo: 199)
        #expect(try contents(connection) == before)
        #expect(
            try contents(LakeReader(store.lake.url).connect(), lakeOnly: true)
                == before.merging(["bars": (before["bars"] ?? []).filter { !$0.contains(",false,") }]) { $1 })
        #expect(store.hotRows == 0)
        #expect(try store.flush(upTo: 199).tables.isEmpty)
    }

    @Test func `rows of a range come from the files that can have some, wherever they are`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 12, steps: 6)
        let store = try HotStore(options(folder))
        let connection = try store.connect()
        sample.append(to: store, 0..<6)
        func count(_ sql: String) throws -> [[SQLValue]] {
            try connection.query("SELECT count(*) FROM (\(sql))").collect().rows
        }
        for flushed in [49, 99, 149, 199] as [Int64] { _ = try store.flush(upTo: flushed) }
        for isCompacted in [false, true] {
            if isCompacted {
                let table = try #require(try DeltaTable.open("\(store.lake.url)/trades"))
                let compaction = try Compaction(table)
                for group in compaction.groups() { _ = try compaction.run(group) }
                _ = try store.flush(upTo: 249)
            }
            for (after, last) in [
                (-1, 49), (49, 99), (20, 120), (120, 199), (150, 260), (210, 299), (-1, 299),
            ] as [(Int64, Int64)] {
                let rows = store.finalRows(of: Tables.trades, after: after, upTo: last)
                #expect(try count(rows) == [[.integer(last - after)]], "above \(after) up to \(last)")
                // Two files of each flush, since hours of the sample cross midnight in one of them.
                guard !isCompacted, last <= 199 else { continue }
                let files = rows.components(separatedBy: ".parquet").count - 1
                let flushes = Int(last / 50 - (after + 1) / 50 + 1)
                #expect(files <= flushes * 2 && files >= flushes, "above \(after) up to \(last): \(files)")
            }
        }
    }

    @Test func `a row lies in the partition of its own time column`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        SampleSteps(seed: 3, steps: 2).append(to: store, 0..<2)
        _ = try store.flush(upTo: 99)
        let sql =
            "SELECT DISTINCT date, event_time::DATE, filename FROM read_parquet('\(store.lake.url)/trades/date=*/*', filename = true)"
        let rows = try store.connect().query(sql).collect().rows
        #expect(Set(rows.map(\.[0].text)) == ["2026-01-31", "2026-02-01"])
        for row in rows {
            #expect(row[0] == row[1])
            #expect(row[2].text.contains("/date=\(row[0].text)/part-test-0-99-"))
        }
    }

    @Test func `a bar lies in the month of its start, and says its date`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        SampleSteps(seed: 3, steps: 2).append(to: store, 0..<2)
        func months() throws -> [[String]] {
            try store.connect().query(
                "SELECT DISTINCT month, date, start::DATE FROM bars WHERE final ORDER BY ALL"
            ).collect().rows.map { $0.map(\.text) }
        }
        let inMemory = try months()
        #expect(inMemory == [["2026-01-01", "2026-01-31", "2026-01-31"], ["2026-02-01", "2026-02-01", "2026-02-01"]])
        _ = try store.flush(upTo: 99)
        #expect(try months() == inMemory)
        let files = try store.connect().query(
            "SELECT DISTINCT month, filename FROM read_parquet('\(store.lake.url)/bars/month=*/*', filename = true)"
        ).collect().rows
        #expect(Set(files.map(\.[0].text)) == ["2026-01-01", "2026-02-01"])
        #expect(files.allSatisfy { $0[1].text.contains("/month=\($0[0].text)/part-test-0-99-") })
    }

    @Test func `files are sorted by the schema's key`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        SampleSteps(seed: 4, steps: 3, events: 2000).append(to: store, 0..<3)
        _ = try store.flush(upTo: store.visibleOffset)
        let connection = try store.connect()
        for table in Tables.all {
            let key = table.sortKey.joined(separator: ", ")
            let sql = """
                SELECT count(*) FROM (
                  SELECT row(\(key)) AS k, lag(row(\(key))) OVER (PARTITION BY filename ORDER BY file_row_number) AS before
                  FROM read_parquet('\(store.lake.url)/\(table.name)/\(table.partition.column)=*/*', filename = true, file_row_number = true)
                ) WHERE k < before
                """
            #expect(try connection.query(sql).collect().rows == [[.integer(0)]], "\(table.name)")
        }
    }

    @Test func `open bars are replaced as a whole and never reach the lake`() throws {
        let folder = TemporaryFolder()
        let sample = SampleSteps(seed: 5, steps: 3)
        let store = try HotStore(options(folder))
        let connection = try store.connect()
        func count(_ filter: String) throws -> SQLValue {
            try connection.query("SELECT count(*) FROM bars WHERE \(filter)").collect().rows[0][0]
        }
        sample.append(to: store, 0..<3)
        #expect(try count("final") == .integer(15))
        #expect(try count("NOT final") == .integer(5))
        _ = try store.flush(upTo: store.visibleOffset)
        #expect(try count("NOT final") == .integer(5))
        let none = BarBatch(intervals: StringDictionary(values: ["1s"]))
        store.replaceOpenBars(none, sample.dictionaries)
        #expect(try count("NOT final") == .integer(0))
        #expect(try count("final") == .integer(15))
    }

    @Test func `SQL of users reads the views, and writes neither tables nor files`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        SampleSteps(seed: 6, steps: 1).append(to: store, 0..<1)
        let connection = try store.connect()
        let rows = try connection.readOnly("SELECT count(*) FROM trades") { stream throws(DatabaseError) in
            try stream.collect().rows
        }
        #expect(rows == [[.integer(50)]])
        for sql in ["COPY trades TO '\(store.lake.url)/x.csv'", "DROP VIEW trades", "DELETE FROM hot.trades"] {
            #expect(throws: DatabaseError.self) {
                try connection.readOnly(sql) { stream throws(DatabaseError) in _ = try stream.collect() }
            }
        }
        #expect(try store.flush(upTo: 49).rows > 0)
    }

    @Test func `a lake takes one writer of a pipeline`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        let error = #expect(throws: LakeError.self) { _ = try HotStore(options(folder)) }
        #expect(error?.code == .locked)
        _ = try HotStore(options(folder, pipeline: "another"))
        withExtendedLifetime(store) {}
    }

    @Test func `readers never see a row twice or miss one while rows move to the lake`() throws {
        let folder = TemporaryFolder()
        let steps = 120
        let sample = SampleSteps(seed: 7, steps: steps, events: 20)
        let store = try HotStore(options(folder))
        let isOver = Atomic<Bool>(false)
        let failures = Mutex<[String]>([])
        let queries = Atomic<Int>(0)
        let appended = Atomic<Int>(0)
        let readers = (0..<2).map { _ in
            NamedThread("reader") {
                do {
                    let connection = try store.connect()
                    var seen = Int64(0)
                    while !isOver.load(ordering: .acquiring) {
                        let least = Int64(appended.load(ordering: .acquiring)) * 20
                        let row = try connection.query(
                            """
                            SELECT count(*), count(DISTINCT journal_offset), coalesce(max(journal_offset) + 1, 0),
                              (SELECT count(*) FROM quotes), (SELECT count(*) FROM frames),
                              (SELECT count(*) FROM bars WHERE final), (SELECT count(*) FROM bars WHERE NOT final)
                            FROM trades
                            """
                        ).collect().rows[0].map { value in
                            if case .integer(let count) = value { count } else { Int64(-1) }
                        }
                        let expected = [row[0], row[0], row[0], row[0], row[0], row[0] / 10, row[0] == 0 ? 0 : 2]
                        if row != expected || row[0] < max(seen, least) || row[0] % 20 != 0 {
                            failures.withLock { $0.append("\(row) after \(seen), at least \(least)") }
                        }
                        seen = row[0]
                        queries.wrappingAdd(1, ordering: .relaxed)
                    }
                } catch {
                    failures.withLock { $0.append("\(error)") }
                }
            }
        }
        let flusher = NamedThread("flusher") {
            do {
                while !isOver.load(ordering: .acquiring) { _ = try store.flush(upTo: store.visibleOffset) }
            } catch {
                failures.withLock { $0.append("\(error)") }
            }
        }
        for index in 0..<steps {
            sample.append(to: store, index..<index + 1)
            appended.store(index + 1, ordering: .releasing)
            while queries.load(ordering: .relaxed) < index / 2, failures.withLock(\.isEmpty) { Pause.wait(ns: 200_000) }
        }
        isOver.store(true, ordering: .releasing)
        (readers + [flusher]).forEach { $0.join() }
        #expect(failures.withLock { $0 } == [])
        #expect(queries.load(ordering: .relaxed) > 2)
        _ = try store.flush(upTo: store.visibleOffset)
        let rows = try LakeReader(store.lake.url).connect().query(
            "SELECT count(*), count(DISTINCT journal_offset) FROM trades")
        #expect(try rows.collect().rows == [[.integer(2400), .integer(2400)]])
    }
}

import Databases
import Market
import Platform
import TestKit
import Testing

@Suite struct IngestTests {
    private func column<T: BitwiseCopyable>(_ values: [T]) -> Column<T> {
        let column = Column<T>(capacity: values.count)
        for value in values { column.append(value) }
        return column
    }

    @Test func `columns of every shape arrive with their missing values`() throws {
        let connection = try Database.duckDB().connect()
        try connection.execute(
            """
            CREATE SCHEMA hot;
            CREATE TABLE hot.t (a BIGINT, b INTEGER, c DOUBLE, d BOOLEAN, e VARCHAR, f VARCHAR, g BLOB, h VARCHAR)
            """)
        let texts = StringDictionary(values: ["zéro", "", "two"])
        let sides = StringDictionary(values: ["buy", "sell"])
        let offsets: [Int64] = [0, 1, 1, 4]
        let columns: [ArrowColumn] = [
            .init("a", .int64(column([1, ArrowColumn.missingInt64, -3])), nullable: true),
            .init("b", .int32(column([1, 2, 3]))),
            .init("c", .float64(column([0.5, .nan, -.infinity])), nullable: true),
            .init("d", .boolean(column([1, 0, 1]))),
            .init("e", .dictionary(indices: column([2, ArrowColumn.missingIndex, 0]), texts), nullable: true),
            .init("f", .dictionary8(indices: column([ArrowColumn.missingIndex8, 1, 0]), sides), nullable: true),
            .init("g", .binary(offsets: column(offsets), bytes: column([7, 0, 255, 1]))),
            .init("h", .text(offsets: column(offsets), bytes: column(Array("xabc".utf8)))),
        ]
        try connection.ingest(columns, rows: 3, into: "t", schema: "hot")
        let rows = try connection.query("SELECT * FROM hot.t").collect().rows
        #expect(
            rows[0] == [
                .integer(1), .integer(1), .double(0.5), .boolean(true), .text("two"), .null, .binary([7]), .text("x"),
            ])
        #expect(rows[1] == [.null, .integer(2), .null, .boolean(false), .null, .text("sell"), .binary([]), .text("")])
        #expect(
            rows[2] == [
                .integer(-3), .integer(3), .double(-.infinity), .boolean(true), .text("zéro"), .text("buy"),
                .binary([0, 255, 1]), .text("abc"),
            ])
    }

    @Test func `NaN in a column without missing values stays NaN`() throws {
        let connection = try Database.duckDB().connect()
        try connection.execute("CREATE TABLE t (c DOUBLE)")
        try connection.ingest([.init("c", .float64(column([.nan])))], rows: 1, into: "t")
        #expect(try connection.query("SELECT isnan(c) FROM t").collect().rows == [[.boolean(true)]])
    }

    @Test func `a column of nothing but missing values needs no dictionary`() throws {
        let connection = try Database.duckDB().connect()
        try connection.execute("CREATE TABLE t (s VARCHAR)")
        let none = column([UInt32](repeating: ArrowColumn.missingIndex, count: 5000))
        try connection.ingest(
            [.init("s", .dictionary(indices: none, StringDictionary(values: [])), nullable: true)], rows: 5000,
            into: "t")
        #expect(
            try connection.query("SELECT count(*), count(s) FROM t").collect().rows == [[.integer(5000), .integer(0)]])
    }

    @Test(arguments: UInt64(0)..<12)
    func `random batches arrive whole while the dictionary grows`(seed: UInt64) throws {
        var generator = SeededGenerator(seed: seed)
        let connection = try Database.duckDB().connect()
        try connection.execute("CREATE TABLE t (i BIGINT, s VARCHAR, b BOOLEAN)")
        let table = StringTable()
        var expected: [[SQLValue]] = []
        for _ in 0..<6 {
            let rows = Int.random(in: 0...5000, using: &generator)
            let numbers = Column<Int64>(), indices = Column<UInt32>(), flags = Column<UInt8>()
            for _ in 0..<rows {
                let number = Int64.random(in: -9...9, using: &generator)
                let isMissing = Int.random(in: 0..<10, using: &generator) == 0
                let index = table.intern("symbol \(Int.random(in: 0..<4000, using: &generator))")
                let flag = UInt8.random(in: 0...1, using: &generator)
                numbers.append(number == 9 ? ArrowColumn.missingInt64 : number)
                indices.append(isMissing ? ArrowColumn.missingIndex : index)
                flags.append(flag)
                expected.append([
                    number == 9 ? .null : .integer(number), isMissing ? .null : .text(table[index]),
                    .boolean(flag == 1),
                ])
            }
            try connection.ingest(
                [
                    .init("i", .int64(numbers), nullable: true),
                    .init("s", .dictionary(indices: indices, table.snapshot()), nullable: true),
                    .init("b", .boolean(flags)),
                ], rows: rows, into: "t")
        }
        #expect(try connection.query("SELECT * FROM t").collect().rows == expected)
    }

    @Test func `an ingest is part of its transaction`() throws {
        let connection = try Database.duckDB().connect()
        try connection.execute("CREATE TABLE t (i BIGINT)")
        let other = try Database.duckDB().connect()
        #expect(throws: DatabaseError.self) { try other.query("SELECT * FROM t").collect() }
        try connection.execute("BEGIN TRANSACTION")
        try connection.ingest([.init("i", .int64(column([1, 2])))], rows: 2, into: "t")
        try connection.execute("ROLLBACK")
        #expect(try connection.query("SELECT count(*) FROM t").collect().rows == [[.integer(0)]])
    }

    @Test func `columns are free again after an ingest`() throws {
        let connection = try Database.duckDB().connect()
        try connection.execute("CREATE TABLE t (i BIGINT)")
        weak var seen: Column<Int64>?
        do {
            let numbers = column([Int64(1), 2])
            seen = numbers
            try connection.ingest([.init("i", .int64(numbers))], rows: 2, into: "t")
            numbers.removeAll()
            numbers.append(3)
            try connection.ingest([.init("i", .int64(numbers))], rows: 1, into: "t")
            #expect(throws: DatabaseError.self) {
                try connection.ingest([.init("i", .int64(numbers))], rows: 1, into: "nowhere")
            }
        }
        #expect(seen == nil)
        #expect(try connection.query("SELECT sum(i) FROM t").collect().rows == [[.integer(6)]])
    }
}

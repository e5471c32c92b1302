import Databases
import Market
import Platform
import TestKit
import Testing

@Suite struct AvroRowsTests {
    /// Rows of a query, each written by itself.
    private func written(_ sql: String) throws -> [[UInt8]] {
        let stream = try Database.duckDB().connect().query(sql)
        let avro = try AvroRows(RowSamples.table, stream)
        let bytes = Column<UInt8>()
        var rows: [[UInt8]] = []
        while let batch = try stream.next() {
            avro.open(batch)
            for row in 0..<batch.count {
                bytes.removeAll()
                avro.write(row, to: bytes)
                #expect(bytes.count <= avro.bytesMax(row) && avro.bytesMax(row) <= avro.bytesMax(batch))
                rows.append(Array(bytes.buffer))
            }
        }
        return rows
    }

    /// A row of which each column has a value of `values`, and each that may be null one of `others`.
    private func row(_ values: [String], _ others: [String]) -> [String] { zip(values, others).flatMap { [$0, $1] } }

    // What fastavro 1.13.1 writes (schemaless_writer behind C3 01 and fingerprint(…, "CRC-64-AVRO")) for the same values.
    @Test func `rows are what fastavro writes`() throws {
        let first = [
            "'2026-11-21 16:00:00.123456+00'", "'2026-01-31'", "-7", "9223372036854775807", "64000.5", "true",
            "'héllo'",
            "'\\x00\\xFF'", "12.5",
        ]
        let second = [
            "'1969-12-31 23:59:59.999999+00'", "'1969-12-31'", "2147483647", "-9223372036854775808", "'-0.0'", "false",
            "''",
            "''", "-9999999999.99999999",
        ]
        let third = [
            "'1970-01-01 00:00:00+00'", "'1970-01-01'", "64", "-65", "'nan'", "true", "repeat('x', 70)",
            "'\\x80\\x80\\x80'", "0.00000128",
        ]
        let none = first.map { _ in "NULL" }
        let sql = RowSamples.query([row(first, none), row(second, first), row(third, second), row(first, third)])
        let long = String(repeating: "78", count: 70)
        let start = "c301bf808e9ef7933a75"
        let expected = [
            "80898fbfeeb2b0060088c002000d00feffffffffffffffff0100000000001040ef400001000c68c3a96c6c6f000400ff00084a817c8000",
            "010280898fbfeeb2b006010288c002feffffff0f020dffffffffffffffffff0102feffffffffffffffff01000000000000008002"
                + "000000001040ef4000020100020c68c3a96c6c6f00020400ff10f21f494c589c000102084a817c80",
            "000201000201800102feffffff0f810102ffffffffffffffffff01000000000000f87f0200000000000000800102008c01\(long)"
                + "02000680808002000400800210f21f494c589c0001",
            "80898fbfeeb2b006020088c00202000d028001feffffffffffffffff01028101000000001040ef4002000000000000f87f0102010c"
                + "68c3a96c6c6f028c01\(long)0400ff0206808080084a817c8002040080",
        ]
        let found = try written(sql).map { row in
            row.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
        #expect(found == expected.map { start + $0 })
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `what is read back is what the database has`(seed: UInt64) throws {
        let sql = RowSamples.query(3000, seed: seed)
        let expected = try Database.duckDB().connect().query(sql).collect().rows.map { $0.map(RowSamples.text) }
        #expect(expected.joined().contains("null"))
        #expect(try written(sql).map { AvroRecord.values($0, of: RowSamples.table) } == expected)
    }

    @Test func `a column that must have a value and has none is zero, false or empty`() throws {
        let row = try #require(try written(RowSamples.missing).first)
        let values = try #require(AvroRecord.values(row, of: RowSamples.table))
        #expect(values.enumerated().allSatisfy { $0 % 2 == 0 || $1 == "null" })
        #expect(stride(from: 0, to: 18, by: 2).map { values[$0] } == ["0", "0", "0", "0", "0", "false", "", "[]", "0"])
    }

    @Test(arguments: [
        ("1::BIGINT AS moment", "moment"),
        ("* REPLACE (money::DECIMAL(18, 2) AS money) FROM (\(RowSamples.missing))", "money"),
        ("* RENAME (raw AS other) FROM (\(RowSamples.missing))", "raw"),
    ])
    func `rows that are not the table's are refused`(selection: String, column: String) throws {
        let stream = try Database.duckDB().connect().query("SELECT " + selection)
        let error = #expect(throws: DatabaseError.self) { try AvroRows(RowSamples.table, stream) }
        #expect(error?.code == .unsupported && error?.message.contains("column \(column) of") == true)
    }
}

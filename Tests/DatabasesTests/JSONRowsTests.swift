import Databases
import Market
import Platform
import TestKit
import Testing

@Suite struct JSONRowsTests {
    /// Rows of a query, each written by itself.
    private func written(_ sql: String) throws -> [String] {
        let stream = try Database.duckDB().connect().query(sql)
        let json = JSONRows(stream.columns)
        let bytes = Column<UInt8>()
        var rows: [String] = []
        while let batch = try stream.next() {
            json.open(batch)
            for row in 0..<batch.count {
                bytes.removeAll()
                json.write(row, to: bytes)
                #expect(bytes.count <= json.bytesMax(row) + 64)
                rows.append(String(decoding: bytes.buffer, as: UTF8.self))
            }
        }
        return rows
    }

    @Test(arguments: [
        ("NULL", "null"), ("true", "true"), ("42::BIGINT", "42"),
        ("(-9223372036854775808)::BIGINT", "-9223372036854775808"),
        ("(-7)::INTEGER", "-7"), ("7::TINYINT", "7"), ("1.5::DOUBLE", "1.5"), ("1e300::DOUBLE", "1e+300"),
        ("'nan'::DOUBLE", "null"), ("'-inf'::DOUBLE", "null"), ("0.1::FLOAT::DOUBLE", "0.10000000149011612"),
        ("'plain'", "\"plain\""), ("''", "\"\""),
        ("'a\"b\\c' || chr(10) || chr(9) || chr(13) || chr(1) || chr(31)", #""a\"b\\c\n\t\r\u0001\u001f""#),
        ("'héllo 😀'", "\"héllo 😀\""), ("''::BLOB", "\"\""), ("'\\x00\\xFF'::BLOB", "\"AP8=\""),
        ("'abc'::BLOB", "\"YWJj\""), ("'abcd'::BLOB", "\"YWJjZA==\""), ("DATE '2026-01-31'", "\"2026-01-31\""),
        ("12.50::DECIMAL(18,8)", "\"12.50000000\""), ("(-0.05)::DECIMAL(18,8)", "\"-0.05000000\""),
        ("1234567890.12345678::DECIMAL(18,8)", "\"1234567890.12345678\""),
        ("TIMESTAMPTZ '1970-01-01 00:00:01.5+00'", "\"1970-01-01T00:00:01.500000Z\""),
        ("TIMESTAMPTZ '1969-12-31 23:59:59.999999+00'", "\"1969-12-31T23:59:59.999999Z\""),
        ("TIMESTAMPTZ '2026-11-21 16:05:09.000001+00'", "\"2026-11-21T16:05:09.000001Z\""),
        ("[1, NULL]", "[1,null]"), ("'b'::ENUM('a', 'b')", "\"b\""),
    ])
    func `a value of every type is written as JSON`(expression: String, expected: String) throws {
        #expect(try written("SELECT \(expression) AS v, 1::BIGINT AS w") == ["{\"v\":\(expected),\"w\":1}"])
    }

    @Test func `rows are the same as by way of their values, in batches of any size`() throws {
        let sql = """
            SELECT range AS a, CASE WHEN range % 3 = 0 THEN NULL ELSE 't' || range END AS b, range / 7 AS "c d",
              CASE WHEN range % 5 = 0 THEN NULL ELSE range::INTEGER END AS e, range % 2 = 0 AS f,
              CASE WHEN range % 4 = 0 THEN NULL ELSE ('b' || range)::BLOB END AS g,
              repeat('"', (range % 50)::INTEGER) AS h FROM range(10000)
            """
        let rows = try written(sql)
        let values = try Database.duckDB().connect().query(sql).collect()
        let expected = values.rows.map { row in
            "{" + zip(values.columns, row).map { "\(JSONText.quoted($0.name)):\($1.json)" }.joined(separator: ",") + "}"
        }
        #expect(rows == expected)
    }
}

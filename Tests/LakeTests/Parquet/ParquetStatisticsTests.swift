import Databases
import Market
import TestKit
import Testing

@testable import Lake

@Suite struct ParquetStatisticsTests {
    private let folder = TemporaryFolder()

    private func write(_ fill: (inout ParquetSample) -> Void, rows: Int) throws -> [ParquetStatistics] {
        var sample = ParquetSample(rows: rows)
        fill(&sample)
        return try sample.write(folder.path + "/file.parquet").columns
    }

    /// Smallest, largest, nulls, exactness of a column as the footer has them.
    private func footer(_ place: Int = 0) throws -> [SQLValue] {
        try ParquetReading().query(
            """
            SELECT stats_min_value, stats_max_value, stats_null_count, min_is_exact, max_is_exact
            FROM parquet_metadata('\(folder.path)/file.parquet') WHERE column_id = \(place)
            """)[0]
    }

    @Test func `bounds and null counts are those of the values`() throws {
        let columns = try write(
            {
                $0.add("a", nullable: true, int64s: [3, .min, -9, 12])
                $0.add("b", nullable: true, doubles: [.nan, 2.5, -1, .nan])
                $0.add("c", int32s: [7, 7, 7, 7])
                $0.add("d", [1, 0, 1, 0], of: ["beta", "alpha", "unused"])
                $0.add("e", flags: [true, true, true, true])
                $0.add("f", nullable: true, int64s: [.min, .min, .min, .min])
                $0.add("g", bytes: [[1], [2], [], [3]])
                $0.add("h", bytes: ["b", "", "ba", "a"].map { Array($0.utf8) }, isText: true)
            }, rows: 4)
        #expect(columns[0] == .init(minimum: .integer(-9), maximum: .integer(12), nullCount: 1))
        #expect(columns[1] == .init(minimum: .double(-1), maximum: .double(2.5), nullCount: 2))
        #expect(columns[2] == .init(minimum: .integer(7), maximum: .integer(7)))
        #expect(columns[3] == .init(minimum: .text("alpha"), maximum: .text("beta")))
        #expect(columns[4] == .init(minimum: .boolean(true), maximum: .boolean(true)))
        #expect(columns[5] == .init(nullCount: 4))
        #expect(columns[6] == .init())
        #expect(columns[7] == .init(minimum: .text(""), maximum: .text("ba")))
    }

    @Test func `which rows lack a value is compressed, too`() throws {
        // As in quotes that have one side each: a bit a row would be 12,500 bytes.
        let values = (0..<100_000).map { $0 % 2 == 0 ? 1.25 : .nan }
        _ = try write({ $0.add("a", nullable: true, doubles: values) }, rows: values.count)
        let chunk = try ParquetReading().query(
            "SELECT total_compressed_size, stats_null_count FROM parquet_metadata('\(folder.path)/file.parquet')")[0]
        let bytes = try #require(Int(chunk[0].text))
        #expect(bytes < 1000)
        #expect(chunk[1] == .integer(50_000))
        let found = try ParquetReading().query(
            "SELECT count(a), sum(a), count(*) FROM '\(folder.path)/file.parquet'")[0]
        #expect(found == [.integer(50_000), .double(62_500), .integer(100_000)])
    }

    @Test func `a NaN is reported and leaves the footer without bounds`() throws {
        let columns = try write({ $0.add("a", doubles: [1, .nan, 3]) }, rows: 3)
        #expect(columns[0] == .init(minimum: .double(1), maximum: .double(3), hasNaN: true))
        #expect(try footer()[0] == .null)
        #expect(try footer()[2] == .integer(0))
        let none = try write({ $0.add("a", doubles: [.nan, .nan]) }, rows: 2)
        #expect(none[0] == .init(hasNaN: true))
    }

    @Test func `the bounds of zeros take in both of their forms`() {
        func encoded(_ low: Double, _ high: Double) -> EncodedStatistics {
            EncodedStatistics(ParquetStatistics(minimum: .double(low), maximum: .double(high)), .double)
        }
        let negative: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0x80], positive = [UInt8](repeating: 0, count: 8)
        for zero in [0.0, -0.0] {
            #expect(encoded(zero, zero).minimum == negative)
            #expect(encoded(zero, zero).maximum == positive)
        }
        #expect(encoded(-.infinity, .infinity).maximum == [0, 0, 0, 0, 0, 0, 0xf0, 0x7f])
    }

    @Test func `long texts are cut at whole characters to bounds that still hold`() throws {
        let long = String(repeating: "é", count: 40)
        _ = try write({ $0.add("a", [0], of: [long]) }, rows: 1)
        let cut = String(repeating: "é", count: 31)
        #expect(
            try footer() == [
                .text(cut + "é"), .text(cut + "ê"), .integer(0), .boolean(false), .boolean(false),
            ])
        let highest = String(repeating: "\u{10FFFF}", count: 20)
        let encoded = EncodedStatistics(
            ParquetStatistics(minimum: .text(highest), maximum: .text(highest)), .byteArray)
        #expect(encoded.maximum == nil && encoded.minimum?.count == 64)
        let surrogates = String(repeating: "a", count: 61) + "\u{D7FF}b"
        let above = EncodedStatistics(
            ParquetStatistics(minimum: .text(surrogates), maximum: .text(surrogates)), .byteArray)
        #expect(above.maximum == Array((String(repeating: "a", count: 61) + "\u{E000}").utf8))
    }

    @Test func `row groups merge to the statistics of the file`() throws {
        let path = folder.path + "/groups.parquet"
        let writer = try ParquetFileWriter(
            path: path, columns: [ParquetColumn(name: "a", type: .int64, isNullable: true)])
        for numbers: [Int64] in [[5, .min], [.min], [-5, 9]] {
            var sample = ParquetSample(rows: numbers.count)
            sample.add("a", nullable: true, int64s: numbers)
            try writer.append(sample.values, rows: sample.rows)
        }
        let report = try writer.finish()
        #expect(report.columns == [.init(minimum: .integer(-5), maximum: .integer(9), nullCount: 2)])
    }

    @Test func `a reader that prunes by the bounds finds what is there`() throws {
        let sample = ParquetSample(seed: 5, rows: 3000)
        let path = folder.path + "/prune.parquet"
        try sample.write(path)
        let reading = try ParquetReading()
        for name in ["special", "prices", "noise", "text", "time"] {
            let all = try reading.query("SELECT min(\"\(name)\")::VARCHAR, max(\"\(name)\")::VARCHAR FROM '\(path)'")[0]
            for bound in all {
                let filter =
                    "\"\(name)\"::VARCHAR = '\(bound.text)' AND \"\(name)\" = (SELECT \"\(name)\" FROM '\(path)' WHERE \"\(name)\"::VARCHAR = '\(bound.text)' LIMIT 1)"
                #expect(try reading.query("SELECT count(*) > 0 FROM '\(path)' WHERE \(filter)")[0][0] == .boolean(true))
            }
        }
    }
}

extension ParquetStatisticsTests {
    @Test func `the log's statistics are those of the writer's report`() throws {
        let schema = TableSchema(
            name: "t", layer: .silver, summary: "row", timeColumn: "n", sortKey: [],
            columns: [
                .init("m", .timestamp, ""), .init("d", .date, ""), .init("n", .int64, nullable: true, ""),
                .init("p", .float64, ""), .init("q", .float64, ""), .init("s", .string, ""), .init("f", .boolean, ""),
                .init("b", .binary, ""),
            ])
        var sample = ParquetSample(rows: 2)
        sample.add("m", .timestamp, int64s: [-1, 1_767_225_600_000_000])
        sample.add("d", .date, int32s: [-1, 20_454])
        sample.add("n", nullable: true, int64s: [.min, 7])
        sample.add("p", doubles: [0.5, .infinity])
        sample.add("q", doubles: [1, .nan])
        sample.add("s", [0, 1], of: ["a\"b", String(repeating: "é", count: 33)])
        sample.add("f", flags: [true, false])
        sample.add("b", bytes: [[1], []])
        let report = try sample.write(folder.path + "/log.parquet")
        let json = DeltaStatistics(report: report, schema: schema).json
        let cut = String(repeating: "é", count: 32)
        #expect(
            json == #"{"numRecords":2,"minValues":{"m":"1969-12-31T23:59:59.999999Z","d":"1969-12-31","n":7,"p":0.5,"#
                + #""s":"a\"b"},"maxValues":{"m":"2026-01-01T00:00:00.000000Z","d":"2026-01-01","n":7,"#
                + "\"s\":\"\(cut)\u{10FFFF}\"},"
                + #""nullCount":{"m":0,"d":0,"n":1,"p":0,"q":0,"s":0,"f":0,"b":0}}"#)
    }
}

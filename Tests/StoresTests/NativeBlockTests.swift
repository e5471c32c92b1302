import Databases
import Market
import Platform
import TestKit
import Testing

@testable import Stores

@Suite struct NativeBlockTests {
    private func blocks(_ sql: String, types: [String], time: Int? = nil) throws -> NativeBlocks {
        try NativeBlocks(try Database.duckDB().connect().query(sql), types: types, time: time)
    }

    private func bytes(_ blocks: NativeBlocks, _ compression: NativeCompression = .none) -> [[UInt8]] {
        let body = NativeBody(compression)
        return blocks.blocks.map { $0.block.body(body) }
    }

    @Test func `a block is written as the format says, byte by byte`() throws {
        let blocks = try blocks(
            "SELECT * FROM (VALUES (258::BIGINT, NULL::DOUBLE, 'ab', true), (-1, 1.5, NULL, false)) AS t (a, b, c, d)",
            types: ["Int64", "Nullable(Float64)", "LowCardinality(Nullable(String))", "Bool"])
        let expected: [UInt8] =
            [4, 2] + [1, 0x61, 5] + Array("Int64".utf8) + [2, 1, 0, 0, 0, 0, 0, 0] + Array(repeating: 255, count: 8)
            + [1, 0x62, 17] + Array("Nullable(Float64)".utf8) + [1, 0] + Array(repeating: 0, count: 14) + [0xf8, 0x3f]
            + [1, 0x63, 32] + Array("LowCardinality(Nullable(String))".utf8) + [1, 0, 0, 0, 0, 0, 0, 0]
            + [0, 6, 0, 0, 0, 0, 0, 0] + [2, 0, 0, 0, 0, 0, 0, 0] + [0, 2, 0x61, 0x62] + [2, 0, 0, 0, 0, 0, 0, 0] + [
                1, 0,
            ]
            + [1, 0x64, 4] + Array("Bool".utf8) + [1, 0]
        #expect(bytes(blocks) == [expected])
    }

    /// Columns of every type, with as many missing values and different texts as the seed says.
    private static func sql(seed: Int) -> String {
        let texts = [3, 200, 300, 1_000_000][seed % 4]
        return """
            SELECT (hash(i, 1) % 9000000000000000000)::BIGINT - 4500000000000000000 AS a, (hash(i, 2) % 1000)::INTEGER AS b,
            CASE WHEN hash(i, 3) % 3 > 0 THEN (hash(i, 4) % 100000)::DOUBLE / 7 END AS c, hash(i, 5) % 2 = 0 AS d,
            'text ' || hash(i, 6) % \(texts) AS e, CASE WHEN hash(i, 7) % 3 > 0 THEN repeat('x', (hash(i, 8) % 300)::INTEGER) END AS f,
            'text ' || hash(i, 9) % \(texts) AS g, CASE WHEN hash(i, 10) % 2 > 0 THEN hash(i, 11) % 10 || '' END AS h,
            ((hash(i, 12) % 1000000)::DECIMAL(18, 8) / 3)::DECIMAL(18, 8) AS j, DATE '1970-01-01' + (hash(i, 13) % 40000)::INTEGER - 20000 AS k,
            make_timestamp((hash(i, 14) % 1000000)::BIGINT) AT TIME ZONE 'UTC' AS l, CASE WHEN hash(i, 15) % 2 > 0 THEN i END AS m
            FROM range(\(seed * 100_000), \(seed * 100_000 + [1, 2049, 5000, 80_000][seed % 4])) AS t (i)
            """
    }

    private static let types = [
        "Int64", "Int32", "Nullable(Float64)", "Bool", "String", "Nullable(String)", "LowCardinality(String)",
        "LowCardinality(Nullable(String))", "Decimal(18, 8)", "Date32", "DateTime64(6, 'UTC')", "Nullable(Int64)",
    ]

    private static func text(_ value: SQLValue) -> String? {
        switch value {
        case .null: nil
        case .boolean(let value): value ? "1" : "0"
        case .double(let value): "\(value)"
        case .decimal(let digits): "\(DecimalText.units(digits, scale: 8) ?? 0)"
        case .date(let date): "\(date.daysSinceEpoch)"
        case .timestamp(let moment, _): "\(moment.nanoseconds / 1000)"
        default: value.text
        }
    }

    @Test(arguments: 0..<8)
    func `what is read back are the values of the rows`(seed: Int) throws {
        let sql = Self.sql(seed: seed)
        let result = try Database.duckDB().connect().query(sql).collect()
        let blocks = try blocks(sql, types: Self.types)
        var reader = NativeReader(try #require(bytes(blocks).first))
        let block = try reader.block()
        #expect(reader.isAtEnd && blocks.count == result.rows.count)
        #expect(block.map(\.name) == result.columns.map(\.name) && block.map(\.type) == Self.types)
        for (place, column) in block.enumerated() {
            #expect(column.values == result.rows.map { Self.text($0[place]) }, "\(column.name)")
        }
    }

    @Test(arguments: [NativeCompression.lz4, .zstd])
    func `compressed pieces hold the same bytes`(compression: NativeCompression) throws {
        let blocks = try blocks(Self.sql(seed: 2), types: Self.types)
        let plain = bytes(blocks)[0]
        let body = bytes(blocks, compression)[0]
        #expect(body.count < plain.count)
        var unpacked: [UInt8] = []
        var place = 0
        func number(_ place: Int) -> Int { (0..<4).reduce(0) { $0 | Int(body[place + $1]) << (8 * $1) } }
        while place < body.count {
            #expect(body[place + 16] == (compression == .lz4 ? 0x82 : 0x90))
            let piece = Array(body[(place + 25)..<(place + 16 + number(place + 17))])
            let size = number(place + 21)
            if compression == .lz4 {
                unpacked += [UInt8](unsafeUninitializedCapacity: size) { room, count in
                    count = piece.withUnsafeBytes { LZ4.decompress($0, into: UnsafeMutableRawBufferPointer(room)) } ?? 0
                }
            } else {
                let stream = try ZstdStream(MemoryStream(piece), path: "piece")
                unpacked += try [UInt8](unsafeUninitializedCapacity: size) { room, count in
                    count = try stream.read(into: UnsafeMutableRawBufferPointer(room))
                }
            }
            place += 16 + number(place + 17)
        }
        #expect(unpacked == plain)
    }

    @Test func `rows go to the block of their month, also before 1970`() throws {
        let sql =
            "SELECT i AS id, (epoch_ns(TIMESTAMP '1969-11-15') + (i % 4) * 2592000000000000)::BIGINT AS t FROM range(10000) AS r (i)"
        let blocks = try blocks(sql, types: ["Int64", "Int64"], time: 1)
        #expect(blocks.blocks.map(\.block.count) == [2500, 2500, 2500, 2500] && blocks.count == 10_000)
        let days = blocks.blocks.map { CivilDate.split(Timestamp(nanoseconds: $0.startNs)).date.description }
        #expect(Set(days) == ["1969-11-01", "1969-12-01", "1970-01-01", "1970-02-01"])
        for (place, bytes) in bytes(blocks).enumerated() {
            var reader = NativeReader(bytes)
            let ids = try reader.block()[0].values.compactMap { $0.flatMap { Int($0) } }
            #expect(ids == stride(from: ids[0], to: 10_000, by: 4).map { $0 }, "block \(place)")
        }
    }

    @Test func `a column of an unknown form is named`() throws {
        let error = #expect(throws: DatabaseError.self) { try blocks("SELECT [1, 2] AS list", types: ["String"]) }
        #expect(error?.message.contains("column list") == true)
    }
}

import Databases
import Market
import Platform
import TestKit
import Testing

@testable import Lake

@Suite struct ParquetRoundTripTests {
    private let folder = TemporaryFolder()

    private func check(_ sample: ParquetSample, _ path: String, _ place: Comment) throws {
        let reading = try ParquetReading()
        for (column, expected) in zip(sample.columns, sample.expected) {
            let found = try reading.values(path, column)
            #expect(found.count == expected.count, place)
            if let row = expected.indices.first(where: { $0 < found.count && found[$0] != expected[$0] }) {
                Issue.record(
                    "\(place) \(column.name)[\(row)]: \(found[row] ?? "null"), expected \(expected[row] ?? "null")")
            }
        }
    }

    @Test(arguments: [1, 2, 7, 31, 32, 33, 63, 64, 65, 127, 128, 129, 130, 481, 1000, 4097])
    func `every value of every type is read back`(rows: Int) throws {
        let sample = ParquetSample(seed: UInt64(rows), rows: rows)
        let path = folder.path + "/\(rows).parquet"
        let report = try sample.write(path)
        #expect(report.rows == Int64(rows))
        #expect(try File(path, .read).size == report.bytes)
        try check(sample, path, "\(rows) rows")
    }

    @Test(arguments: UInt64(0)..<16)
    func `random rows survive random pages`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 1000)
        let rows = Int.random(in: 1...4000, using: &random)
        let sample = ParquetSample(seed: seed, rows: rows)
        let options = ParquetFileWriter.Options(
            zstdLevel: Int.random(in: -3...6, using: &random), pageRows: 64 * Int.random(in: 1...40, using: &random),
            pageBytes: Int.random(in: 1...20_000, using: &random))
        let path = folder.path + "/\(seed).parquet"
        try sample.write(path, options)
        try check(sample, path, "seed \(seed)")
    }

    @Test func `row groups follow each other, each with its own dictionaries`() throws {
        let path = folder.path + "/groups.parquet"
        let samples = (0..<12).map { ParquetSample(seed: UInt64($0), rows: 1 + $0 * 321) }
        let writer = try ParquetFileWriter(path: path, columns: samples[0].columns)
        for sample in samples { try writer.append(sample.values, rows: sample.rows) }
        try writer.append(samples[0].values, rows: 0)
        let report = try writer.finish(durably: true)
        var all = ParquetSample(rows: samples.reduce(0) { $0 + $1.rows })
        #expect(report.rows == Int64(all.rows))
        all.columns = samples[0].columns
        all.expected = samples[0].columns.indices.map { place in samples.flatMap { $0.expected[place] } }
        try check(all, path, "row groups")
        let groups = try ParquetReading().query("SELECT count(DISTINCT row_group_id) FROM parquet_metadata('\(path)')")
        #expect(groups[0][0] == .integer(12))
    }

    @Test func `more distinct values than a dictionary is worth are written as they are`() throws {
        var sample = ParquetSample(rows: 50_000)
        // Samples meet again, the rest does not: the dictionary is begun and given up.
        sample.add("trap", doubles: (0..<50_000).map { $0 % 24 == 0 ? 1.5 : Double($0) / 7 })
        sample.add("distinct", doubles: (0..<50_000).map { Double($0 * 7919 % 9000) / 8 })
        sample.add("integers", int64s: (0..<50_000).map { Int64($0 * 7919 % 5000) << 40 })
        let path = folder.path + "/distinct.parquet"
        try sample.write(path)
        try check(sample, path, "distinct")
        let encodings = try ParquetReading().query(
            "SELECT encodings FROM parquet_metadata('\(path)') ORDER BY column_id")
        #expect(
            encodings.map { $0[0] } == [.text("PLAIN"), .text("PLAIN, RLE_DICTIONARY"), .text("PLAIN, RLE_DICTIONARY")])
    }

    @Test func `large dictionaries are read back, local or random`() throws {
        var random = SeededGenerator(seed: 9)
        var sample = ParquetSample(rows: 60_000)
        let texts = (0..<3000).map { "text \($0)" }
        let local = (0..<60_000).map { row in row / 20 * 10 + row % 7 }
        sample.add("local", doubles: local.map { Double($0) / 4 })
        sample.add("random", doubles: (0..<60_000).map { _ in Double(Int.random(in: 0..<5000, using: &random)) / 8 })
        sample.add("texts", (0..<60_000).map { $0 * 7 % 3000 }, of: texts)
        let path = folder.path + "/large.parquet"
        let report = try sample.write(path)
        try check(sample, path, "large")
        // 13 bits a place, and the dictionaries.
        #expect(report.bytes < 60_000 * 13 / 8 * 3 + 400_000)
    }

    @Test func `long values have pages of their own`() throws {
        var sample = ParquetSample(rows: 5)
        sample.add("payload", bytes: [1, 3_000_000, 0, 2_000_000, 5].map { [UInt8](repeating: 7, count: $0) })
        let path = folder.path + "/long.parquet"
        try sample.write(path)
        try check(sample, path, "long")
    }

    @Test func `a file without rows has its columns`() throws {
        let sample = ParquetSample(seed: 1, rows: 3)
        let path = folder.path + "/empty.parquet"
        let report = try ParquetFileWriter(path: path, columns: sample.columns).finish()
        #expect(report.rows == 0)
        let reading = try ParquetReading()
        #expect(try reading.query("SELECT count(*) FROM '\(path)'") == [[.integer(0)]])
        let described = try reading.query("DESCRIBE SELECT * FROM '\(path)'").map { $0[0] }
        #expect(described == sample.columns.map { .text($0.name) })
    }

    @Test func `a file that is there already is replaced`() throws {
        let path = folder.path + "/again.parquet"
        try ParquetSample(seed: 1, rows: 5000).write(path)
        let sample = ParquetSample(seed: 2, rows: 10)
        let report = try sample.write(path)
        #expect(try File(path, .read).size == report.bytes)
        try check(sample, path, "again")
    }

    @Test func `a full disk is an error that says so`() throws {
        let sample = ParquetSample(seed: 3, rows: 100)
        let error = #expect(throws: LakeError.self) { try sample.write("/dev/full") }
        #expect(error?.code == .io)
        #expect(error?.description.contains("No space left on device") == true)
        #expect(error?.operation == "/dev/full")
    }

    @Test func `a folder that is not there is an error`() throws {
        let error = #expect(throws: LakeError.self) { try ParquetSample(seed: 3, rows: 1).write("/nowhere/x.parquet") }
        #expect(error?.code == .io)
    }
}

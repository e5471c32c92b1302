import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Lake

@Suite struct ParquetReaderTests {
    private let folder = TemporaryFolder()

    private func schema(_ sample: ParquetSample) -> TableSchema {
        TableSchema(
            name: "sample", layer: .bronze, summary: "rows", timeColumn: "time", sortKey: ["text"],
            columns: sample.columns.map { column in
                TableSchema.Column(
                    column.name, column.type, nullable: column.isNullable, freeText: column.name == "detail", "values")
            })
    }

    /// Rows of a file as a sample expects them.
    private func read(
        _ path: String, _ sample: ParquetSample, _ rows: [Range<Int>]? = nil, checks: Bool = true
    ) throws -> [[String?]] {
        let file = try ParquetFileReader(path, columns: sample.columns)
        let schema = schema(sample)
        let texts = StoredParts.texts(schema)
        let parts = StoredParts(schema, texts)
        try RowDecoder(checks: checks).append(
            file, places: Array(sample.columns.indices), rows: rows ?? file.rowGroups.map { 0..<$0.rows }, to: parts)
        let found = StoredParts.hotParts([parts], texts)
        return sample.columns.indices.map { place in found.flatMap { values($0.columns[place], $0.rows) } }
    }

    private func values(_ column: ArrowColumn, _ rows: Range<Int>) -> [String?] {
        rows.map { row in
            switch column.values {
            case .int64(let values): column.isNullable && values[row] == .min ? nil : "\(values[row])"
            case .int32(let values): column.isNullable && values[row] == .min ? nil : "\(values[row])"
            case .float64(let values):
                column.isNullable && values[row].isNaN ? nil : "\(values[row].bitPattern)"
            case .boolean(let values): "\(values[row])"
            case .dictionary(let indices, let texts):
                indices[row] == ArrowColumn.missingIndex
                    ? nil : ParquetSample.hex(Array(texts.values[Int(indices[row])].utf8))
            case .dictionary8: nil
            case .binary(let offsets, let bytes), .text(let offsets, let bytes):
                ParquetSample.hex((offsets[row]..<offsets[row + 1]).map { bytes[Int($0)] })
            }
        }
    }

    private func expectSame(_ found: [[String?]], _ sample: ParquetSample, _ rows: Range<Int>, _ place: Comment) {
        for (number, column) in sample.columns.enumerated() {
            let expected = Array(sample.expected[number][rows])
            #expect(found[number].count == expected.count, place)
            if let row = expected.indices.first(where: { $0 < found[number].count && found[number][$0] != expected[$0] }
            ) {
                Issue.record(
                    "\(place) \(column.name)[\(row)]: \(found[number][row] ?? "null"), expected \(expected[row] ?? "null")"
                )
            }
        }
    }

    @Test(arguments: UInt64(0)..<24)
    func `what was written is read back, in random pages and for random rows`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed &+ 2000)
        let rows = seed == 0 ? 70_000 : Int.random(in: 1...4000, using: &random)
        let sample = ParquetSample(seed: seed, rows: rows)
        let options = ParquetFileWriter.Options(
            zstdLevel: Int.random(in: -3...6, using: &random), pageRows: 64 * Int.random(in: 1...80, using: &random),
            pageBytes: Int.random(in: 1...20_000, using: &random))
        let path = folder.path + "/\(seed).parquet"
        try sample.write(path, options)
        expectSame(try read(path, sample), sample, 0..<rows, "seed \(seed)")
        let first = Int.random(in: 0..<rows, using: &random)
        let some = first..<Int.random(in: first...rows, using: &random)
        expectSame(try read(path, sample, [some]), sample, some, "seed \(seed), rows \(some)")
    }

    @Test func `the same file comes of any number of threads`() throws {
        var files: [[UInt8]] = []
        let samples = (0..<4).map { ParquetSample(seed: UInt64($0), rows: 100 + $0 * 2777) }
        for threads in [1, 2, 5] {
            let path = folder.path + "/threads-\(threads).parquet"
            let writer = try ParquetFileWriter(path: path, columns: samples[0].columns)
            for sample in samples {
                let values = sample.values
                try writer.append(rows: sample.rows, threads: threads) { values[$0] }
            }
            let bytes = try writer.finish().bytes
            files.append(try File(path, .read).read(Int(bytes), at: 0))
        }
        #expect(files[0] == files[1] && files[0] == files[2])
    }

    // Whatever stands there: values, or an error, and neither a crash nor all of the memory.
    @Test(arguments: UInt64(0)..<40)
    func `damaged files are refused or read, and nothing worse`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = ParquetSample(seed: seed, rows: 300)
        let path = folder.path + "/damaged-\(seed).parquet"
        let report = try sample.write(path, .init(zstdLevel: 1, pageRows: 128, pageBytes: 2000))
        let whole = try File(path, .read).read(Int(report.bytes), at: 0)
        var refused = 0
        for _ in 0..<25 {
            var bytes = whole
            // Mostly in the footer, of which a file of few rows has most.
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let place = Int.random(in: 4..<bytes.count, using: &random)
                bytes[place] = UInt8.random(in: 0...255, using: &random)
            }
            if Int.random(in: 0..<4, using: &random) == 0 {
                bytes.removeSubrange(4..<Int.random(in: 5..<bytes.count, using: &random))
            }
            try Data(bytes).write(to: URL(filePath: path))
            do { _ = try read(path, sample, checks: false) } catch { refused += 1 }
        }
        #expect(refused > 0)
    }

    @Test(arguments: UInt64(0)..<8)
    func `a bit that turned over in a page is found, mostly by others, too`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let sample = ParquetSample(seed: seed, rows: 3000)
        let path = folder.path + "/bits-\(seed).parquet"
        let report = try sample.write(path, .init(zstdLevel: 1, pageRows: 1024, pageBytes: 20_000))
        let whole = try File(path, .read).read(Int(report.bytes), at: 0)
        let file = try ParquetFileReader(path)
        try file.checkPages()
        let duckDB = try ParquetReading()
        let chunks = try #require(file.rowGroups.first).chunks
        var (unnoticed, seen) = (0, 0)
        for _ in 0..<40 {
            let number = Int.random(in: chunks.indices, using: &random)
            let place = Int(chunks[number].start) + Int.random(in: 0..<Int(chunks[number].bytes), using: &random)
            var bytes = whole
            bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
            try Data(bytes).write(to: URL(filePath: path))
            if let found = try? read(path, sample) {
                // In what a header says besides, such as how many values lack.
                expectSame(found, sample, 0..<sample.rows, "byte \(place)")
            } else {
                seen += 1
            }
            if (try? duckDB.values(path, sample.columns[number])) != nil { unnoticed += 1 }
        }
        #expect(seen > 30 && unnoticed < 30, "\(seen) were seen, \(unnoticed) not by DuckDB")
    }

    @Test func `lists in lists are refused before they fill the stack`() {
        for byte in [0x19, 0x1c] as [UInt8] {
            let bytes = [UInt8](repeating: byte, count: 1_000_000)
            #expect(throws: ParquetUnreadable.self) {
                try bytes.withUnsafeBytes { bytes in
                    var reader = ThriftReader(bytes)
                    try reader.fields { (_, _, _) throws(ParquetUnreadable) in false }
                }
            }
        }
    }

    @Test func `files of others, and other columns, are left to the database`() throws {
        let sample = ParquetSample(seed: 1, rows: 10)
        let path = folder.path + "/ours.parquet"
        try sample.write(path)
        #expect(throws: Never.self) { try ParquetFileReader(path, columns: sample.columns) }
        #expect(throws: ParquetUnreadable.self) {
            try ParquetFileReader(path, columns: Array(sample.columns.dropLast()))
        }
        #expect(throws: ParquetUnreadable.self) { try ParquetFileReader(path, columns: sample.columns.reversed()) }
        #expect(throws: ParquetUnreadable.self) { try ParquetFileReader(path + ".none", columns: sample.columns) }
    }
}

import Foundation
import Market
import TestKit
import Testing

@testable import Lake

/// Other programs' readers on our files.
@Suite struct ParquetReadersTests {
    /// The interpreter that has the peers, where the test script gives one.
    private static let python = ProcessInfo.processInfo.environment["TAPEDECK_PYTHON"]

    private struct Column: Encodable {
        let type: String
        let values: [String?]
    }

    /// Columns in order, which a dictionary would lose.
    private static func json(_ sample: ParquetSample) throws -> String {
        let members = try zip(sample.columns, sample.expected).map { column, values in
            let text = try JSONEncoder().encode(Column(type: "\(column.type)", values: values))
            return "\"\(column.name)\":\(String(decoding: text, as: UTF8.self))"
        }
        return "{\(members.joined(separator: ","))}"
    }

    @Test(.enabled(if: python != nil, "needs TAPEDECK_PYTHON, an interpreter with pyarrow, polars, duckdb, deltalake"))
    func `pyarrow, polars, DuckDB and arrow-rs read every value and agree with statistics and checksums`() throws {
        let folder = TemporaryFolder()
        for (seed, rows) in [1, 2, 31, 64, 65, 129, 1000, 5003].enumerated() {
            let sample = ParquetSample(seed: UInt64(seed), rows: rows)
            try sample.write("\(folder.path)/\(rows).parquet", .init(pageRows: 64 * (1 + 5 * seed), pageBytes: 5000))
            try Self.json(sample).write(toFile: "\(folder.path)/\(rows).json", atomically: true, encoding: .utf8)
        }
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.python))
        process.arguments = [Recordings.packageFolder.path + "/Tests/Peers/parquet_readers.py", folder.path]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let found = try JSONDecoder().decode([String: [String: String]].self, from: text)
        #expect(found.count == 8)
        for (file, readers) in found {
            for (reader, result) in readers { #expect(result == "same", "\(reader) on \(file)") }
        }
    }
}

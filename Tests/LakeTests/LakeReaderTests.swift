import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

@Suite struct LakeReaderTests {
    @Test func `a lake is read while its writer runs, tables it lacks are empty`() throws {
        let folder = TemporaryFolder()
        var options = options(folder)
        options.tables = [Tables.trades, Tables.quotes]
        let store = try HotStore(options)
        SampleSteps(seed: 31, steps: 2).append(to: store, 0..<2)
        _ = try store.flush(upTo: 49)
        let connection = try LakeReader(store.lake.url).connect()
        func count(_ table: String) throws -> SQLValue {
            try connection.query("SELECT count(*) FROM \(table)").collect().rows[0][0]
        }
        #expect(try count("trades") == .integer(50))
        #expect(try count("bars") == .integer(0))
        #expect(try count("frames") == .integer(0))
        #expect(throws: DatabaseError.self) { try connection.query("SELECT * FROM read_csv('/etc/passwd')") }
    }

    @Test func `a folder that is no lake is refused`() throws {
        let folder = TemporaryFolder()
        let error = #expect(throws: LakeError.self) { _ = try LakeReader(folder.path) }
        #expect(error?.code == .invalidArgument)
        #expect(throws: LakeError.self) { _ = try LakeReader(folder.path + "/nowhere") }
    }

    /// The interpreter that has the peers, where the test script gives one.
    private static let python = ProcessInfo.processInfo.environment["TAPEDECK_PYTHON"]

    @Test(.enabled(if: python != nil, "needs TAPEDECK_PYTHON, an interpreter with deltalake, polars and duckdb"))
    func `deltalake, polars and DuckDB's Delta reader see the same rows`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        let sample = SampleSteps(seed: 32, steps: 6)
        for step in 0..<6 {
            sample.append(to: store, step..<step + 1)
            if step % 2 == 1 { _ = try store.flush(upTo: store.visibleOffset) }
        }
        let process = Process()
        process.executableURL = URL(filePath: try #require(Self.python))
        process.arguments = [Recordings.packageFolder.path + "/Tests/Peers/lake_readers.py", store.lake.url]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let text = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationStatus == 0)
        let found = try #require(try JSONSerialization.jsonObject(with: text) as? [String: [String: [String: Any]]])
        for table in Tables.all.map(\.name) {
            let rows = ["trades", "quotes", "frames"].contains(table) ? 300 : 30
            let readers = try #require(found[table])
            #expect(Set(readers.keys) == ["deltalake", "polars", "duckdb"])
            for reader in readers.values { #expect(reader["rows"] as? Int == rows) }
        }
    }
}

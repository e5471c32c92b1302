import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

@Suite struct DeltaTableTests {
    private func file(_ name: String) -> AddFile {
        AddFile(
            relativePath: "date=2026-01-01/\(name)", partitionValues: ["date": "2026-01-01"], size: 1,
            modificationTime: 2,
            stats: "{\"numRecords\":1}")
    }

    @Test func `a commit is there after opening the table again`() throws {
        let folder = TemporaryFolder()
        let path = folder.path + "/trades"
        #expect(try DeltaTable.open(path) == nil)
        let table = try DeltaTable.open(path, creating: Tables.trades)
        #expect(table.version == 0 && table.files == [] && table.transactionVersion("a") == nil)
        let odd = "sp ace%20 é.parquet"
        let outcome = try table.commit(
            add: [file("1"), file(odd)], transaction: AppTransaction(appId: "a", version: 7))
        #expect(outcome == .committed(version: 1))
        let remove = RemoveFile(path: file("1").path, deletionTimestamp: 5, dataChange: true)
        #expect(try table.commit(add: [], remove: [remove]) == .committed(version: 2))
        let again = try #require(try DeltaTable.open(path))
        #expect(again.version == 2 && again.transactionVersion("a") == 7)
        #expect(again.files.map(\.relativePath) == ["date=2026-01-01/\(odd)"])
        #expect(again.files[0].path == "date=2026-01-01/sp%20ace%2520%20%C3%A9.parquet")
        #expect(again.files[0].stats == "{\"numRecords\":1}")
    }

    @Test func `two writers take turns, and a repeat of one's progress is skipped`() throws {
        let folder = TemporaryFolder()
        let first = try DeltaTable.open(folder.path, creating: Tables.trades)
        let second = try DeltaTable.open(folder.path, creating: Tables.trades)
        #expect(
            try first.commit(add: [file("1")], transaction: .init(appId: "a", version: 1)) == .committed(version: 1))
        #expect(
            try second.commit(add: [file("2")], transaction: .init(appId: "b", version: 1)) == .committed(version: 2))
        #expect(second.files.count == 2)
        // Another handle committed offset 1 of "a" already: the repeat must not add the file again.
        let repeated = try second.commit(add: [file("3")], transaction: .init(appId: "a", version: 1))
        #expect(repeated == .alreadyCommitted)
        #expect(try first.commit(add: [file("4")], transaction: .init(appId: "b", version: 1)) == .alreadyCommitted)
        try first.refresh()
        #expect(first.files == second.files && first.version == 2)
        #expect(
            try first.commit(
                add: [], remove: [RemoveFile(path: file("1").path, deletionTimestamp: 1, dataChange: true)])
                == .committed(version: 3))
        let lost = #expect(throws: LakeError.self) {
            try second.commit(
                add: [], remove: [RemoveFile(path: file("1").path, deletionTimestamp: 1, dataChange: true)])
        }
        #expect(lost?.code == .conflict)
    }

    @Test func `many writers at once lose no commit`() throws {
        let folder = TemporaryFolder()
        _ = try DeltaTable.open(folder.path, creating: Tables.trades)
        let path = folder.path
        let failures = Counter()
        let writers = (0..<4).map { writer in
            NamedThread("writer-\(writer)") {
                do {
                    let table = try DeltaTable.open(path, creating: Tables.trades, writer: "w\(writer)")
                    for index in 0..<25 {
                        let file = AddFile(
                            relativePath: "w\(writer)-\(index)", partitionValues: ["date": nil], size: 1,
                            modificationTime: 1, stats: nil)
                        _ = try table.commit(add: [file])
                    }
                } catch {
                    failures.increment()
                }
            }
        }
        writers.forEach { $0.join() }
        #expect(failures.value == 0)
        let table = try #require(try DeltaTable.open(path))
        #expect(table.version == 100 && table.files.count == 100)
        let names = try FileManager.default.contentsOfDirectory(atPath: path + "/_delta_log")
        #expect(names.count { $0.hasSuffix(".json") } == 101 && !names.contains { $0.hasSuffix(".tmp") })
    }

    @Test func `the log is what the protocol asks for`() throws {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.bars)
        _ = try table.commit(add: [file("1")], transaction: .init(appId: "a", version: 3))
        func actions(_ version: Int) throws -> [String: [String: Any]] {
            let name = folder.path + "/_delta_log/0000000000000000000\(version).json"
            let lines = try String(contentsOfFile: name, encoding: .utf8).split(separator: "\n")
            return try lines.reduce(into: [:]) { all, line in
                let object = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: [String: Any]] ?? [:]
                #expect(object.count == 1)
                all.merge(object) { first, _ in first }
            }
        }
        let creation = try actions(0)
        #expect(creation["protocol"] as? [String: Int] == ["minReaderVersion": 1, "minWriterVersion": 2])
        let metadata = try #require(creation["metaData"])
        #expect(metadata["partitionColumns"] as? [String] == ["month"])
        #expect((metadata["format"] as? [String: Any])?["provider"] as? String == "parquet")
        let schema = try #require(metadata["schemaString"] as? String)
        let tree = try #require(try JSONSerialization.jsonObject(with: Data(schema.utf8)) as? [String: Any])
        let fields = try #require(tree["fields"] as? [[String: Any]])
        #expect(fields.map { $0["name"] as? String } == Tables.bars.columns.map(\.name) + ["month"])
        let types = Dictionary(fields.map { ($0["name"] as? String, $0["type"] as? String) }) { first, _ in first }
        #expect(types["source"] == "string" && types["start"] == "timestamp" && types["close"] == "double")
        #expect(fields.first { $0["name"] as? String == "vwap" }?["nullable"] as? Bool == true)
        let commit = try actions(1)
        #expect(commit["txn"]?["version"] as? Int == 3)
        #expect(commit["add"]?["dataChange"] as? Bool == true)
        #expect(commit["commitInfo"]?["isBlindAppend"] as? Bool == true)
    }

    @Test func `a checkpoint stands for the commits before it`() throws {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.trades)
        for index in 0..<3 {
            _ = try table.commit(add: [file("\(index)")], transaction: .init(appId: "a", version: Int64(index)))
        }
        let log = folder.path + "/_delta_log/"
        let connection = try Database.duckDB().connect()
        // A checkpoint is the log's content as Parquet: made here from its lines, commit information left out.
        let lines = try (0...2).flatMap { version in
            try String(contentsOfFile: log + "0000000000000000000\(version).json", encoding: .utf8).split(
                separator: "\n")
        }.filter { !$0.contains("commitInfo") && !$0.contains("\"txn\":{\"version\":0") }
        try lines.joined(separator: "\n").write(toFile: log + "all.ndjson", atomically: true, encoding: .utf8)
        _ = try ParquetFile.write(
            "SELECT * FROM read_json('\(log)all.ndjson', format = 'newline_delimited')",
            to: log + "00000000000000000002.checkpoint.parquet", on: connection)
        for name in [
            "all.ndjson", "00000000000000000000.json", "00000000000000000001.json", "00000000000000000002.json",
        ] {
            try FileManager.default.removeItem(atPath: log + name)
        }
        let again = try #require(try DeltaTable.open(folder.path))
        #expect(again.version == 3 && again.transactionVersion("a") == 2)
        #expect(again.files == table.files)
        #expect(try DeltaTable.open(folder.path, creating: Tables.trades).version == 3)
    }

    @Test func `tables that are not understood are refused with the reason`() throws {
        func error(_ lines: String, _ name: String = "00000000000000000000.json") throws -> LakeError? {
            let folder = TemporaryFolder()
            let log = folder.url.appending(path: "_delta_log")
            try FileManager.default.createDirectory(at: log, withIntermediateDirectories: true)
            try Data(lines.utf8).write(to: log.appending(path: name))
            return #expect(throws: LakeError.self) { _ = try DeltaTable.open(folder.path, creating: Tables.trades) }
        }
        #expect(try error("{\"protocol\":{\"minReaderVersion\":3,\"minWriterVersion\":7}}\n")?.code == .unsupported)
        #expect(try error("not json\n")?.code == .corrupt)
        #expect(try error("{}\n", "00000000000000000004.json")?.code == .corrupt)
        #expect(
            try error("{}\n", "00000000000000000004.checkpoint.0000000001.0000000002.parquet")?.code == .corrupt)
        #expect(try error("{\"protocol\":{\"minReaderVersion\":1,\"minWriterVersion\":2}}\n")?.code == .corrupt)
    }

    @Test func `a table with other columns is refused, naming them`() throws {
        let folder = TemporaryFolder()
        _ = try DeltaTable.open(folder.path, creating: Tables.trades)
        let error = #expect(throws: LakeError.self) { _ = try DeltaTable.open(folder.path, creating: Tables.bars) }
        #expect(error?.code == .schemaMismatch)
        #expect(error?.message.contains("trade_id long") == true)
    }
}

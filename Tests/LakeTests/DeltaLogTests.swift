import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

@Suite struct DeltaLogTests {
    private func file(_ name: String) -> AddFile {
        AddFile(
            relativePath: "date=2026-01-01/\(name)", partitionValues: ["date": "2026-01-01"], size: 10,
            modificationTime: 2, stats: "{\"numRecords\":3}")
    }

    private func log(_ folder: TemporaryFolder) throws -> Set<String> {
        Set(try FileManager.default.contentsOfDirectory(atPath: folder.path + "/_delta_log"))
    }

    @Test func `every hundredth commit brings a checkpoint, from which the table opens without the commits before it`()
        throws
    {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.trades)
        for number in 1...101 {
            let gone = number > 1 && number % 2 == 0 ? [file("\(number - 1)")] : []
            _ = try table.commit(
                add: [file("\(number)")],
                remove: gone.map { RemoveFile(path: $0.path, deletionTimestamp: .max / 2, dataChange: true) },
                transaction: .init(appId: "a", version: Int64(number)))
        }
        let names = try log(folder)
        #expect(names.contains("00000000000000000100.checkpoint.parquet") && names.contains("_last_checkpoint"))
        let latest = try Data(contentsOf: URL(filePath: folder.path + "/_delta_log/_last_checkpoint"))
        let pointer = try #require(try JSONSerialization.jsonObject(with: latest) as? [String: Int])
        // Protocol, metadata, progress, 50 removed and 50 present files.
        #expect(pointer == ["version": 100, "size": 103])
        for version in 0...100 {
            let name = String(format: "%020d.json", version)
            try FileManager.default.removeItem(atPath: folder.path + "/_delta_log/" + name)
        }
        let again = try #require(try DeltaTable.open(folder.path))
        #expect(again.version == 101 && again.files == table.files && again.transactionVersion("a") == 101)
        #expect(again.files.count == 51 && again.files[0].stats == "{\"numRecords\":3}")
        #expect(try DeltaTable.open(folder.path, creating: Tables.trades).version == 101)
    }

    @Test func `a table's own interval of checkpoints counts`() throws {
        let folder = TemporaryFolder()
        _ = try DeltaTable.open(folder.path, creating: Tables.trades)
        let path = folder.path + "/_delta_log/00000000000000000000.json"
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let changed = text.replacing(
            "\"configuration\":{}", with: "\"configuration\":{\"delta.checkpointInterval\":\"2\"}")
        #expect(changed != text)
        try changed.write(toFile: path, atomically: true, encoding: .utf8)
        let table = try #require(try DeltaTable.open(folder.path))
        for number in 1...3 { _ = try table.commit(add: [file("\(number)")]) }
        #expect(
            try log(folder).filter { $0.hasSuffix(".checkpoint.parquet") } == [
                "00000000000000000002.checkpoint.parquet"
            ])
    }

    @Test func `a checkpoint that was torn off is not one, and commits go on`() throws {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.trades)
        _ = try table.commit(add: [file("1")])
        try Data("torn".utf8).write(to: folder.url.appending(path: "_delta_log/.trades-1.tmp"))
        #expect(try DeltaTable.open(folder.path)?.files.count == 1)
        // One under its own name that is damaged is said to be, with its name.
        try Data("PAR1".utf8).write(
            to: folder.url.appending(path: "_delta_log/00000000000000000001.checkpoint.parquet"))
        let error = #expect(throws: LakeError.self) { _ = try DeltaTable.open(folder.path) }
        #expect(error?.operation.contains("00000000000000000001.checkpoint.parquet") == true)
    }

    @Test func `checkpoints in parts count once all parts are there`() throws {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.trades)
        for number in 1...4 { _ = try table.commit(add: [file("\(number)")]) }
        try table.checkpoint()
        let prefix = folder.path + "/_delta_log/00000000000000000004.checkpoint"
        let connection = try Database.duckDB().connect()
        for (part, condition) in [(1, "add IS NULL"), (2, "add IS NOT NULL")] {
            _ = try ParquetFile.write(
                "SELECT * FROM '\(prefix).parquet' WHERE \(condition)",
                to: "\(prefix).000000000\(part).0000000002.parquet", on: connection)
        }
        try FileManager.default.removeItem(atPath: prefix + ".parquet")
        for version in 0...4 {
            try FileManager.default.removeItem(atPath: folder.path + "/_delta_log/0000000000000000000\(version).json")
        }
        #expect(try DeltaTable.open(folder.path)?.files == table.files)
        try FileManager.default.removeItem(atPath: prefix + ".0000000001.0000000002.parquet")
        let error = #expect(throws: LakeError.self) { _ = try DeltaTable.open(folder.path) }
        #expect(error?.message.contains("1 of its 2 parts") == true)
    }

    @Test func `a table opens as it was at a version and at a time`() throws {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.trades)
        for number in 1...5 { _ = try table.commit(add: [file("\(number)")]) }
        try table.checkpoint()
        // Commits an hour apart.
        let start = try #require(Timestamp(rfc3339: "2026-01-01T00:00:00Z")).nanoseconds / 1_000_000
        for version in 0...5 {
            let path = folder.path + "/_delta_log/0000000000000000000\(version).json"
            let text = try String(contentsOfFile: path, encoding: .utf8)
            let stamp = start + Int64(version) * 3_600_000
            try text.replacing(/"timestamp":\d+/, with: "\"timestamp\":\(stamp)").write(
                toFile: path, atomically: true, encoding: .utf8)
        }
        func files(_ version: TableVersion) throws -> Int? {
            try DeltaTable.open(folder.path, at: version)?.files.count
        }
        #expect(try files(.number(0)) == 0 && files(.number(3)) == 3 && files(.number(5)) == 5 && files(.newest) == 5)
        let time = try #require(TableVersion("2026-01-01T02:30:00Z"))
        #expect(try files(time) == 2)
        #expect(try files(#require(TableVersion("2027-01-01"))) == 5)
        #expect(TableVersion("3") == .number(3) && TableVersion("-1") == nil && TableVersion("soon") == nil)
        for wrong in [TableVersion.number(6), try #require(TableVersion("2025-12-31"))] {
            let error = #expect(throws: LakeError.self) { _ = try files(wrong) }
            #expect(error?.code == .invalidArgument)
        }
        // A log whose beginning is gone still opens behind its checkpoint, and says so for what is before.
        for version in 0...2 {
            try FileManager.default.removeItem(atPath: folder.path + "/_delta_log/0000000000000000000\(version).json")
        }
        #expect(try files(.newest) == 5)
        #expect(throws: LakeError.self) { _ = try files(.number(3)) }
    }

    @Test func `history tells what each commit did`() throws {
        let folder = TemporaryFolder()
        let table = try DeltaTable.open(folder.path, creating: Tables.trades)
        _ = try table.commit(add: [file("1"), file("2")], transaction: .init(appId: "a", version: 7))
        _ = try table.commit(
            add: [], remove: [RemoveFile(path: file("1").path, deletionTimestamp: 1, dataChange: true)],
            operation: "DELETE")
        let history = try table.history(limit: 10)
        #expect(
            history.map(\.version) == [2, 1, 0] && history.map(\.operation) == ["DELETE", "WRITE", "CREATE TABLE"])
        #expect(history[1].rowsAdded == 6 && history[1].bytesAdded == 20 && history[1].filesAdded == 2)
        #expect(history[0].filesRemoved == 1 && history[1].progress.map(\.version) == [7])
        #expect(try table.history(limit: 1).count == 1)
    }

    @Test func `columns that a newer program has are added, and rows from before show them as missing`() throws {
        let folder = TemporaryFolder()
        let now = Tables.trades
        let before = TableSchema(
            name: now.name, layer: now.layer, summary: now.summary, timeColumn: now.timeColumn, sortKey: now.sortKey,
            columns: now.columns.filter { $0.name != "conditions" })
        var options = HotStore.Options(
            lake: folder.path + "/lake", pipeline: "test", tables: [before], memoryBytes: 1 << 29, threads: 2)
        let sample = SampleSteps(seed: 3, steps: 4)
        let path = folder.path + "/lake/trades"
        do {
            let store = try HotStore(options)
            // Rows from before the column was there.
            let source = try Database.duckDB().connect()
            let old = TemporaryFolder()
            let other = try HotStore(LakeTests.options(old))
            sample.append(to: other, 0..<2)
            _ = try other.flush(upTo: other.visibleOffset)
            let columns = before.columns.map(\.name).joined(separator: ", ")
            let name = "date=2026-01-31/part-test-0-99-1.zstd.parquet"
            try FileManager.default.createDirectory(
                atPath: path + "/date=2026-01-31", withIntermediateDirectories: true)
            let rows = try ParquetFile.write(
                "SELECT \(columns) FROM '\(old.path)/lake/trades/*/*.parquet' ORDER BY journal_offset",
                to: path + "/" + name, on: source)
            #expect(rows == 100)
            let table = try #require(try DeltaTable.open(path))
            let size = try #require(
                FileManager.default.attributesOfItem(atPath: path + "/" + name)[.size] as? NSNumber)
            _ = try table.commit(
                add: [
                    AddFile(
                        relativePath: name, partitionValues: ["date": "2026-01-31"], size: size.int64Value,
                        modificationTime: 1, stats: "{\"numRecords\":100}")
                ], transaction: .init(appId: "test/trades", version: 99))
            store.close()
        }
        options.tables = [now]
        let store = try HotStore(options)
        let connection = try store.connect()
        func counts() throws -> [String] {
            try connection.query("SELECT count(*), count(conditions), count(price) FROM trades").collect().rows[0].map(
                \.text)
        }
        #expect(try counts() == ["100", "0", "100"])
        sample.append(to: store, 2..<4)
        _ = try store.flush(upTo: store.visibleOffset)
        let after = try counts()
        #expect(after[0] == "200" && after[2] == "200" && Int(after[1]) ?? 0 > 0)
        #expect(try DeltaTable.open(path)?.history(limit: 10).map(\.operation).contains("ADD COLUMNS") == true)
        #expect(
            try LakeReader(folder.path + "/lake").connect().query("SELECT count(conditions) FROM trades").collect()
                .rows[0][0].text == after[1])
        // Compacted files have the column throughout.
        let compaction = try Compaction(LakeFolder(folder.path + "/lake").open("trades"))
        for group in compaction.groups() { _ = try compaction.run(group) }
        #expect(
            try LakeReader(folder.path + "/lake").connect().query("SELECT count(conditions) FROM trades").collect()
                .rows[0][0].text == after[1])
    }
}

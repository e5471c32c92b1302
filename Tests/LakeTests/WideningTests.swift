import Databases
import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Lake

/// Columns of a table that become wider, and tables whose columns did.
@Suite struct WideningTests {
    private let folder = TemporaryFolder()
    private var path: String { folder.path + "/lake/trades" }

    /// The trades as a program before had them: whole prices, and small numbers of trades.
    private static let narrow: TableSchema = {
        let now = Tables.trades
        let columns = now.columns.map { column in
            switch column.name {
            case "trade_id", "size":
                TableSchema.Column(column.name, .int32, nullable: column.isNullable, column.summary)
            default: column
            }
        }
        return TableSchema(
            name: now.name, layer: now.layer, summary: now.summary, timeColumn: now.timeColumn, sortKey: now.sortKey,
            columns: columns)
    }()

    /// A lake of 100 trades in narrow columns, numbered from 0.
    private func makeNarrow() throws {
        let other = TemporaryFolder()
        let store = try HotStore(options(other))
        SampleSteps(seed: 3, steps: 4).append(to: store, 0..<2)
        _ = try store.flush(upTo: store.visibleOffset)
        store.close()
        let table = try DeltaTable.open(path, creating: Self.narrow)
        try FileManager.default.createDirectory(atPath: path + "/date=2026-01-31", withIntermediateDirectories: true)
        let columns = Self.narrow.columns.map {
            $0.type == .int32 ? "(\($0.name) * 10)::INTEGER AS \($0.name)" : $0.name
        }
        let connection = try Database.duckDB().connect()
        let files = try [0, 50].map { first throws -> AddFile in
            let name = "date=2026-01-31/part-test-\(first)-\(first + 49)-1.zstd.parquet"
            let rows = try ParquetFile.write(
                "SELECT \(columns.joined(separator: ", ")) FROM '\(other.path)/lake/trades/*/*.parquet' "
                    + "WHERE journal_offset BETWEEN \(first) AND \(first + 49)",
                to: path + "/" + name, on: connection)
            #expect(rows == 50)
            let size = try #require(FileManager.default.attributesOfItem(atPath: path + "/" + name)[.size] as? NSNumber)
            return AddFile(
                relativePath: name, partitionValues: ["date": "2026-01-31"], size: size.int64Value, modificationTime: 1,
                stats: #"{"numRecords":50,"minValues":{"size":1},"maxValues":{"size":1},"nullCount":{"size":0}}"#)
        }
        _ = try table.commit(add: files, transaction: .init(appId: "test/trades", version: 99))
    }

    private func figures(_ connection: Connection) throws -> [String] {
        try connection.query(
            "SELECT count(*), count(trade_id), sum(trade_id)::BIGINT, round(sum(size), 6), typeof(any_value(size)) FROM trades"
        )
        .collect().rows[0].map(\.text)
    }

    @Test func `a column becomes wider when it is asked for, and not before`() throws {
        try makeNarrow()
        let lake = try LakeFolder(folder.path + "/lake")
        let options = options(folder)
        let refused = #expect(throws: LakeError.self) { _ = try HotStore(options) }
        #expect(refused?.code == .schemaMismatch)
        #expect(refused?.message.contains("trade_id from integer to long") == true)
        #expect(refused?.message.contains("lake widen trades") == true)
        // To read it needs no leave.
        let before = try figures(LakeReader(lake.place).connect())
        #expect(before[0] == "100" && before[4] == "DOUBLE")

        let columns = ["size from integer to double", "trade_id from integer to long"]
        #expect(try lake.widen(lake.open("trades"), commits: false).sorted() == columns)
        #expect(try lake.open("trades").version == 1)
        #expect(try lake.widen(lake.open("trades")).sorted() == columns)
        #expect(try lake.widen(lake.open("trades")) == [])
        let state = try lake.open("trades").state
        #expect(
            state.versions
                == .init(
                    minReaderVersion: 3, minWriterVersion: 7, readerFeatures: ["typeWidening"],
                    writerFeatures: ["appendOnly", "invariants", "typeWidening"]))
        #expect(state.property("delta.enableTypeWidening") == "true")
        let fields = try #require(DeltaSchema.fields(state.metadata?.schemaString ?? ""))
        #expect(fields.map(\.name) == Tables.trades.columns.map(\.name) + ["date"])
        let id = try #require(fields.first { $0.name == "trade_id" })
        #expect(id.type == .primitive("long"))
        #expect(id.changes == [.init(from: .primitive("integer"), to: .primitive("long"))])
        // What columns say of themselves stays.
        #expect(state.metadata?.schemaString.contains("comment") == true)

        let store = try HotStore(options)
        #expect(try figures(store.connect()) == before)
        SampleSteps(seed: 3, steps: 4).append(to: store, 2..<4)
        _ = try store.flush(upTo: store.visibleOffset)
        let after = try figures(store.connect())
        #expect(after[0] == "200" && after[4] == "DOUBLE")
        #expect(try figures(LakeReader(lake.place).connect()) == after)
        #expect(try TableVerification(lake.open("trades")).run(reads: true).damage == [])
        // A checkpoint keeps what the table wants of readers.
        try lake.open("trades").checkpoint()
        for version in 0...2 {
            try FileManager.default.removeItem(atPath: path + "/_delta_log/0000000000000000000\(version).json")
        }
        #expect(try lake.open("trades").state.versions == state.versions)
        #expect(try figures(LakeReader(lake.place).connect()) == after)
        // Compaction writes wide columns.
        let compaction = try Compaction(lake.open("trades"))
        for group in compaction.groups() { _ = try compaction.run(group) }
        let files = try lake.open("trades").files.map { "'\(path)/\($0.relativePath)'" }.joined(separator: ", ")
        let types = try Database.duckDB().connect().query(
            "SELECT DISTINCT name, type FROM parquet_schema([\(files)]) WHERE name IN ('size', 'trade_id') ORDER BY ALL"
        ).collect().rows.map { $0.map(\.text) }
        #expect(types == [["size", "DOUBLE"], ["trade_id", "INT64"]])
        #expect(try figures(LakeReader(lake.place).connect()) == after)
        store.close()
        // Back again it does not go.
        let narrower = #expect(throws: LakeError.self) { _ = try DeltaTable.open(path, creating: Self.narrow) }
        #expect(narrower?.code == .schemaMismatch && narrower?.message.contains("lake widen") == false)
    }

    @Test func `a table that allows it becomes wider by itself`() throws {
        try makeNarrow()
        let table = try #require(try DeltaTable.open(path))
        var metadata = try #require(table.state.metadata)
        metadata.configuration = ["delta.enableTypeWidening": "true"]
        let versions = DeltaFeatures.adding("typeWidening", to: .init(minReaderVersion: 1, minWriterVersion: 2))
        #expect(try table.write([DeltaAction(protocol: versions), DeltaAction(metaData: metadata)]))
        let store = try HotStore(options(folder))
        #expect(try figures(store.connect())[4] == "DOUBLE")
        store.close()
        #expect(try table.history(limit: 1).isEmpty == false)
        #expect(try DeltaTable.open(path)?.history(limit: 1).map(\.operation) == ["CHANGE COLUMNS"])
    }

    @Test func `a change that the protocol does not know is not read`() throws {
        let place = LocalPlace(folder.path + "/odd")
        let log = folder.url.appending(path: "odd/_delta_log")
        try FileManager.default.createDirectory(at: log, withIntermediateDirectories: true)
        let schema =
            #"{\"type\":\"struct\",\"fields\":[{\"name\":\"a\",\"type\":\"string\",\"nullable\":true,\"metadata\":"#
            + #"{\"delta.typeChanges\":[{\"fromType\":\"integer\",\"toType\":\"string\"}]}}]}"#
        try Data(
            #"""
            {"protocol":{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["typeWidening"],"writerFeatures":["typeWidening"]}}
            {"metaData":{"id":"1","format":{"provider":"parquet","options":{}},"schemaString":"\#(schema)","partitionColumns":[],"configuration":{}}}
            """#.utf8
        ).write(to: log.appending(path: "00000000000000000000.json"))
        let table = try #require(try DeltaTable.open(place))
        let error = #expect(throws: LakeError.self) { _ = try DeltaRows(table).sql() }
        #expect(error?.code == .unsupported && error?.message.contains("typeWidening") == true)
    }
}

import Databases
import Foundation
import Platform
import TestKit
import Testing

@testable import Lake

/// Tables of others: read as their logs say, and written only where nothing is asked that is not heeded here.
@Suite struct StrangersTablesTests {
    private let folder = TemporaryFolder()

    /// A table of files, each with its partition and its rows as SQL.
    private func make(
        _ name: String, fields: String, partition: [String] = [],
        files: [(path: String, values: String, rows: String, more: String)],
        versions: String = #"{"minReaderVersion":1,"minWriterVersion":2}"#, properties: [String: String] = [:]
    ) throws {
        let place = folder.url.appending(path: name)
        try FileManager.default.createDirectory(
            at: place.appending(path: "_delta_log"), withIntermediateDirectories: true)
        let connection = try Database.duckDB().connect()
        var lines = ["{\"protocol\":\(versions)}"]
        let metadata = DeltaAction.Metadata(
            id: "1", format: .init(provider: "parquet"), schemaString: "{\"type\":\"struct\",\"fields\":[\(fields)]}",
            partitionColumns: partition, configuration: properties)
        lines.append(try String(decoding: JSONEncoder().encode(DeltaAction(metaData: metadata)), as: UTF8.self))
        for file in files {
            let url = place.appending(path: file.path)
            try FileManager.default.createDirectory(
                at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
            _ = try ParquetFile.write(file.rows, to: url.path, on: connection)
            let bytes = try #require(url.resourceValues(forKeys: [.fileSizeKey]).fileSize)
            lines.append(
                #"{"add":{"path":"\#(PathText.encode(file.path))","partitionValues":\#(file.values),"size":\#(bytes),"modificationTime":1,"#
                    + #""dataChange":true\#(file.more)}}"#)
        }
        try lines.joined(separator: "\n").write(
            to: place.appending(path: "_delta_log/00000000000000000000.json"), atomically: true, encoding: .utf8)
    }

    private func field(_ name: String, _ type: String, _ metadata: String = "{}") -> String {
        #"{"name":"\#(name)","type":\#(type.hasPrefix("{") ? type : "\"\(type)\""),"nullable":true,"metadata":\#(metadata)}"#
    }

    private func ask(_ sql: String) throws -> [[String]] {
        let reader = try LakeReader(LocalPlace(folder.path), for: sql)
        return try reader.connect().query(sql).collect().rows.map { row in row.map { $0 == .null ? "NULL" : $0.text } }
    }

    @Test func `the log says what partition a file is of, whatever it is called`() throws {
        try make(
            "parts", fields: [field("a", "long"), field("p", "string"), field("q", "date")].joined(separator: ","),
            partition: ["p", "q"],
            files: [
                ("p=wrong/[a]*?.parquet", #"{"p":"it's","q":"2026-01-31"}"#, "SELECT 1 AS a", ""),
                ("b c%20é.parquet", #"{"p":null,"q":null}"#, "SELECT 2::INTEGER AS a", ""),
                ("[a]b.parquet", #"{"p":"","q":""}"#, "SELECT 3 AS a, 4 AS p", ""),
                ("[a].parquet", #"{"p":"only","q":"0001-01-01"}"#, "SELECT 5 AS other", ""),
            ])
        #expect(
            try ask("SELECT * FROM parts ORDER BY a NULLS LAST") == [
                ["1", "it's", "2026-01-31"], ["2", "NULL", "NULL"], ["3", "NULL", "NULL"],
                ["NULL", "only", "0001-01-01"],
            ])
        #expect(try ask("SELECT count(*) FROM PARTS") == [["4"]])
    }

    @Test func `columns are those of the log: with its names and types, in its order`() throws {
        let mapped = #"{"delta.columnMapping.id":1,"delta.columnMapping.physicalName":"col-1"}"#
        try make(
            "mapped",
            fields: [field("what it is", "long", mapped), field("filename", "string")].joined(separator: ","),
            files: [("1.parquet", "{}", #"SELECT 'x' AS filename, 7::SMALLINT AS "col-1", 'no' AS "what it is""#, "")],
            versions: #"{"minReaderVersion":2,"minWriterVersion":5}"#, properties: ["delta.columnMapping.mode": "name"])
        #expect(try ask(#"SELECT *, typeof("what it is") FROM mapped"#) == [["7", "x", "BIGINT"]])
        let structure = #"{"type":"struct","fields":[\#(field("x", "integer")),\#(field("y", "string"))]}"#
        try make(
            "nested", fields: [field("s", structure), field("file_row_number", "double")].joined(separator: ","),
            files: [
                ("1.parquet", "{}", "SELECT {'y': 'old', 'x': 1} AS s, 0.5::FLOAT AS file_row_number", ""),
                ("2.parquet", "{}", "SELECT {'x': 2} AS s", ""),
            ])
        #expect(
            try ask("SELECT s.x, s.y, file_row_number FROM nested ORDER BY 1") == [
                ["1", "old", "0.5"], ["2", "NULL", "NULL"],
            ])
    }

    @Test func `rows that a deletion vector names do not count`() throws {
        // Rows 3, 4, 7, 11, 18 and 29.
        let vector =
            #","stats":"{\"numRecords\":40}","deletionVector":{"storageType":"i","pathOrInlineDv":"#
            + #""^Bg9^0rr910000000000iXQKl0rr91000f55c8Xg0@@D72lkbi5=-{L","sizeInBytes":44,"cardinality":6}"#
        let feature =
            #"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["deletionVectors"],"writerFeatures":["deletionVectors"]}"#
        try make(
            "fewer", fields: field("n", "long"),
            files: [
                ("1.parquet", "{}", "SELECT range AS n FROM range(40)", vector),
                ("2.parquet", "{}", "SELECT range + 100 AS n FROM range(40)", ""),
            ], versions: feature)
        #expect(try ask("SELECT count(*), sum(n) FROM fewer WHERE n < 100") == [["34", "\(780 - 72)"]])
        #expect(try ask("SELECT count(*) FROM fewer WHERE n >= 100") == [["40"]])
        let table = try LakeFolder(folder.path).open("fewer")
        #expect(DeltaTable.rows([table.files[0]]) == 34)
        #expect(try TableVerification(table).run(reads: true).rows == 74 && table.sideFiles().isEmpty)
        for refused in [
            { try table.checkpoint() }, { _ = try Vacuum(table).run() },
            {
                _ = try table.commit(add: [
                    AddFile(relativePath: "x", partitionValues: [:], size: 1, modificationTime: 1, stats: nil)
                ])
            },
        ] as [() throws -> Void] {
            let error = #expect(throws: LakeError.self) { try refused() }
            #expect(error?.code == .unsupported && error?.message.contains("deletionVectors") == true)
        }
        // The same file with other rows takes its place, in whatever order the commit says so.
        let commit =
            #"{"add":{"path":"1.parquet","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}"# + "\n"
            + #"{"remove":{"path":"1.parquet","dataChange":true,"deletionTimestamp":1"#
            + vector.replacing(#","stats":"{\"numRecords\":40}""#, with: "") + "}}\n"
        try commit.write(
            to: folder.url.appending(path: "fewer/_delta_log/00000000000000000001.json"), atomically: true,
            encoding: .utf8)
        #expect(try ask("SELECT count(*) FROM fewer") == [["80"]])
    }

    @Test func `a table that cannot be read is named when it is asked for, and keeps nobody from the others`() throws {
        try make("good", fields: field("n", "long"), files: [("1.parquet", "{}", "SELECT 1 AS n", "")])
        try make(
            "strange", fields: field("v", "variant"), files: [],
            versions:
                #"{"minReaderVersion":3,"minWriterVersion":7,"readerFeatures":["variantType"],"writerFeatures":["variantType"]}"#
        )
        try make("odd", fields: field("v", "interval year"), files: [])
        try make("outside", fields: field("n", "long"), files: [])
        let log = folder.path + "/outside/_delta_log/00000000000000000000.json"
        let more =
            #"{"add":{"path":"/etc/hostname","partitionValues":{},"size":1,"modificationTime":1,"dataChange":true}}"#
        try (String(contentsOfFile: log, encoding: .utf8) + "\n" + more).write(
            toFile: log, atomically: true, encoding: .utf8)
        #expect(try ask("SELECT * FROM good") == [["1"]])
        for (name, reason) in [("strange", "variantType"), ("odd", "interval year"), ("outside", "Permission")] {
            let error = #expect(throws: LakeError.self) { _ = try ask("SELECT 1 FROM good, \(name)") }
            #expect(
                error?.operation.hasSuffix("/" + name) == true && error?.message.contains(reason) == true,
                "\(String(describing: error))")
        }
        let names = try ask("SELECT view_name FROM duckdb_views() WHERE view_name IN ('good', 'strange', 'odd')")
        #expect(names == [["good"]])
        let usable = try LakeFolder(folder.path).usableTables(forWriting: true)
        #expect(
            Set(usable.tables.map(\.name)) == ["good", "odd", "outside"] && usable.others.map(\.name) == ["strange"])
    }

    @Test func `a log with a hole is not taken for a shorter one`() throws {
        try make("holes", fields: field("n", "long"), files: [])
        for version in [1, 3] {
            try Data("{\"commitInfo\":{}}\n".utf8).write(
                to: folder.url.appending(path: "holes/_delta_log/0000000000000000000\(version).json"))
        }
        let error = #expect(throws: LakeError.self) { _ = try DeltaTable.open(folder.path + "/holes") }
        #expect(error?.code == .corrupt && error?.message.contains("no version 2") == true)
        #expect(try DeltaTable.open(folder.path + "/holes", at: .number(1))?.version == 1)
    }

    @Test func `a table for appending only loses no rows`() throws {
        try make(
            "kept", fields: field("n", "long"), files: [("1.parquet", "{}", "SELECT 1 AS n", "")],
            properties: ["delta.appendOnly": "true"])
        let table = try LakeFolder(folder.path).open("kept")
        let file = AddFile(relativePath: "2.parquet", partitionValues: [:], size: 1, modificationTime: 1, stats: nil)
        #expect(try table.commit(add: [file]) == .committed(version: 1))
        let error = #expect(throws: LakeError.self) {
            _ = try table.commit(add: [], remove: [RemoveFile(table.files[0], dataChange: true)])
        }
        #expect(error?.message.contains("appendOnly") == true)
        // Rows may still be put into other files.
        #expect(try table.commit(add: [], remove: [RemoveFile(file, dataChange: false)]) == .committed(version: 2))
    }

    @Test func `vacuum keeps a file whose path its writer encoded in another way`() throws {
        try make("encoded", fields: field("n", "long"), files: [("é a.parquet", "{}", "SELECT 1 AS n", "")])
        let log = folder.path + "/encoded/_delta_log/00000000000000000000.json"
        try String(contentsOfFile: log, encoding: .utf8).replacing("%C3%A9%20a", with: "é a").write(
            toFile: log, atomically: true, encoding: .utf8)
        let table = try LakeFolder(folder.path).open("encoded")
        #expect(try Vacuum(table, retentionNs: -60_000_000_000).run().files == 0)
        #expect(try ask("SELECT * FROM encoded") == [["1"]])
    }
}

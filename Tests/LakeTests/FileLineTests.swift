import Databases
import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Lake

/// Files of a log that are read and written without `JSONDecoder` and `JSONEncoder`.
@Suite struct FileLineTests {
    /// Text that a log may have, by a seed.
    private struct Lines {
        var random: SeededGenerator

        mutating func pick<T>(_ values: [T]) -> T { values[Int.random(in: 0..<values.count, using: &random)] }
        mutating func isOne(in count: Int) -> Bool { Int.random(in: 0..<count, using: &random) == 0 }

        mutating func text() -> String {
            let parts = [
                "a", "date=2026-01-01/part", "\"", "\\", "/", "é", "e\u{301}", "😀", "\u{1}", "\n", "\u{7f}", "{", " ",
            ]
            return (0..<Int.random(in: 0...5, using: &random)).map { _ in pick(parts) }.joined()
        }

        /// A string as one of the forms that JSON has for it, and rarely one that it does not have.
        mutating func string(_ text: String) -> String {
            if isOne(in: 60) {
                return pick(["\"\\u00e9\"", "\"\\ud83d\\ude00\"", "\"\\ud83d\"", "\"\t\"", "\"\\x\"", "\"a", "\"\\"])
            }
            var result = "\""
            for scalar in text.unicodeScalars {
                switch scalar {
                case "\"", "\\": result += "\\\(scalar)"
                case "/": result += pick(["/", "\\/"])
                case "\n": result += "\\n"
                case _ where scalar.value < 0x20: result += String(format: "\\u%04X", Int(scalar.value))
                default: result.unicodeScalars.append(scalar)
                }
            }
            return result + "\""
        }

        mutating func space() -> String { isOne(in: 120) ? pick([" ", "\t", "  ", "\r", "\u{b}", "\u{a0}"]) : "" }

        mutating func map() -> String {
            let members = (0..<Int.random(in: 0...3, using: &random)).map { number in
                let name = isOne(in: 20) ? "date" : "\(text())\(number)"
                let value = isOne(in: 5) ? "null" : isOne(in: 30) ? pick(["1", "true", "[]", "{}"]) : string(text())
                return "\(string(name))\(space()):\(space())\(value)"
            }
            return "{" + members.joined(separator: "\(space()),\(space())") + "}"
        }

        mutating func number() -> String {
            if isOne(in: 20) {
                return pick([
                    "1.0", "1e3", "1.5", "-0", "007", "9223372036854775807", "9223372036854775808",
                    "1234567890123456789",
                    "\"1\"", "true", "-", "",
                ])
            }
            return "\(Int64.random(in: -1_000_000_000_000...1_000_000_000_000, using: &random))"
        }

        mutating func boolean() -> String {
            isOne(in: 30) ? pick(["0", "\"true\"", "truer", "True"]) : pick(["true", "false"])
        }

        static let vector = #"{"storageType":"i","pathOrInlineDv":"ab","sizeInBytes":3,"cardinality":1}"#

        mutating func line() -> String {
            let kind = isOne(in: 30) ? pick(["txn", "ADD", ""]) : pick(["add", "remove"])
            var members = [
                ("path", string(text())), ("partitionValues", map()), ("size", number()), ("dataChange", boolean()),
                ("modificationTime", number()),
            ]
            if isOne(in: 2) { members.append(("stats", string("{\"numRecords\":3,\"minValues\":{\"\(text())\":1}}"))) }
            if isOne(in: 3) { members.append(("tags", map())) }
            if isOne(in: 2) { members.append(("deletionTimestamp", number())) }
            if isOne(in: 2) { members.append(("extendedFileMetadata", boolean())) }
            if isOne(in: 8) {
                let value = pick(["null", "1", "{\"a\":[1]}", Self.vector])
                members.append((pick(["deletionVector", "baseRowId", "unknown"]), value))
            }
            if isOne(in: 15) { members.append(pick(members)) }
            if isOne(in: 15) { members.remove(at: Int.random(in: 0..<members.count, using: &random)) }
            for place in members.indices where isOne(in: 30) { members[place].1 = "null" }
            members.shuffle(using: &random)
            let list = members.map { "\"\($0.0)\"\(space()):\(space())\($0.1)" }.joined(
                separator: "\(space()),\(space())")
            let text = "\(space()){\"\(kind)\":{\(list)}\(isOne(in: 40) ? ",\"txn\":null" : "")}\(space())"
            return isOne(in: 40) ? String(text.dropLast(Int.random(in: 1...9, using: &random))) : text
        }
    }

    /// All that an action says, for comparing.
    private func written(_ action: DeltaAction) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(action), as: UTF8.self)
    }

    private func decoded(_ line: [UInt8]) -> DeltaAction? {
        try? JSONDecoder().decode(DeltaAction.self, from: Data(line))
    }

    @Test(arguments: 1...4 as ClosedRange<UInt64>)
    func `lines that are read fast are read as JSONDecoder reads them, and faults are left to it`(seed: UInt64) throws {
        var lines = Lines(random: SeededGenerator(seed: seed))
        var reader = FileLineReader()
        var fast = 0, faults = 0
        for _ in 0..<2000 {
            let text = lines.line()
            var line = Array(text.utf8)
            // Now and then a byte that is not UTF-8, or not there.
            if lines.isOne(in: 40) { line[Int.random(in: 0..<line.count, using: &lines.random)] = 0xff }
            let found = reader.action(line.span, 0..<line.count)
            let expected = decoded(line)
            if expected == nil { faults += 1 }
            guard let found else { continue }
            fast += 1
            let same = try #require(expected, "\(text)")
            #expect(try written(found).utf8.elementsEqual(written(same).utf8), "\(text)")
        }
        #expect(fast > 300 && faults > 200, "\(fast) of them were read fast, and \(faults) are none")
    }

    @Test func `what writers make is read fast`() throws {
        let lines = [
            #"{"add":{"path":"a","partitionValues":{"date":"2026-01-01"},"size":1,"modificationTime":2,"dataChange":true,"stats":"{\"numRecords\":1}"}}"#,
            #"{"add":{"path":"a","partitionValues":{},"size":1,"modificationTime":2,"dataChange":true,"stats":null,"tags":null,"deletionVector":null,"baseRowId":null,"defaultRowCommitVersion":null,"clusteringProvider":null}}"#,
            #"{"remove":{"path":"a","deletionTimestamp":1,"dataChange":true,"extendedFileMetadata":true,"partitionValues":{"date":null},"size":1}}"#,
        ]
        for line in lines {
            var reader = FileLineReader()
            let bytes = Array(line.utf8)
            let action = reader.action(bytes.span, 0..<bytes.count)
            let (found, expected) = (try #require(action, "\(line)"), try #require(decoded(bytes)))
            #expect(try written(found) == written(expected))
        }
    }

    @Test func `files are written so that JSONDecoder reads the same`() throws {
        var lines = Lines(random: SeededGenerator(seed: 7))
        for _ in 0..<500 {
            var add = AddFile(
                relativePath: lines.text(), partitionValues: [lines.text(): lines.isOne(in: 3) ? nil : lines.text()],
                size: .random(in: .min ... .max, using: &lines.random), modificationTime: 5,
                dataChange: lines.isOne(in: 2), stats: lines.isOne(in: 3) ? nil : lines.text())
            add.path = lines.text()
            add.tags = lines.isOne(in: 2) ? nil : [lines.text(): lines.text(), "b": nil]
            if lines.isOne(in: 3) {
                add.deletionVector = try JSONDecoder().decode(
                    DeletionVectorReference.self, from: Data(Lines.vector.utf8))
            }
            var remove = RemoveFile(add, dataChange: lines.isOne(in: 2))
            if lines.isOne(in: 2) { remove.deletionTimestamp = nil }
            if lines.isOne(in: 2) {
                (remove.extendedFileMetadata, remove.size, remove.partitionValues) = (nil, nil, nil)
            }
            for action in [DeltaAction(add: add), DeltaAction(remove: remove)] {
                let bytes = DeltaLog.lines([action])
                #expect(bytes.last == UInt8(ascii: "\n") && !bytes.dropLast().contains(UInt8(ascii: "\n")))
                let again = try #require(decoded(bytes))
                #expect(try written(again).utf8.elementsEqual(written(action).utf8))
                #expect(try DeltaLog.actions(bytes, "log").map(written) == [written(action)])
            }
        }
    }

    @Test func `members of files that are read and written by hand are all that there are`() {
        let add = AddFile(relativePath: "", partitionValues: [:], size: 0, modificationTime: 0, stats: nil)
        #expect(
            Mirror(reflecting: add).children.compactMap(\.label) == [
                "path", "partitionValues", "size", "modificationTime", "dataChange", "stats", "tags",
                "deletionVector",
            ])
        #expect(
            Mirror(reflecting: RemoveFile(path: "", deletionTimestamp: 0, dataChange: true)).children.compactMap(
                \.label)
                == [
                    "path", "deletionTimestamp", "dataChange", "extendedFileMetadata", "partitionValues", "size",
                    "deletionVector",
                ])
    }

    @Test func `paths are encoded and decoded byte by byte`() {
        for text in ["date=2026-01-01/part-a_b~.parquet", "a b/ä%😀", "", "%", "100%", "%2", "a%zzb"] {
            #expect(PathText.decode(PathText.encode(text)) == text)
        }
        #expect(PathText.encode("a b%ä") == "a%20b%25%C3%A4")
        #expect(PathText.decode("a%20b%c3%A4%zz%2") == "a bä%zz%2")
    }

    /// Checkpoints as others may write them: columns of a row, and of those rows.
    private static let checkpoints = [
        // All that is known, with values missing.
        """
        SELECT {'path': 'p' || i, 'partitionValues': MAP {'date': CASE WHEN i % 3 > 0 THEN 'd' || i % 4 END}, 'size': i,
        'modificationTime': 5, 'dataChange': i % 2 = 0, 'stats': CASE WHEN i % 5 > 0 THEN '{"numRecords":' || i || '}' END,
        'tags': CASE WHEN i % 7 = 0 THEN MAP {'a': 'b', 'c': NULL} END} AS add,
        NULL::STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, size BIGINT) AS remove FROM range(5000) t(i)
        """,
        // Other widths of integers; members that nobody here knows, on some rows.
        """
        SELECT {'path': 'p' || i, 'partitionValues': MAP {}::MAP(VARCHAR, VARCHAR), 'size': i::INTEGER,
        'modificationTime': 5::SMALLINT, 'dataChange': true, 'stats_parsed': {'numRecords': i, 'at': DATE '2026-01-01'},
        'deletionVector': CASE WHEN i % 50 = 0 THEN {'storageType': 'u', 'pathOrInlineDv': 'v' || i, 'offset': 4,
        'sizeInBytes': 8, 'cardinality': 2} END} AS add,
        NULL::STRUCT(path VARCHAR, dataChange BOOLEAN) AS remove FROM range(300) t(i)
        """,
        // Types that the columns should not have, but whose values are the same.
        """
        SELECT {'path': 'p' || i, 'partitionValues': {'date': 'd' || i}, 'size': i::UBIGINT, 'modificationTime': 5::DOUBLE,
        'dataChange': true} AS add, NULL::STRUCT(path VARCHAR, dataChange BOOLEAN) AS remove FROM range(30) t(i)
        """,
        // Nothing was removed, and nobody wrote a column for it.
        """
        SELECT {'path': 'p' || i, 'partitionValues': MAP {'date': 'd'}, 'size': i, 'modificationTime': 5, 'dataChange': true}
        AS add FROM range(30) t(i)
        """,
        // Both kinds in turn.
        """
        SELECT CASE WHEN i % 2 = 0 THEN {'path': 'p' || i, 'partitionValues': MAP {'date': 'd'}, 'size': i,
        'modificationTime': 5, 'dataChange': true} END AS add, CASE WHEN i % 2 = 1 THEN {'path': 'p' || i,
        'deletionTimestamp': i, 'dataChange': false, 'extendedFileMetadata': true, 'partitionValues': MAP {'date': 'd'},
        'size': i} END AS remove FROM range(5000) t(i)
        """,
    ]

    @Test(arguments: checkpoints)
    func `a checkpoint's columns say what the same rows say as JSON`(query: String) throws {
        let folder = TemporaryFolder()
        let log = DeltaLog(place: LocalPlace(folder.path))
        try FileManager.default.createDirectory(atPath: folder.path + "/_delta_log", withIntermediateDirectories: true)
        let path = folder.path + "/_delta_log/00000000000000000004.checkpoint.parquet"
        let connection = try Database.duckDB().connect()
        let other = """
            SELECT {'minReaderVersion': 1, 'minWriterVersion': 2} AS protocol,
            {'id': 'x', 'format': {'provider': 'parquet'}, 'schemaString': '{}', 'partitionColumns': ['date'],
            'configuration': MAP {'a': 'b'}} AS metaData, {'appId': 'a', 'version': 7} AS txn
            """
        _ = try ParquetFile.write("(\(query)) UNION ALL BY NAME (\(other))", to: path, on: connection)
        let rows = try connection.query("SELECT to_json(c)::VARCHAR FROM '\(path)' c").collect().rows
        let expected = try rows.map { row in
            let action = try #require(decoded(Array(row[0].text.utf8)))
            return try written(action)
        }
        var found: [DeltaAction] = []
        try log.checkpoint(4) { (action) throws(LakeError) in found.append(action) }
        #expect(try found.map(written) == expected && found.count > 30)
        #expect(found.last?.txn?.version == 7 && found.last?.metaData?.configuration == ["a": "b"])
    }

    @Test func `a checkpoint whose files lack what they must have is corrupt`() throws {
        let folder = TemporaryFolder()
        let log = DeltaLog(place: LocalPlace(folder.path))
        try FileManager.default.createDirectory(atPath: folder.path + "/_delta_log", withIntermediateDirectories: true)
        let path = folder.path + "/_delta_log/00000000000000000004.checkpoint.parquet"
        let connection = try Database.duckDB().connect()
        for member in ["'size': NULL::BIGINT", "'other': 1", "'size': 'large'"] {
            let query = """
                SELECT {'path': 'p', 'partitionValues': MAP {'date': 'd'}, 'modificationTime': 5, 'dataChange': true,
                \(member)} AS add, NULL::STRUCT(path VARCHAR, dataChange BOOLEAN) AS remove
                """
            _ = try ParquetFile.write(query, to: path, on: connection)
            let error = #expect(throws: LakeError.self) { try log.checkpoint(4) { _ in } }
            #expect(error?.code == .corrupt && error?.operation == path)
        }
    }
}

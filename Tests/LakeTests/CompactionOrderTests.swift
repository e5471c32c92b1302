import Databases
import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Lake

/// Compaction against a database that sorts the same files.
@Suite struct CompactionOrderTests {
    private static let partition = "2026-01-31"
    private static let start = Timestamp(rfc3339: "2026-01-31T00:00:00Z")!.nanoseconds
    private let folder = TemporaryFolder()

    /// A table with files of ours, which overlap at random, and of others among them.
    private struct Sample {
        let schema: TableSchema
        let table: DeltaTable
        let folder: String
        var random: SeededGenerator
        let texts: [String: StringDictionary]
        var isSortedByTime: Bool { schema.sortKey.contains(schema.timeColumn) }

        init(_ schema: TableSchema, seed: UInt64, _ folder: String) throws {
            self.schema = schema
            self.folder = "\(folder)/\(schema.name)"
            table = try DeltaTable.open(self.folder, creating: schema)
            random = SeededGenerator(seed: seed)
            var texts: [String: StringDictionary] = [:]
            for column in schema.storedColumns where column.type == .string && !column.isFreeText {
                let values = [
                    "", "b", "Å", "z", "\u{1F600}", "ab", "Z", String(repeating: "long", count: 30),
                ]
                texts[column.name] = StringDictionary(values: values.shuffled(using: &random))
            }
            self.texts = texts
        }

        private mutating func column(_ column: TableSchema.Column, rows: Int, firstOffset: Int) -> ArrowColumn {
            func isMissing() -> Bool { column.isNullable && Int.random(in: 0..<3, using: &random) == 0 }
            func make<T>(_ value: () -> T) -> Column<T> {
                let column = Column<T>(capacity: rows)
                for _ in 0..<rows { column.append(value()) }
                return column
            }
            let values: ArrowColumn.Values
            switch column.type {
            case .int64 where column.name == "journal_offset":
                var offset = Int64(firstOffset)
                values = .int64(
                    make {
                        offset += 1
                        return offset
                    })
            case .int64 where column.name == schema.timeColumn && isSortedByTime:
                values = .int64(make { start + Int64.random(in: 0..<500, using: &random) * 1_000_001 })
            case .int64 where column.name == schema.timeColumn:
                // As messages come: chunks of such a table are stretches of time.
                var time = start + Int64(firstOffset) * 1_000_000
                values = .int64(
                    make {
                        time += Int64.random(in: 0...1_000_000, using: &random)
                        return time
                    })
            case .timestamp, .int64, .decimal:
                values = .int64(make { isMissing() ? .min : Int64.random(in: -1000...1_000_000_000, using: &random) })
            case .date, .int32:
                values = .int32(make { isMissing() ? .min : Int32.random(in: 0...20_000, using: &random) })
            case .float64:
                let some = [Double.nan, 0, -0.0, .infinity, 1.5, 2.25]
                values = .float64(make { isMissing() ? .nan : some.randomElement(using: &random)! })
            case .boolean: values = .boolean(make { UInt8.random(in: 0...1, using: &random) })
            case .string where !column.isFreeText:
                let dictionary = texts[column.name]!
                let count = UInt32(dictionary.values.count)
                values = .dictionary(
                    indices: make {
                        isMissing() ? ArrowColumn.missingIndex : UInt32.random(in: 0..<count, using: &random)
                    }, dictionary)
            case .string, .binary:
                let (offsets, bytes) = (Column<Int64>(), Column<UInt8>())
                offsets.append(0)
                for row in 0..<rows {
                    let text = String(repeating: "é\(row)", count: Int.random(in: 0..<20, using: &random))
                    for byte in text.utf8 { bytes.append(byte) }
                    if column.type == .binary { bytes.append(0xff) }
                    offsets.append(Int64(bytes.count))
                }
                values =
                    column.type == .binary
                    ? .binary(offsets: offsets, bytes: bytes) : .text(offsets: offsets, bytes: bytes)
            }
            return ArrowColumn(column.name, values, nullable: column.isNullable)
        }

        /// Writes a file as a flush does.
        mutating func addFile(rows: Int, firstOffset: Int, groupRows: Int) throws -> AddFile {
            let columns = schema.storedColumns.map { column($0, rows: rows, firstOffset: firstOffset) }
            let parts = [HotPart(columns: columns, rows: 0..<rows)]
            let order = RowOrder()
            order.fill(parts, timeColumn: schema.timeColumn, spanNs: .min ..< .max)
            order.sort(parts, by: SortKey(schema))
            let buffer = RowGroupBuffer(schema, like: columns, rowsMax: groupRows)
            let name = PartName(writer: "w", firstOffset: Int64(firstOffset + 1), lastOffset: Int64(firstOffset + rows))
            let path = "\(schema.partition.column)=\(partitionValue)/\(name.final)"
            try DurableFile.makeFolder("\(folder)/\(schema.partition.column)=\(partitionValue)")
            let file = try ParquetFileWriter(
                path: "\(folder)/\(path)", columns: schema.columns.map { ParquetColumn($0) })
            var first = 0
            while first < order.count {
                let taken = buffer.take(order, from: first, of: parts)
                try file.append(rows: taken) { buffer.column($0) }
                first += taken
            }
            return AddFile(
                relativePath: path, partitionValues: [schema.partition.column: partitionValue],
                size: try file.finish().bytes, modificationTime: 0, stats: "{\"numRecords\":\(rows)}")
        }

        private var partitionValue: String { schema.partition == .month ? "2026-01-01" : partition }

        /// The rows of a file in another order, as another program writes them.
        mutating func addOther(_ file: AddFile) throws -> AddFile {
            let from = table.urls([file])[0]
            let path =
                "\(schema.partition.column)=\(partitionValue)/\(UInt32.random(in: 0 ... .max, using: &random)).parquet"
            let names = schema.columns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
            try Database.duckDB().connect().execute(
                """
                COPY (SELECT \(names) FROM read_parquet('\(from)', file_row_number = true) \
                ORDER BY hash(file_row_number)) TO '\(folder)/\(path)'
                """)
            return AddFile(
                relativePath: path, partitionValues: file.partitionValues,
                size: try File("\(folder)/\(path)", .read).size, modificationTime: 0, stats: file.stats)
        }
    }

    private func rows(_ sql: String) throws -> [String] {
        try Database.duckDB().connect().query(sql).collect().rows.map { "\($0)" }
    }

    /// Rows of files in the order in which the table wants them.
    private func expected(_ schema: TableSchema, _ urls: [String]) throws -> [String] {
        let texts = schema.storedColumns.filter { $0.type == .string }.map(\.name)
        var keys = schema.sortKey.prefix { texts.contains($0) }.map { "\(SQLText.identifier($0)) NULLS LAST" }
        if schema.sortKey.contains(schema.timeColumn) { keys.append(schema.timeColumn) }
        let list = urls.map(SQLText.literal).joined(separator: ", ")
        return try rows(
            """
            SELECT \(Self.selection(schema)) FROM read_parquet([\(list)], filename = true, file_row_number = true) \
            ORDER BY \((keys + ["list_position([\(list)], filename)", "file_row_number"]).joined(separator: ", "))
            """)
    }

    private static func selection(_ schema: TableSchema) -> String {
        schema.columns.map { column in
            let name = SQLText.identifier(column.name)
            return column.type == .float64 ? "CASE WHEN signbit(\(name)) THEN '-' ELSE '+' END || \(name)" : name
        }.joined(separator: ", ")
    }

    // The whole group in memory at once, and chunks of some hundred and some dozen rows.
    @Test(arguments: 0..<12 as Range<UInt64>, [1 << 30, 60_000, 4000] as [Int64])
    func `rows of overlapping files, of ours and of others, come out as a database sorts them`(
        seed: UInt64, memoryBytes: Int64
    ) throws {
        var random = SeededGenerator(seed: seed &* 31)
        let tables = [
            Tables.trades, Tables.quotes, Tables.bars, Tables.deadLetters, Tables.controlRecords, Tables.frames,
        ]
        let schema = tables[Int(seed) % tables.count]
        var sample = try Sample(schema, seed: seed, folder.path)
        var files: [AddFile] = []
        var offset = 0
        for _ in 0..<Int.random(in: 2...9, using: &random) {
            let rows = Int.random(in: 1...400, using: &random)
            var file = try sample.addFile(
                rows: rows, firstOffset: offset, groupRows: Int.random(in: 1...300, using: &random))
            offset += rows
            if sample.isSortedByTime, Int.random(in: 0..<5, using: &random) == 0 { file = try sample.addOther(file) }
            files.append(file)
        }
        _ = try sample.table.commit(add: files)
        var options = Compaction.Options()
        options.rowGroupRows = 257
        options.memoryBytes = memoryBytes
        options.threads = 1 + Int(seed % 3)
        let compaction = try Compaction(sample.table, options)
        let group = Compaction.Group(partition: sample.table.partition(files[0]), files: sample.table.files)
        let sources = group.files.sorted { ($0.partName?.firstOffset ?? 0) < ($1.partName?.firstOffset ?? 0) }
        let wanted = try expected(schema, sample.table.urls(sources))
        var progress: Int64 = 0
        let outcome = try #require(
            try compaction.run(group) { rows in
                progress += rows
                return true
            })
        #expect(outcome.rows == Int64(offset) && progress == Int64(offset))
        let file = try #require(sample.table.files.first)
        let found = try rows(
            "SELECT \(Self.selection(schema)) FROM read_parquet('\(sample.table.urls([file])[0])', file_row_number = true) ORDER BY file_row_number"
        )
        #expect(found.count == wanted.count)
        if let row = wanted.indices.first(where: { $0 < found.count && found[$0] != wanted[$0] }) {
            Issue.record("\(schema.name) row \(row): \(found[row]), expected \(wanted[row])")
        }
    }

    @Test func `a compaction can be stopped between files, of ours and of others`() throws {
        for isOther in [false, true] {
            var sample = try Sample(Tables.trades, seed: 3, folder.path + "/\(isOther)")
            var files: [AddFile] = []
            for number in 0..<4 {
                files.append(try sample.addFile(rows: 100, firstOffset: number * 100, groupRows: 50))
            }
            if isOther { for place in files.indices { files[place] = try sample.addOther(files[place]) } }
            _ = try sample.table.commit(add: files)
            let compaction = try Compaction(sample.table)
            #expect(try compaction.run(compaction.groups()[0]) { _ in false } == nil)
            #expect(sample.table.files.count == 4)
        }
    }

    @Test func `damage in a file of ours is said as the database says it`() throws {
        var sample = try Sample(Tables.trades, seed: 4, folder.path)
        let files = [
            try sample.addFile(rows: 5000, firstOffset: 0, groupRows: 5000),
            try sample.addFile(rows: 5000, firstOffset: 5000, groupRows: 5000),
        ]
        _ = try sample.table.commit(add: files)
        let path = sample.table.urls(files)[1]
        let file = try File(path, .write)
        // Heads of pages are in it: values alone could be others without anybody noticing.
        try file.write([UInt8](repeating: 0xaa, count: 40_000), at: 600)
        let compaction = try Compaction(sample.table)
        let error = #expect(throws: LakeError.self) { try compaction.run(compaction.groups()[0]) }
        #expect(error?.code == .database || error?.code == .io)
        #expect(sample.table.files.count == 2)
    }
}

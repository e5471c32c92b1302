import Foundation
@testable import Lake
import Market
import Platform

/// Files of Parquet that say that Tapedeck wrote them.
struct ParquetFuzzer: FuzzTarget {
    static let name = "parquet"
    /// What a few bytes may say that there is.
    private static let rowsMax: Int64 = 1 << 17
    private static let schema = TableSchema(
        name: "sample", layer: .bronze, summary: "row", timeColumn: "number", sortKey: ["text"],
        columns: [
            .init("number", .int64, "value"), .init("amount", .decimal(scale: 2), nullable: true, "value"),
            .init("moment", .timestamp, "value"), .init("count", .int32, nullable: true, "value"),
            .init("price", .float64, nullable: true, "value"), .init("flag", .boolean, "value"),
            .init("text", .string, nullable: true, "value"), .init("detail", .string, freeText: true, "value"),
            .init("payload", .binary, "value"),
        ])
    private static var columns: [ParquetColumn] { schema.columns.map { ParquetColumn($0) } }

    private let path = FileManager.default.temporaryDirectory.path + "/fuzz-\(getpid()).parquet"

    func run(_ input: [UInt8]) {
        guard FileManager.default.createFile(atPath: path, contents: Data(input)),
            let file = try? ParquetFileReader(path, columns: Self.columns), file.rows <= Self.rowsMax
        else { return }
        let all = file.rowGroups.map { 0..<$0.rows }
        guard let whole = read(file, all) else { return }
        require(whole.rows == Int(file.rows), "\(whole.rows) rows of \(file.rows)")
        require(read(file, all)?.text == whole.text, "not the same when it is read again")
        // The middle alone: pages are left out that may be damaged, so that it can be read, too.
        let middles = all.map { $0.count / 3..<$0.count - $0.count / 3 }
        require(read(file, middles) != nil, "a part cannot be read, and the whole can")
    }

    private func read(_ file: ParquetFileReader, _ rows: [Range<Int>]) -> (rows: Int, text: String)? {
        let texts = StoredParts.texts(Self.schema)
        let parts = StoredParts(Self.schema, texts)
        let places = Array(Self.columns.indices)
        // Hardly any input would get past checksums.
        guard (try? RowDecoder(checks: false).append(file, places: places, rows: rows, to: parts)) != nil else {
            return nil
        }
        var hash = UInt64(0)
        func add(_ value: some FixedWidthInteger) {
            hash = (hash ^ UInt64(truncatingIfNeeded: value)) &* 0x100_0000_01b3
        }
        for part in StoredParts.hotParts([parts], texts) {
            for column in part.columns {
                switch column.values {
                case .int64(let values): for row in part.rows { add(values[row]) }
                case .int32(let values): for row in part.rows { add(values[row]) }
                case .float64(let values): for row in part.rows { add(values[row].bitPattern) }
                case .boolean(let values): for row in part.rows { add(values[row]) }
                case .dictionary8: break
                case .dictionary(let indices, let dictionary):
                    for row in part.rows {
                        let isMissing = indices[row] == ArrowColumn.missingIndex
                        require(isMissing || Int(indices[row]) < dictionary.values.count, "a text that is not there")
                        add(indices[row])
                    }
                case .binary(let offsets, let bytes), .text(let offsets, let bytes):
                    for row in part.rows { for place in offsets[row]..<offsets[row + 1] { add(bytes[Int(place)]) } }
                }
            }
        }
        return (parts.rows, "\(hash)")
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        try [1, 3, 40, 200].flatMap { rows in
            try [64, 128].map { pageRows in try seed(rows: rows, pageRows: pageRows) }
        }
    }

    private static func seed(rows: Int, pageRows: Int) throws -> [UInt8] {
        func make<T>(_ value: (Int) -> T) -> Column<T> {
            let column = Column<T>()
            for row in 0..<rows { column.append(value(row)) }
            return column
        }
        let offsets = Column<Int64>(), bytes = Column<UInt8>()
        offsets.append(0)
        for row in 0..<rows {
            bytes.append(utf8: String(repeating: "x", count: row % 3))
            offsets.append(Int64(bytes.count))
        }
        let values: [ArrowColumn.Values] = [
            .int64(make { Int64($0) * 1_000_003 }), .int64(make { $0 % 5 == 0 ? .min : Int64($0 % 4) << 33 }),
            .int64(make { Int64($0 / 7) }), .int32(make { $0 % 3 == 0 ? .min : Int32($0) }),
            .float64(make { $0 % 2 == 0 ? .nan : Double($0 % 4) }), .boolean(make { UInt8($0 % 2) }),
            .dictionary(
                indices: make { $0 % 4 == 0 ? ArrowColumn.missingIndex : UInt32($0 % 3) },
                StringDictionary(values: ["a", "", "bc"])),
            .text(offsets: offsets, bytes: bytes), .binary(offsets: offsets, bytes: bytes),
        ]
        let path = FileManager.default.temporaryDirectory.path + "/seed-\(getpid()).parquet"
        let file = try ParquetFileWriter(path: path, columns: columns, options: .init(pageRows: pageRows))
        try file.append(zip(columns, values).map { ArrowColumn($0.name, $1, nullable: $0.isNullable) }, rows: rows)
        _ = try file.finish()
        return [UInt8](try Data(contentsOf: URL(filePath: path)))
    }
}

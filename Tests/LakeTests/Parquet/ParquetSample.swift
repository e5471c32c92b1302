import Foundation
import Market
import Platform
import TestKit

@testable import Lake

/// Rows for the writer, and beside them, made without it, what a reader must find.
struct ParquetSample {
    /// A value as text: integers and times in digits, doubles as their bits, texts and bytes in hexadecimal.
    typealias Expected = [String?]

    var columns: [ParquetColumn] = []
    var values: [ArrowColumn] = []
    var expected: [Expected] = []
    let rows: Int

    init(rows: Int) { self.rows = rows }

    mutating func add(
        _ name: String, _ type: TableSchema.ColumnType, nullable: Bool = false, _ values: ArrowColumn.Values,
        _ expected: Expected
    ) {
        precondition(expected.count == rows, "a sample has a value for each row")
        columns.append(ParquetColumn(name: name, type: type, isNullable: nullable))
        self.values.append(ArrowColumn(name, values, nullable: nullable))
        self.expected.append(expected)
    }

    mutating func add(
        _ name: String, _ type: TableSchema.ColumnType = .int64, nullable: Bool = false, int64s numbers: [Int64]
    ) {
        let texts = numbers.map { nullable && $0 == ArrowColumn.missingInt64 ? nil : "\($0)" }
        add(name, type, nullable: nullable, .int64(column(numbers)), texts)
    }

    mutating func add(
        _ name: String, _ type: TableSchema.ColumnType = .int32, nullable: Bool = false, int32s numbers: [Int32]
    ) {
        let texts = numbers.map { nullable && $0 == Int32.min ? nil : "\($0)" }
        add(name, type, nullable: nullable, .int32(column(numbers)), texts)
    }

    mutating func add(_ name: String, nullable: Bool = false, doubles numbers: [Double]) {
        let texts = numbers.map { nullable && $0.isNaN ? nil : "\($0.bitPattern)" }
        add(name, .float64, nullable: nullable, .float64(column(numbers)), texts)
    }

    mutating func add(_ name: String, flags: [Bool]) {
        add(name, .boolean, .boolean(column(flags.map { $0 ? 1 : 0 })), flags.map { $0 ? "1" : "0" })
    }

    /// - Parameter indices: nil is missing.
    mutating func add(_ name: String, nullable: Bool = false, _ indices: [Int?], of texts: [String]) {
        let numbers = indices.map { $0.map { UInt32($0) } ?? ArrowColumn.missingIndex }
        let dictionary = StringDictionary(values: texts)
        let expected = indices.map { $0.map { Self.hex(Array(texts[$0].utf8)) } }
        add(name, .string, nullable: nullable, .dictionary(indices: column(numbers), dictionary), expected)
    }

    mutating func addSmall(_ name: String, nullable: Bool = false, _ indices: [Int?], of texts: [String]) {
        let numbers = indices.map { $0.map { UInt8($0) } ?? ArrowColumn.missingIndex8 }
        let dictionary = StringDictionary(values: texts)
        let expected = indices.map { $0.map { Self.hex(Array(texts[$0].utf8)) } }
        add(name, .string, nullable: nullable, .dictionary8(indices: column(numbers), dictionary), expected)
    }

    /// - Parameter isText: the bytes are UTF-8 and the column is of texts.
    mutating func add(_ name: String, bytes values: [[UInt8]], isText: Bool = false) {
        var offsets: [Int64] = [3]  // offsets need not start at 0
        for value in values { offsets.append(offsets[offsets.count - 1] + Int64(value.count)) }
        let all = column([1, 2, 3] + values.flatMap { $0 })
        add(
            name, isText ? .string : .binary,
            isText ? .text(offsets: column(offsets), bytes: all) : .binary(offsets: column(offsets), bytes: all),
            values.map(Self.hex))
    }

    func column<Element>(_ values: [Element]) -> Column<Element> {
        let column = Column<Element>(capacity: values.count)
        for value in values { column.append(value) }
        return column
    }

    static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
    }

    /// Writes the sample as a file of one row group.
    @discardableResult
    func write(_ path: String, _ options: ParquetFileWriter.Options = .init()) throws -> ParquetFileReport {
        let writer = try ParquetFileWriter(path: path, columns: columns, options: options)
        try writer.append(values, rows: rows)
        return try writer.finish()
    }
}

extension ParquetSample {
    /// All types and shapes of values from one seed.
    init(seed: UInt64, rows: Int) {
        self.init(rows: rows)
        var random = SeededGenerator(seed: seed)
        func make<T>(_ value: (Int) -> T) -> [T] { (0..<rows).map(value) }
        let gaps = Int.random(in: 1...80, using: &random)
        func isMissing() -> Bool { Int.random(in: 0..<gaps, using: &random) == 0 }
        let base = Int64.random(in: -1 << 50...1 << 50, using: &random)
        let bits = Int.random(in: 0...63, using: &random)
        func noise() -> Int64 { Int64(truncatingIfNeeded: random.next() >> UInt64(63 - bits)) }
        add("constant", int64s: [Int64](repeating: base, count: rows))
        add("steps", int64s: make { base + Int64($0) * 1_000_000 })
        add("noise", int64s: make { _ in noise() })
        add("noise_null", nullable: true, int64s: make { _ in isMissing() ? .min : noise() })
        add("extremes", int64s: make { _ in [Int64.min, .max, 0, -1, 1].randomElement(using: &random)! })
        add("few", int64s: make { _ in [5, 1 << 40, -77, 1 << 61].randomElement(using: &random)! })
        add("time", .timestamp, int64s: make { 1_767_225_600_000_000 + Int64($0 * 997 % 5_000_000) })
        add("time_null", .timestamp, nullable: true, int64s: make { isMissing() ? .min : Int64($0 / 3) * 60_000_000 })
        add("small", int32s: make { _ in Int32.random(in: 0..<10, using: &random) })
        add(
            "small_null", nullable: true,
            int32s: make { _ in isMissing() ? .min : Int32.random(in: -3..<3, using: &random) })
        add("integers", int32s: make { _ in Int32(truncatingIfNeeded: random.next()) })
        add("days", .date, int32s: make { Int32(20_000 + $0 / 100) })
        add("prices", doubles: make { _ in Double(Int.random(in: 100...300, using: &random)) / 100 })
        add(
            "prices_null", nullable: true,
            doubles: make { _ in isMissing() ? .nan : Double.random(in: 0...1, using: &random) })
        let special = [Double.nan, .infinity, -.infinity, -0.0, 0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude]
        add("special", doubles: make { _ in special.randomElement(using: &random)! })
        add("doubles", doubles: make { _ in Double(bitPattern: random.next() & ~(1 << 62)) })
        add("flags", flags: make { _ in Bool.random(using: &random) })
        add("runs", flags: make { $0 / 1000 % 2 == 0 })
        let texts = ["", "a", "ÅÄÖ", "long " + String(repeating: "x", count: 500), "b\u{0}c", "A\u{30A}", "Å", "a"]
        add("text", make { _ in Optional(Int.random(in: 0..<texts.count, using: &random)) }, of: texts)
        add("text_null", nullable: true, make { _ in isMissing() ? nil : Optional(1) }, of: texts)
        add("text_sorted", nullable: true, make { $0 < rows / 3 ? nil : Optional($0 * 8 / rows) }, of: texts)
        addSmall(
            "side", nullable: true, make { _ in isMissing() ? nil : Optional(Int.random(in: 0...1, using: &random)) },
            of: ["buy", "sell"])
        add("none", nullable: true, int64s: [Int64](repeating: .min, count: rows))
        add("none_double", nullable: true, doubles: [Double](repeating: .nan, count: rows))
        add("none_text", nullable: true, [Int?](repeating: nil, count: rows), of: texts)
        add("detail", bytes: make { Array("line \($0 % 7) é".utf8) }, isText: true)
        add(
            "payload",
            bytes: make { _ in
                (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
            })
        add("empty", bytes: [[UInt8]](repeating: [], count: rows))
    }
}

internal import Market
internal import Platform

/// Columns of a table cut into row groups.
struct ParquetBenchTable {
    let columns: [ParquetColumn]
    let groups: [(columns: [ArrowColumn], rows: Int)]

    init(columns: [ParquetColumn], groups: [(columns: [ArrowColumn], rows: Int)]) {
        self.columns = columns
        self.groups = groups
    }

    /// All columns of a table.
    init(_ schema: TableSchema, _ values: [ArrowColumn], rows: Int, groupRows: Int) {
        let groups = stride(from: 0, to: rows, by: groupRows).map { start in
            let range = start..<min(rows, start + groupRows)
            return (values.map { ArrowColumn($0.name, $0.values.copied(range), nullable: $0.isNullable) }, range.count)
        }
        self.init(columns: schema.columns.map(ParquetColumn.init), groups: groups)
    }

    func write(_ path: String) throws(LakeError) -> ParquetFileReport {
        let writer = try ParquetFileWriter(path: path, columns: columns)
        for group in groups { try writer.append(group.columns, rows: group.rows) }
        return try writer.finish()
    }
}

/// Random numbers that are the same in every run (xorshift64*).
struct BenchRandom {
    private var state: UInt64
    init(seed: UInt64) { state = seed | 1 }

    mutating func next() -> UInt64 {
        state ^= state >> 12
        state ^= state << 25
        state ^= state >> 27
        return state &* 0x2545_f491_4f6c_dd1d
    }

    /// Uniform in 0..<1.
    mutating func unit() -> Double { Double(next() >> 11) / 9_007_199_254_740_992 }

    mutating func below(_ bound: Int) -> Int { Int(truncatingIfNeeded: next() >> 33) % bound }
}

extension ArrowColumn.Values {
    /// The values of a range of rows as columns of their own.
    fileprivate func copied(_ rows: Range<Int>) -> ArrowColumn.Values {
        func copy<Element>(_ column: Column<Element>, _ range: Range<Int>) -> Column<Element> {
            let part = Column<Element>(capacity: range.count)
            for index in range { part.append(column[index]) }
            return part
        }
        switch self {
        case .int64(let column): return .int64(copy(column, rows))
        case .int32(let column): return .int32(copy(column, rows))
        case .float64(let column): return .float64(copy(column, rows))
        case .boolean(let column): return .boolean(copy(column, rows))
        case .dictionary(let indices, let texts): return .dictionary(indices: copy(indices, rows), texts)
        case .dictionary8(let indices, let texts): return .dictionary8(indices: copy(indices, rows), texts)
        // Offsets need not start at 0.
        case .binary(let offsets, let bytes):
            return .binary(offsets: copy(offsets, rows.lowerBound..<rows.upperBound + 1), bytes: bytes)
        case .text(let offsets, let bytes):
            return .text(offsets: copy(offsets, rows.lowerBound..<rows.upperBound + 1), bytes: bytes)
        }
    }
}

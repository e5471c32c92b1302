internal import Market
internal import Platform

/// The leading text columns of a table's sort key as one number per row, in the order of their texts.
struct SortKey {
    /// True where the time column follows the texts; otherwise rows stay in the order of the journal.
    let hasTime: Bool
    private let textColumns: [String]

    init(_ schema: TableSchema) {
        let texts = Set(schema.columns.filter { $0.type == .string }.map(\.name))
        textColumns = Array(schema.sortKey.prefix { texts.contains($0) })
        hasTime = schema.sortKey.contains(schema.timeColumn)
    }

    /// Writes a number per row that orders rows as their texts do.
    ///
    /// - Returns: an upper bound of the numbers.
    func writeGroups(of rows: Column<UInt32>, in parts: [HotPart], to groups: Column<UInt32>) -> UInt32 {
        groups.reserve(rows.count - groups.count)
        unsafe groups.pointer.update(repeating: 0, count: rows.count)
        groups.truncateOrExtend(to: rows.count)
        guard let newest = parts.last else { return 0 }
        // Texts of so many kinds that their combinations have no number stay in the order of time.
        var combinations: UInt64 = 1
        let fitting = digits(newest).prefix { digit in
            combinations *= digit.size
            return combinations <= UInt64(UInt32.max)
        }
        var stride: UInt64 = 1
        for digit in fitting.reversed() {
            digit.add(to: groups, rows, parts, stride: UInt32(stride))
            stride *= digit.size
        }
        return UInt32(stride - 1)
    }

    /// One column, or neighbours that share their indices, with the rank of every index.
    private struct Digit {
        let column: Int
        let ranks: [UInt32]

        /// Different ranks.
        var size: UInt64 { UInt64(ranks.max() ?? 0) + 1 }

        func add(to groups: Column<UInt32>, _ rows: Column<UInt32>, _ parts: [HotPart], stride: UInt32) {
            switch parts[0].columns[column].values {
            case .dictionary:
                let bases = unsafe parts.map { part -> UnsafeMutablePointer<UInt32> in
                    guard case .dictionary(let indices, _) = part.columns[column].values else { preconditionFailure() }
                    return unsafe indices.pointer
                }
                unsafe add(to: groups, rows, bases, stride: stride)
            case .dictionary8:
                let bases = unsafe parts.map { part -> UnsafeMutablePointer<UInt8> in
                    guard case .dictionary8(let indices, _) = part.columns[column].values else { preconditionFailure() }
                    return unsafe indices.pointer
                }
                unsafe add(to: groups, rows, bases, stride: stride)
            default: preconditionFailure("a text of a sort key is not a dictionary column")
            }
        }

        private func add<Index: FixedWidthInteger & UnsignedInteger>(
            to groups: Column<UInt32>, _ rows: Column<UInt32>, _ bases: [UnsafeMutablePointer<Index>], stride: UInt32
        ) {
            let last = ranks.count - 1
            let (groups, codes, count) = unsafe (groups.pointer, rows.pointer, rows.count)
            unsafe bases.withUnsafeBufferPointer { bases in
                unsafe ranks.withUnsafeBufferPointer { ranks in
                    for place in 0..<count {
                        let row = unsafe codes[place]
                        let index = unsafe Int(bases[Int(row >> 16)][Int(row & 0xffff)])
                        unsafe groups[place] &+= ranks[min(index, last)] &* stride
                    }
                }
            }
        }
    }

    private func digits(_ part: HotPart) -> [Digit] {
        var digits: [Digit] = []
        var names = textColumns[...]
        while let name = names.first {
            let column = Self.place(of: name, part)
            let shared = names.prefix {
                Self.sharesIndices(part.columns[Self.place(of: $0, part)], part.columns[column])
            }
            let texts = shared.map { Self.texts(part.columns[Self.place(of: $0, part)]) }
            digits.append(Digit(column: column, ranks: Self.ranks(texts)))
            names = names.dropFirst(shared.count)
        }
        return digits
    }

    private static func place(of name: String, _ part: HotPart) -> Int {
        guard let place = part.columns.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("no column \(name)")
        }
        return place
    }

    private static func sharesIndices(_ one: ArrowColumn, _ other: ArrowColumn) -> Bool {
        switch (one.values, other.values) {
        case (.dictionary(let first, _), .dictionary(let second, _)): first === second
        case (.dictionary8(let first, _), .dictionary8(let second, _)): first === second
        default: false
        }
    }

    private static func texts(_ column: ArrowColumn) -> [String] {
        switch column.values {
        case .dictionary(_, let texts), .dictionary8(_, let texts): texts.values
        default: preconditionFailure("a text of a sort key is not a dictionary column")
        }
    }

    /// The rank of every index among the distinct tuples of texts; a missing value, behind all indices, comes last.
    private static func ranks(_ columns: [[String]]) -> [UInt32] {
        let count = columns.map(\.count).min() ?? 0
        // Bytes compare as the database compares text.
        let tuples = (0..<count).map { index in columns.map { Array($0[index].utf8) } }
        func precedes(_ one: Int, _ other: Int) -> Bool {
            for (left, right) in zip(tuples[one], tuples[other]) where left != right {
                return left.lexicographicallyPrecedes(right)
            }
            return false
        }
        let order = (0..<count).sorted(by: precedes)
        var ranks = [UInt32](repeating: 0, count: count + 1)
        var rank = UInt32(0)
        for (place, index) in order.enumerated() {
            if place > 0, tuples[order[place - 1]] != tuples[index] { rank += 1 }
            ranks[index] = rank
        }
        ranks[count] = count == 0 ? 0 : rank + 1
        return ranks
    }
}

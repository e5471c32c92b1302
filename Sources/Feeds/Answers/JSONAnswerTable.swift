internal import CDecode

/// Rows of JSON texts, by paths.
@safe
final class JSONAnswerTable: AnswerTable {
    private let table: OpaquePointer
    private let groups: [AnswerGroup]
    /// Number of a group's first column in the table.
    private let firstColumn: [Int]
    private var cells: [UnsafeBufferPointer<td_cell>] = unsafe []

    /// - Throws: `FeedError` naming a path that is none.
    init(_ groups: [AnswerGroup]) throws(FeedError) {
        self.groups = groups
        var tree = JSONPathTree()
        var firstColumn: [Int] = []
        var groupOfColumn: [Int32] = []
        for (number, group) in groups.enumerated() {
            firstColumn.append(groupOfColumn.count)
            let base = group.layout == .rows ? try tree.addRows(group.path, group: number) : 0
            for path in group.columns {
                try tree.add(path, below: base, column: groupOfColumn.count)
                groupOfColumn.append(Int32(number))
            }
        }
        self.firstColumn = firstColumn
        unsafe table = tree.makeTable(groupOfColumn: groupOfColumn, groups: groups.count)
    }

    deinit { unsafe td_table_destroy(table) }

    func read(_ body: UnsafeRawBufferPointer) -> String? {
        let text = unsafe body.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard unsafe text != nil, unsafe td_table_read(table, text, body.count) else { return "not JSON" }
        unsafe cells.removeAll(keepingCapacity: true)
        for (number, group) in groups.enumerated() {
            var lengths: Set<Int> = []
            for column in group.columns.indices {
                var count = 0
                let start = unsafe td_table_column(table, Int32(firstColumn[number] + column), &count)
                unsafe cells.append(UnsafeBufferPointer(start: start, count: count))
                if count > 0 { lengths.insert(count) }
            }
            if group.layout == .columns, lengths.count > 1 {
                return "the lists of its columns have different lengths"
            }
        }
        return nil
    }

    func rows(_ group: Int) -> Int { unsafe td_table_rows(table, Int32(group)) }

    func cell(_ group: Int, _ column: Int, row: Int) -> AnswerCell {
        let column = unsafe cells[firstColumn[group] + column]
        guard row < column.count, let text = unsafe column[row].text, unsafe column[row].count > 0 else {
            return .missing
        }
        return unsafe AnswerCell(
            UnsafeRawBufferPointer(start: text, count: Int(column[row].count)), isString: column[row].is_string)
    }

    func rowText(_ group: Int, row: Int) -> [UInt8] {
        let whole = unsafe td_table_row(table, Int32(group), row)
        if let text = unsafe whole.text {
            var bytes = unsafe Array(UnsafeRawBufferPointer(start: text, count: Int(whole.count)))
            while let last = bytes.last, last <= 32 { bytes.removeLast() }
            return bytes
        }
        let parts = groups[group].columns.indices.map { cell(group, $0, row: row).text ?? "" }
        return Array(parts.joined(separator: ",").utf8)
    }
}

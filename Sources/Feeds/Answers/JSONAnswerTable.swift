internal import CDecode

/// Rows of JSON texts, by paths.
@safe
final class JSONAnswerTable: AnswerTable {
    private let table: OpaquePointer
    private let groups: [AnswerGroup]
    /// Number of a group's first column in the table.
    private let firstColumn: [Int]
    /// Number of a group's rows in the table; nil where its columns stand side by side.
    private let rowsOfGroup: [Int32?]

    /// - Throws: `FeedError` naming a path that is none.
    init(_ groups: [AnswerGroup]) throws(FeedError) {
        self.groups = groups
        var tree = JSONPathTree()
        var firstColumn: [Int] = []
        var rowsOfGroup: [Int32?] = []
        var columns: [td_table_column_kind] = []
        for group in groups {
            let rows = group.layout == .rows ? try tree.addRows(group.path) : nil
            rowsOfGroup.append(rows.map { Int32($0.number) })
            firstColumn.append(columns.count)
            for (place, path) in group.columns.enumerated() {
                try tree.add(path, below: rows?.node ?? 0, column: columns.count)
                columns.append(
                    td_table_column_kind(
                        rows: rows.map { Int32($0.number) } ?? -1, is_number: group.numbers.contains(place)))
            }
        }
        self.firstColumn = firstColumn
        self.rowsOfGroup = rowsOfGroup
        unsafe table = tree.makeTable(columns)
    }

    deinit { unsafe td_table_destroy(table) }

    func read(_ body: UnsafeRawBufferPointer) -> String? { unsafe read(body, by: td_table_read) }

    /// The same without the short way of plain texts, for tests.
    func readAnyForm(_ body: UnsafeRawBufferPointer) -> String? { unsafe read(body, by: td_table_read_any_form) }

    private func read(
        _ body: UnsafeRawBufferPointer, by read: (OpaquePointer, UnsafePointer<CChar>, Int) -> Bool
    ) -> String? {
        let text = unsafe body.baseAddress?.assumingMemoryBound(to: CChar.self)
        guard let text = unsafe text, unsafe read(table, text, body.count) else { return "not JSON" }
        for (number, group) in groups.enumerated() where group.layout == .columns {
            let counts = group.columns.indices.map { column(number, $0).count }
            let most = counts.max() ?? 0
            guard counts.allSatisfy({ $0 == 0 || $0 == most }) else {
                return "the lists of its columns have different lengths"
            }
        }
        return nil
    }

    func rows(_ group: Int) -> Int {
        if let rows = rowsOfGroup[group] { return unsafe td_table_rows(table, rows) }
        return groups[group].columns.indices.reduce(0) { max($0, column(group, $1).count) }
    }

    func column(_ group: Int, _ column: Int) -> AnswerColumn {
        unsafe AnswerColumn(td_table_column(table, Int32(firstColumn[group] + column)))
    }

    func rowText(_ group: Int, row: Int) -> [UInt8] {
        if let rows = rowsOfGroup[group] {
            let whole = unsafe td_table_row(table, rows, row)
            if let text = unsafe whole.text {
                var bytes = unsafe Array(UnsafeRawBufferPointer(start: text, count: Int(whole.count)))
                while let last = bytes.last, last <= 32 { bytes.removeLast() }
                return bytes
            }
        }
        let parts = groups[group].columns.indices.map { cell(group, $0, row: row).text ?? "" }
        return Array(parts.joined(separator: ",").utf8)
    }
}

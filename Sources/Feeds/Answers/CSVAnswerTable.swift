internal import CDecode

/// Rows of CSV texts whose first line names the columns.
///
/// A text has one group; further groups have no rows. The columns are found anew in every text.
@safe
final class CSVAnswerTable: AnswerTable {
    private let csv: OpaquePointer
    private let columns: [String]
    private let numbers: Set<Int>

    init(_ groups: [AnswerGroup]) {
        guard let csv = unsafe td_csv_create() else { preconditionFailure("no memory for a table") }
        unsafe self.csv = unsafe csv
        columns = groups.first?.columns ?? []
        numbers = groups.first?.numbers ?? []
    }

    deinit { unsafe td_csv_destroy(csv) }

    func read(_ body: UnsafeRawBufferPointer) -> String? {
        var rest = unsafe body
        var header: [String]?
        while header == nil, let base = rest.baseAddress, rest.count > 0 {
            let length = unsafe TextLines.lengthOfLine(rest)
            let isEmpty = unsafe length == 0 || (length == 1 && rest[0] == UInt8(ascii: "\r"))
            if !isEmpty { header = unsafe HeaderNames.names(String(decoding: rest[..<length], as: UTF8.self), ",") }
            let taken = min(length + 1, rest.count)
            unsafe rest = unsafe UnsafeRawBufferPointer(start: base + taken, count: rest.count - taken)
        }
        guard let header else { return "empty" }
        let kinds = columns.indices.map { column in
            let name = columns[column].lowercased()
            let field = header.firstIndex { $0.lowercased() == name } ?? -1
            return td_csv_column_kind(field: Int32(field), is_number: numbers.contains(column))
        }
        guard kinds.contains(where: { $0.field >= 0 }) else {
            return "no header with \(columns.joined(separator: ", ")): \(header.joined(separator: ",").prefix(200))"
        }
        let text = unsafe rest.baseAddress?.assumingMemoryBound(to: CChar.self)
        unsafe td_csv_read(csv, text, rest.count, kinds, kinds.count)
        return nil
    }

    func rows(_ group: Int) -> Int { unsafe group == 0 ? td_csv_rows(csv) : 0 }

    func column(_ group: Int, _ column: Int) -> AnswerColumn {
        unsafe group == 0 ? AnswerColumn(td_csv_column(csv, column)) : .missing
    }

    func rowText(_ group: Int, row: Int) -> [UInt8] {
        let line = unsafe td_csv_row(csv, row)
        return unsafe Array(UnsafeRawBufferPointer(start: line.text, count: Int(line.count)))
    }
}

/// Names of columns in the first line of a text.
enum HeaderNames {
    static func names(_ line: String, _ delimiter: Character) -> [String] {
        let text = line.hasPrefix("\u{feff}") ? line.dropFirst() : line[...]
        return text.split(separator: delimiter, omittingEmptySubsequences: false).map { name in
            name.trimmingPrefix { $0 == " " || $0 == "\"" }
                .reversed().drop { $0 == " " || $0 == "\"" || $0 == "\r" }.reversed().reduce(into: "") { $0.append($1) }
        }
    }
}

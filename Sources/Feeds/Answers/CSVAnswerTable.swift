/// Rows of CSV texts whose first line names the columns.
///
/// A text has one group; further groups have no rows. The columns are found anew in every text.
@safe
final class CSVAnswerTable: AnswerTable {
    private let columns: [String]
    private let delimiter: Character
    private var places: [Int] = []
    private var lines: [UnsafeRawBufferPointer] = unsafe []
    private var row: CSVRow
    /// The line that `row` holds.
    private var splitRow = -1

    init(_ groups: [AnswerGroup], delimiter: Character = ",") {
        columns = groups.first?.columns ?? []
        self.delimiter = delimiter
        row = CSVRow(fields: 1, delimiter: delimiter)
    }

    func read(_ body: UnsafeRawBufferPointer) -> String? {
        unsafe lines.removeAll(keepingCapacity: true)
        splitRow = -1
        unsafe TextLines.forEach(body) { line, _ in
            if line.count > 0 { unsafe lines.append(line) }
        }
        guard let first = unsafe lines.first else { return "empty" }
        let header = HeaderNames.names(unsafe String(decoding: first, as: UTF8.self), delimiter)
        unsafe lines.removeFirst()
        places = columns.map { name in header.firstIndex { $0.lowercased() == name.lowercased() } ?? -1 }
        guard places.contains(where: { $0 >= 0 }) else {
            return "no header with \(columns.joined(separator: ", ")): \(header.joined(separator: ",").prefix(200))"
        }
        row = CSVRow(fields: (places.max() ?? 0) + 1, delimiter: delimiter)
        return nil
    }

    func rows(_ group: Int) -> Int { unsafe group == 0 ? lines.count : 0 }

    func cell(_ group: Int, _ column: Int, row number: Int) -> AnswerCell {
        guard group == 0 else { return .missing }
        if splitRow != number {
            unsafe row.split(lines[number])
            splitRow = number
        }
        return unsafe AnswerCell(row.bytes(places[column]), isString: false)
    }

    func rowText(_ group: Int, row number: Int) -> [UInt8] { unsafe Array(lines[number]) }
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

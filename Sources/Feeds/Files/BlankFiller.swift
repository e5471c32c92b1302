internal import Platform

/// Writes the bid or ask of the line before into a line where it stands blank beside the other one: what a terminal's
/// export means by a blank. So each frame can be read without those before it.
///
/// - Threading: one thread at a time.
@safe
final class BlankFiller {
    private let row: CSVRow
    private let columns: [Int]
    /// The last text of each column.
    private var last: [[UInt8]]
    private var filled: UnsafeMutableRawBufferPointer
    /// Nothing that a price can be.
    private static let longestField = 64

    /// Nil where blanks mean something else.
    init?(_ mapping: CSVMapping) {
        guard mapping.blankIsUnchanged, let bid = mapping.bid?.place, let ask = mapping.ask?.place else { return nil }
        columns = [bid, ask]
        last = [[], []]
        row = CSVRow(fields: max(bid, ask) + 1, delimiter: mapping.delimiter)
        unsafe filled = .allocate(byteCount: 1 << 10, alignment: 16)
    }

    deinit { unsafe filled.deallocate() }

    /// The line, filled where it has a blank side; valid until the next call.
    func fill(_ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        unsafe row.split(TextLines.withoutBreak(line))
        var blank: Int?
        for side in 0...1 {
            if let text = unsafe row.bytes(columns[side]) {
                if text.count <= Self.longestField { last[side] = unsafe Array(text) }
            } else {
                if blank != nil { return unsafe line }
                blank = side
            }
        }
        guard let blank, let place = row.place(columns[blank]), !last[blank].isEmpty else { return unsafe line }
        return unsafe insert(last[blank], at: place.lowerBound, line)
    }

    private func insert(_ text: [UInt8], at place: Int, _ line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer {
        let count = line.count + text.count
        if unsafe count > filled.count {
            unsafe filled.deallocate()
            unsafe filled = .allocate(byteCount: 2 * count, alignment: 16)
        }
        unsafe UnsafeMutableRawBufferPointer(rebasing: filled[..<place]).copyBytes(from: line[..<place])
        unsafe UnsafeMutableRawBufferPointer(rebasing: filled[place...]).copyBytes(from: text)
        unsafe UnsafeMutableRawBufferPointer(rebasing: filled[(place + text.count)...]).copyBytes(from: line[place...])
        return unsafe UnsafeRawBufferPointer(rebasing: filled[..<count])
    }
}

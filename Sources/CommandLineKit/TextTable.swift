/// A table for a terminal: aligned columns, numbers to the right, wide columns cut to fit.
public struct TextTable: Sendable {
    /// How a column is aligned.
    public enum Alignment: Sendable {
        case left, right
        /// Right where every cell is a number or empty.
        case automatic
    }

    private let header: [String]
    private let alignments: [Alignment]
    private var rows: [[String]] = []
    /// Narrowest that a column is cut to.
    private static let leastWidth = 4
    private static let gap = 2

    /// A table with one column per title.
    ///
    /// - Parameter alignments: one per column, or none where all are automatic.
    public init(_ header: [String], alignments: [Alignment] = []) {
        precondition(alignments.isEmpty || alignments.count == header.count)
        self.header = header.map { DisplayWidth.printable($0) }
        self.alignments = alignments.isEmpty ? header.map { _ in .automatic } : alignments
    }

    /// Appends a row; absent cells at its end are empty.
    public mutating func add(_ cells: [String]) {
        precondition(cells.count <= header.count)
        let missing = repeatElement("", count: header.count - cells.count)
        rows.append(cells.map { DisplayWidth.printable($0) } + missing)
    }

    /// Rows so far.
    public var count: Int { rows.count }

    /// The table with a line end behind each line.
    ///
    /// - Parameters:
    ///   - width: columns to fit into; nil cuts nothing.
    ///   - unicode: false draws with ASCII alone.
    public func text(width: Int? = nil, unicode: Bool = true) -> String {
        var widths = header.indices.map { column in
            rows.reduce(DisplayWidth.of(header[column])) { max($0, DisplayWidth.of($1[column])) }
        }
        if let width { Self.shrink(&widths, to: width) }
        let toRight = header.indices.map { isRight($0) }
        let rule = widths.map { String(repeating: unicode ? "─" : "-", count: $0) }
        var lines = [line(header, widths, toRight), line(rule, widths, toRight)]
        lines += rows.map { line($0, widths, toRight) }
        return lines.map { $0 + "\n" }.joined()
    }

    private func line(_ cells: [String], _ widths: [Int], _ toRight: [Bool]) -> String {
        let padded = cells.indices.map { column in
            DisplayWidth.padded(
                DisplayWidth.truncated(cells[column], to: widths[column]), to: widths[column], right: toRight[column])
        }
        var text = padded.joined(separator: String(repeating: " ", count: Self.gap))
        while text.last == " " { text.removeLast() }
        return text
    }

    private func isRight(_ column: Int) -> Bool {
        switch alignments[column] {
        case .left: return false
        case .right: return true
        case .automatic:
            let cells = rows.lazy.map { $0[column] }.filter { !$0.isEmpty }
            return !cells.isEmpty && cells.allSatisfy { Self.isNumber($0) }
        }
    }

    private static func isNumber(_ text: String) -> Bool {
        let digits = text.filter { $0 != "," && $0 != "%" }
        return Double(digits) != nil && text.contains { $0.isNumber }
    }

    /// Takes columns away from the widest first, so that narrow ones stay whole.
    private static func shrink(_ widths: inout [Int], to width: Int) {
        var excess = widths.reduce(0, +) + gap * max(0, widths.count - 1) - width
        while excess > 0 {
            guard let widest = widths.indices.max(by: { widths[$0] < widths[$1] }), widths[widest] > leastWidth else {
                return
            }
            let next = widths.filter { $0 < widths[widest] }.max() ?? leastWidth
            let step = min(excess, max(1, widths[widest] - max(next, leastWidth)))
            widths[widest] -= step
            excess -= step
        }
    }
}

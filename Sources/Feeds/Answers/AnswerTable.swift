/// A group of rows in an answer: where they are, and which values of them are of interest.
struct AnswerGroup: Equatable, Sendable {
    /// How the rows of a JSON text are laid out.
    enum Layout: String, Sendable {
        /// A list of rows, or an object whose members are rows.
        case rows
        /// A list for each column, side by side.
        case columns
    }
    /// Path of the list or object whose elements or members are the rows; unused for `columns`.
    var path = ""
    var layout = Layout.rows
    /// Paths inside a row (of the whole text for `columns`), or names of CSV columns.
    var columns: [String]
    /// Places of the columns whose values are numbers; only of these numbers can be asked for.
    var numbers: Set<Int> = []
}

/// Reads the rows of an answer, whatever its format.
///
/// - Threading: one thread at a time.
protocol AnswerTable: AnyObject {
    /// Reads a body; its memory must stay while cells are used, and 64 bytes behind it must be readable.
    ///
    /// - Returns: what is wrong with it; nil where it can be used.
    func read(_ body: UnsafeRawBufferPointer) -> String?
    /// Rows of a group.
    func rows(_ group: Int) -> Int
    /// The values of a column, by its place in the group's list of columns; perhaps fewer than the group has rows.
    func column(_ group: Int, _ column: Int) -> AnswerColumn
    /// The text of a row, for dead letters.
    func rowText(_ group: Int, row: Int) -> [UInt8]
}

extension AnswerTable {
    /// A value, by its place in the group's list of columns.
    func cell(_ group: Int, _ column: Int, row: Int) -> AnswerCell { self.column(group, column)[row] }
}

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
}

/// A value of an answer: its text, of a string the inside.
@safe
struct AnswerCell {
    /// Behind the text more bytes are readable; nil where the value is missing, null or empty.
    let bytes: UnsafeRawBufferPointer?
    let isString: Bool

    init(_ bytes: UnsafeRawBufferPointer?, isString: Bool) {
        unsafe self.bytes = unsafe bytes
        self.isString = isString
    }

    static var missing: AnswerCell { unsafe AnswerCell(nil, isString: false) }

    var isMissing: Bool { unsafe bytes == nil }

    /// As text, with the escapes of JSON strings resolved.
    var text: String? {
        guard let bytes = unsafe bytes else { return nil }
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        return isString && text.contains("\\") ? JSONUnescaping.text(text) : text
    }
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
    /// A value, by its place in the group's list of columns.
    func cell(_ group: Int, _ column: Int, row: Int) -> AnswerCell
    /// The text of a row, for dead letters.
    func rowText(_ group: Int, row: Int) -> [UInt8]
}

internal import CDecode
internal import Market

/// The values of one column of an answer, row by row.
///
/// - Shape: valid until the table reads the next answer.
@safe
struct AnswerColumn {
    private let cells: td_column_cells

    init(_ cells: td_column_cells) { unsafe self.cells = unsafe cells }

    /// A column without rows.
    static var missing: AnswerColumn { unsafe AnswerColumn(td_column_cells(first: nil, count: 0, stride: 1)) }

    /// Rows that have a value or could have one; others have none.
    var count: Int { unsafe cells.count }

    /// The value in a row.
    @inline(__always)
    subscript(row: Int) -> AnswerCell {
        guard let cell = unsafe at(row) else { return .missing }
        return unsafe AnswerCell(cell.pointee)
    }

    /// A number greater than zero; NaN where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    @inline(__always)
    func price(_ row: Int, _ field: String) throws(AnswerFault) -> Double {
        guard let cell = unsafe at(row) else { return .nan }
        let number = unsafe cell.pointee.number
        return number > 0 && number < .infinity ? number : try unusualPrice(row, field)
    }

    /// A number that is not below zero; 0 where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    @inline(__always)
    func size(_ row: Int, _ field: String) throws(AnswerFault) -> Double {
        guard let cell = unsafe at(row) else { return 0 }
        // Where it is missing, it is 0 too.
        let number = unsafe cell.pointee.number
        return number >= 0 && number < .infinity ? number : try unusualSize(row, field)
    }

    @inline(never)
    private func unusualPrice(_ row: Int, _ field: String) throws(AnswerFault) -> Double {
        try self[row].price(field) ?? .nan
    }

    @inline(never)
    private func unusualSize(_ row: Int, _ field: String) throws(AnswerFault) -> Double {
        try self[row].size(field) ?? 0
    }

    @inline(__always)
    private func at(_ row: Int) -> UnsafePointer<td_cell>? {
        guard row >= 0, row < count, let first = unsafe cells.first else { return nil }
        return unsafe first + row * cells.stride
    }
}

/// A value of an answer: its text, of a string the inside.
@safe
struct AnswerCell {
    /// What is known of the number in a column of numbers.
    private enum Number {
        /// There is no text, or a word such as `None`.
        case missing
        case read(Double)
        /// The text is something else.
        case wrong
    }

    /// Behind the text more bytes are readable; nil where the value is missing, null or empty.
    let bytes: UnsafeRawBufferPointer?
    private let isString: Bool
    private let found: Number

    @inline(__always)
    init(_ cell: td_cell) {
        unsafe bytes = unsafe cell.count == 0 ? nil : UnsafeRawBufferPointer(start: cell.text, count: Int(cell.count))
        isString = unsafe cell.is_string
        found =
            switch unsafe Int(cell.number_is) {
            case TD_NUMBER_READ: unsafe .read(cell.number)
            case TD_NUMBER_WRONG: .wrong
            default: .missing
            }
    }

    static var missing: AnswerCell { unsafe AnswerCell(td_cell()) }

    var isMissing: Bool { unsafe bytes == nil }

    /// As text, with the escapes of JSON strings resolved.
    var text: String? {
        guard let bytes = unsafe bytes else { return nil }
        let text = unsafe String(decoding: bytes, as: UTF8.self)
        return unsafe isString && bytes.contains(UInt8(ascii: "\\")) ? JSONUnescaping.text(text) : text
    }

    /// A number; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func number(_ field: String) throws(AnswerFault) -> Double? {
        switch found {
        case .missing: return nil
        case .read(let value): return value
        case .wrong: throw AnswerFault(.wrongType, field)
        }
    }

    /// A number greater than zero; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func price(_ field: String) throws(AnswerFault) -> Double? {
        guard let value = try number(field) else { return nil }
        guard value > 0, value.isFinite else { throw AnswerFault(.priceNotPositive, field) }
        return value
    }

    /// A number that is not below zero; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func size(_ field: String) throws(AnswerFault) -> Double? {
        guard let value = try number(field) else { return nil }
        guard value >= 0, value.isFinite else { throw AnswerFault(.sizeInvalid, field) }
        return value
    }
}

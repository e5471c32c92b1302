/// Reads the values of one row as what they mean.
struct AnswerRow {
    let table: any AnswerTable
    let group: Int
    let row: Int

    /// A value; missing where the mapping does not have the column.
    private func cell(_ column: Int) -> AnswerCell { column < 0 ? .missing : table.cell(group, column, row: row) }

    /// A number; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func number(_ column: Int, _ field: String) throws(AnswerFault) -> Double? { try cell(column).number(field) }

    /// A number greater than zero; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func price(_ column: Int, _ field: String) throws(AnswerFault) -> Double? { try cell(column).price(field) }

    /// A number that is not below zero; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func size(_ column: Int, _ field: String) throws(AnswerFault) -> Double? { try cell(column).size(field) }

    /// A text; nil where it is missing.
    func text(_ column: Int) -> String? { cell(column).text }

    /// A moment; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func time(_ column: Int, _ times: inout AnswerTimes) throws(AnswerFault) -> Int64? { try times.time(cell(column)) }

    /// A calendar day in days since 1970; nil where it is missing or none.
    func date(_ column: Int, _ times: inout AnswerTimes) -> Int64? {
        guard let bytes = unsafe cell(column).bytes else { return nil }
        return times.readDate(bytes)
    }

    /// The start of the day that a bar of a day or longer, or an event of a day, belongs to; nil where it is missing.
    ///
    /// - Throws: `AnswerFault` where it is something else.
    func day(_ column: Int, _ times: inout AnswerTimes) throws(AnswerFault) -> Int64? { try times.day(cell(column)) }
}

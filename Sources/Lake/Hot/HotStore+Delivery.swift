internal import Databases
internal import Synchronization
public import Market

extension HotStore {
    /// SQL for the rows of a table with offsets above `after` and up to `last`, without those that can still change.
    ///
    /// Run in a transaction of its own, it gives all of them or fails with `conflict`: then the rows have moved to the lake,
    /// and this is asked again.
    public func finalRows(of table: TableSchema, after: Int64, upTo last: Int64) -> String {
        let sql = TableSQL(schema: table)
        let columns = table.columns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
        let committed = committedOffset(table.name)
        // Rows that the lake does not have are all in memory, and the other way round. Of many files few have rows of a range,
        // and a query that is told which does not look into the others.
        let source =
            if after >= committed {
                sql.hotRows(after: after)
            } else if last <= committed, let files = storedFiles.withLock({ $0[table.name] }) {
                "(\(sql.rows(after: nil, files: files.urls(after: after, upTo: last), lackColumns: files.lackColumns)))"
            } else {
                "main.\(SQLText.identifier(table.name))"
            }
        return "SELECT \(columns) FROM \(source) WHERE journal_offset > \(after) AND journal_offset <= \(last)"
            + TableSQL.isFinal(table)
    }

    /// The same rows, each with the message that it was made of: `payload`, null where that is no longer there.
    public func finalRowsWithPayloads(of table: TableSchema, after: Int64, upTo last: Int64) -> String {
        let columns = table.columns.map { "row." + SQLText.identifier($0.name) }.joined(separator: ", ")
        return "SELECT \(columns), frame.payload FROM (\(finalRows(of: table, after: after, upTo: last))) row"
            + " LEFT JOIN (\(finalRows(of: Tables.frames, after: after, upTo: last))) frame"
            + " ON frame.journal_offset = row.journal_offset"
    }
}

internal import Databases
internal import Market
internal import Platform

/// The rows of one batch that the lake does not have.
struct HotInput {
    let table: String
    private let columns: [ArrowColumn]
    private let rows: Int
    /// Where the batch begins before the lake's end: rows up to this offset go.
    private let dropUpTo: Int64?

    /// Nil where there are no such rows.
    init?(_ batch: any ColumnarBatch, _ dictionaries: BatchDictionaries, _ resumeOffsets: [String: Int64]) {
        let schema = type(of: batch).schema
        guard batch.count > 0, let resume = resumeOffsets[schema.name] else { return nil }
        table = schema.name
        rows = batch.count
        columns = batch.columns(dictionaries)
        let (lowest, highest) = Self.bounds(columns, rows)
        guard highest > resume else { return nil }
        dropUpTo = lowest > resume ? nil : resume
    }

    private static func bounds(_ columns: [ArrowColumn], _ rows: Int) -> (Int64, Int64) {
        guard case .int64(let offsets)? = columns.first(where: { $0.name == "journal_offset" })?.values else {
            preconditionFailure("a batch without journal offsets")
        }
        var lowest = Int64.max, highest = Int64.min
        for row in 0..<rows {
            lowest = min(lowest, offsets[row])
            highest = max(highest, offsets[row])
        }
        return (lowest, highest)
    }

    /// Appends the rows to the hot table, inside the caller's transaction.
    ///
    /// - Returns: how many there were.
    func ingest(_ connection: Connection) throws(DatabaseError) -> Int64 {
        try connection.ingest(columns, rows: rows, into: table, schema: "hot")
        guard let dropUpTo else { return Int64(rows) }
        let sql = "DELETE FROM hot.\(SQLText.identifier(table)) WHERE journal_offset <= \(dropUpTo) RETURNING 1"
        return Int64(rows - (try connection.query(sql).collect().rows.count))
    }
}

internal import Databases
public import Delivery
public import Market

/// The rows that a lake's files hold, as they were when this was made; a pipeline may go on writing.
public final class LakeRows: StoredRows {
    private let connection: Connection
    private let offsets: [String: Int64]

    /// - Parameters:
    ///   - archive: where rows were archived; nil where none were.
    ///   - pipeline: the one that writes the lake.
    public init(_ lake: any LakePlace, archive: (any LakePlace)? = nil, pipeline: String) throws(LakeError) {
        // First how far the tables are, then the files: these have at least that much.
        offsets = try LakeReader.committedOffsets(lake, pipeline: pipeline)
        connection = try LakeReader(lake, archive: archive).connect()
    }

    public func committedOffset(_ table: TableSchema) -> Int64? { offsets[table.name] }

    public func digests(
        _ table: TableSchema, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests {
        try digests(table, from: 0, upTo: last, goesOn: goesOn)
    }

    /// The rows with offsets from `first` up to `last`, both included; without those that can still change.
    public func digests(
        _ table: TableSchema, from first: Int64, upTo last: Int64, goesOn: (Int64) -> Bool
    ) throws(DeliveryError) -> RowDigests {
        do {
            var digests = RowDigests()
            let rows = try connection.query(
                "SELECT \(RowDigests.selection(table)) FROM \(SQLText.identifier(table.name)) "
                    + "WHERE journal_offset >= \(first) AND journal_offset <= \(last)\(TableSQL.isFinal(table))")
            try digests.add(rows, of: table, goesOn: goesOn)
            return digests
        } catch {
            throw DeliveryError(.unavailable, error.message)
        }
    }
}

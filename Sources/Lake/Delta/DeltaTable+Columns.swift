internal import Market

/// How a table's columns follow those of the program.
extension DeltaTable {
    /// True where some data files may lack columns that the table has.
    var hasAddedColumns: Bool { state.property(Self.addedColumns) == "true" }

    private static let addedColumns = "tapedeck.columnsAdded"

    /// Makes sure that rows of a schema can be appended: adds the columns that the table does not have yet.
    ///
    /// Columns that others added stay, and are missing in rows that are appended from here.
    /// - Throws: `schemaMismatch` where the columns cannot go together.
    func adopt(_ schema: TableSchema) throws(LakeError) {
        for _ in 0..<100 {
            guard let metadata = state.metadata else {
                throw LakeError(.corrupt, "the log has no metadata", operation: path)
            }
            let text: String?
            do { text = try DeltaSchema.extended(metadata.schemaString, by: schema) } catch {
                throw LakeError(
                    .schemaMismatch,
                    "the table was made by another version: \(error.reason); use another folder or move it away",
                    operation: path)
            }
            guard metadata.partitionColumns == [schema.partition.column] else {
                throw LakeError(
                    .schemaMismatch, "the table is not partitioned by \(schema.partition.column)", operation: path)
            }
            guard let text else { return }
            var changed = metadata
            changed.schemaString = text
            // Readers of the data files need to know only where there are some without the columns.
            if !state.files.isEmpty {
                changed.configuration = (changed.configuration ?? [:]).merging([Self.addedColumns: "true"]) { $1 }
            }
            if try write([Self.info("ADD COLUMNS"), DeltaAction(metaData: changed)]) { return }
            try refresh()
        }
        throw LakeError(.conflict, "another writer took every version that was tried", operation: path)
    }
}

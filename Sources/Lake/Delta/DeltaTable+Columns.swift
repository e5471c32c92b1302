public import Market

/// How a table's columns follow those of the program.
extension DeltaTable {
    /// True where data files may lack columns that the table has, or have narrower ones.
    var hasOlderFiles: Bool {
        state.property(Self.addedColumns) == "true"
            || state.metadata?.schemaString.contains("\"delta.typeChanges\"") ?? false
    }

    private static let addedColumns = "tapedeck.columnsAdded"
    private static let enablesWidening = "delta.enableTypeWidening"

    /// Makes sure that rows of a schema can be appended: adds the columns that the table does not have yet.
    ///
    /// Columns that others added stay, and are missing in rows that are appended from here. Columns become wider only in a table that
    /// allows it: one with `delta.enableTypeWidening` in its properties.
    /// - Throws: `schemaMismatch` where the columns cannot go together; `unsupported` where the table asks something of its writers that
    ///   is not heeded here.
    func adopt(_ schema: TableSchema) throws(LakeError) {
        try requireWritable()
        _ = try follow(schema, widens: state.property(Self.enablesWidening) == "true", commits: true)
    }

    /// Gives the columns the wider types that the program has for them. Files stay as they are, and are read as if they had them.
    ///
    /// Afterwards only readers that know the feature `typeWidening` read the table.
    /// - Parameter commits: false to see only what would change.
    /// - Returns: what became wider, as `size from integer to long`.
    /// - Throws: as `adopt`.
    public func widen(to schema: TableSchema, commits: Bool = true) throws(LakeError) -> [String] {
        try requireWritable()
        return try follow(schema, widens: true, commits: commits)
    }

    private func follow(_ schema: TableSchema, widens: Bool, commits: Bool) throws(LakeError) -> [String] {
        for _ in 0..<100 {
            guard let metadata = state.metadata, let versions = state.versions else {
                throw LakeError(.corrupt, "the log has no metadata", operation: path)
            }
            let change = try change(of: metadata, for: schema, widens: widens)
            guard metadata.partitionColumns == [schema.partition.column] else {
                throw LakeError(
                    .schemaMismatch, "the table is not partitioned by \(schema.partition.column)", operation: path)
            }
            guard let change, commits else { return change?.widened ?? [] }
            var changed = metadata
            changed.schemaString = change.text
            var properties = metadata.configuration ?? [:]
            // Readers of the data files need to know only where there are some without the columns.
            if !state.files.isEmpty { properties[Self.addedColumns] = "true" }
            var actions = [Self.info(change.widened.isEmpty ? "ADD COLUMNS" : "CHANGE COLUMNS")]
            if !change.widened.isEmpty {
                properties[Self.enablesWidening] = "true"
                let wanted = DeltaFeatures.adding(DeltaFeatures.widening, to: versions)
                if wanted != versions { actions.append(DeltaAction(protocol: wanted)) }
            }
            changed.configuration = properties
            if try write(actions + [DeltaAction(metaData: changed)]) { return change.widened }
            try refresh()
        }
        throw LakeError(.conflict, "another writer took every version that was tried", operation: path)
    }

    private func change(
        of metadata: DeltaAction.Metadata, for schema: TableSchema, widens: Bool
    ) throws(LakeError) -> DeltaSchema.Change? {
        do {
            return try DeltaSchema.extended(metadata.schemaString, by: schema, widens: widens)
        } catch  where !error.wider.isEmpty {
            throw LakeError(
                .schemaMismatch,
                "columns are wider in this version of the program: \(error.wider.joined(separator: ", ")); "
                    + "`tapedeck lake widen \(schema.name)` makes them wider in the table, which then only readers with the feature "
                    + "`typeWidening` can read",
                operation: path)
        } catch {
            throw LakeError(
                .schemaMismatch,
                "the table was made by another version: \(error.reason); use another folder or move it away",
                operation: path)
        }
    }

    /// How data files of a table are to be read.
    enum Layout: Equatable {
        /// As Tapedeck writes them; some may lack columns, or have narrower ones.
        case own(hasOlderFiles: Bool)
        /// As the log says of each.
        case others
    }

    /// How its files are to be read as a table of Tapedeck.
    func layout(_ schema: TableSchema) -> Layout {
        let start = schema.partition.column + "="
        guard let metadata = state.metadata, metadata.partitionColumns == [schema.partition.column],
            metadata.configuration?["delta.columnMapping.mode"] ?? "none" == "none",
            state.files.values.allSatisfy({ $0.deletionVector == nil && $0.path.hasPrefix(start) })
        else { return .others }
        do {
            let change = try DeltaSchema.extended(metadata.schemaString, by: schema, widens: true)
            return .own(hasOlderFiles: hasOlderFiles || change != nil)
        } catch {
            return .others
        }
    }
}

/// Going back to an earlier version, and letting go of old partitions.
extension DeltaTable {
    /// What a change of files came to.
    public struct FileChange: Sendable {
        /// The new version; nil where there was nothing to do.
        public var version: Int64?
        public var filesAdded = 0
        public var filesRemoved = 0
        /// Rows of the files that went, less those of the files that came back; nil where the log does not say.
        public var rowsRemoved: Int64?
    }

    /// Makes the files of an earlier version those of the next one. The progress of pipelines stays: rows that came since are not
    /// written again.
    ///
    /// - Parameter commits: false to see only what would change.
    /// - Throws: `invalidArgument` where the log, or the folder, does not have the version any more; `conflict` where the columns are
    ///   others now, or rows were archived since.
    public func restore(_ version: TableVersion, commits: Bool = true) throws(LakeError) -> FileChange {
        guard let earlier = try DeltaTable.open(place, at: version, writer: writer) else {
            throw LakeError(.invalidArgument, "there is no table", operation: path)
        }
        guard
            earlier.state.metadata?.schemaString == state.metadata?.schemaString || earlier.state.files.isEmpty
                || hasOlderFiles
        else {
            throw LakeError(.conflict, "the columns were changed since version \(earlier.version)", operation: path)
        }
        guard ArchivedFiles.version(earlier) == ArchivedFiles.version(self) else {
            throw LakeError(
                .conflict,
                "rows were archived since version \(earlier.version): they would be there twice; read it with `sql --at`",
                operation: path)
        }
        var back = earlier.files.filter { state.files[$0.path] == nil }
        let gone = files.filter { earlier.state.files[$0.path] == nil }
        for number in back.indices {
            let file = back[number].relativePath
            guard try place.find(file) != nil else {
                throw LakeError(
                    .invalidArgument,
                    "version \(earlier.version) needs a file that was removed: \(urls([back[number]])[0])",
                    operation: path)
            }
            back[number].dataChange = true
        }
        return try change(
            add: back, remove: gone, commits: commits, operation: "RESTORE",
            parameters: ["version": "\(earlier.version)"])
    }

    /// Lets go of all partitions that are wholly before a day.
    ///
    /// - Parameters:
    ///   - day: the first that stays, as `2026-01-31`.
    ///   - commits: false to see only what would change.
    public func expire(before day: String, commits: Bool = true) throws(LakeError) -> FileChange {
        guard let column = state.metadata?.partitionColumns.first, ["date", "month"].contains(column) else {
            throw LakeError(.unsupported, "the table is not partitioned by date or month", operation: path)
        }
        // A month stays as long as one of its days does.
        let first = column == "month" ? String(day.prefix(8)) + "01" : day
        let old = files.filter { file in
            guard let value = file.partitionValues[column].flatMap(\.self) else { return false }
            return value < first
        }
        return try change(
            add: [], remove: old, commits: commits, operation: "DELETE",
            parameters: ["predicate": "[\"\(column) < '\(first)'\"]"])
    }

    private func change(
        add: [AddFile], remove: [AddFile], commits: Bool, operation: String, parameters: [String: String]
    ) throws(LakeError) -> FileChange {
        var change = FileChange()
        change.filesAdded = add.count
        change.filesRemoved = remove.count
        if let gone = Self.rows(remove), let back = Self.rows(add) { change.rowsRemoved = gone - back }
        guard commits, !add.isEmpty || !remove.isEmpty else { return change }
        _ = try commit(
            add: add, remove: remove.map { RemoveFile($0, dataChange: true) }, operation: operation,
            parameters: parameters)
        change.version = version
        return change
    }
}

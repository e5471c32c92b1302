internal import Databases
internal import Market
internal import Platform
internal import Synchronization

extension HotStore {
    /// Moves all rows up to an offset from the hot tables to the lake.
    ///
    /// Files are written and made durable, then each table's log gets one commit, which names them together with the
    /// offset, then the views change from hot rows to files in one transaction. A crash leaves either files that no
    /// commit names, which go at the next opening, or a commit whose offset makes the replay drop its rows. After an
    /// error the flush can be tried again, with the same or a later offset.
    /// - Parameter offset: at most `visibleOffset`.
    public func flush(upTo offset: Int64) throws(LakeError) -> FlushReport {
        precondition(offset <= visibleOffset, "offset \(offset) is not visible yet, only \(visibleOffset)")
        var watch = Stopwatch()
        var writeNs = Int64(0), commitNs = Int64(0)
        var reports: [FlushReport.Table] = []
        for table in tables {
            watch = Stopwatch()
            let written = try table.writeFiles(
                upTo: offset, on: flusher, rowGroupRows: options.rowGroupRows, options.reached)
            writeNs += watch.elapsedNs
            guard !written.isEmpty else { continue }
            try options.reached(.filesComplete(table: table.schema.name))
            watch = Stopwatch()
            let outcome = try table.commit(written.map(\.file), upTo: offset)
            commitNs += watch.elapsedNs
            try options.reached(.committed(table: table.schema.name))
            guard case .committed(let version) = outcome else {
                throw LakeError(
                    .conflict, "offset \(offset) was committed by another program under the same pipeline name",
                    operation: table.folder)
            }
            reports.append(
                FlushReport.Table(
                    name: table.schema.name, rows: written.reduce(0) { $0 + $1.rows }, files: written.count,
                    bytes: written.reduce(0) { $0 + $1.file.size }, version: version))
        }
        try options.reached(.allCommitted)
        watch = Stopwatch()
        try swap(upTo: offset)
        let swapNs = watch.elapsedNs
        try options.reached(.swapped)
        return FlushReport(upTo: offset, tables: reports, writeNs: writeNs, commitNs: commitNs, swapNs: swapNs)
    }

    /// Deletes the hot rows that are in the lake and points the views to their files, all in one transaction.
    private func swap(upTo offset: Int64) throws(LakeError) {
        let moved = tables.filter { $0.committedOffset >= 0 && committedOffset($0.schema.name) < $0.committedOffset }
        guard !moved.isEmpty else { return }
        let statements = moved.map { table in
            (
                "DELETE FROM \(table.sql.hotName) WHERE journal_offset <= \(table.committedOffset)",
                table.sql.view(hot: Self.hotTables(table.sql), files: table.files)
            )
        }
        let left = try retryingConflicts("move rows to the lake") { () throws(DatabaseError) in
            try flusher.transaction { () throws(DatabaseError) in
                var deleted: [Int64] = []
                for (delete, view) in statements {
                    guard case .integer(let count)? = try flusher.query(delete).collect().rows.first?.first else {
                        throw DatabaseError(.database, "a delete reported no count", operation: delete)
                    }
                    deleted.append(count)
                    try flusher.execute(view)
                }
                return deleted
            }
        }
        progress.withLock { progress in
            for (table, deleted) in zip(moved, left) {
                progress.committed[table.schema.name] = table.committedOffset
                progress.hotRows[table.schema.name, default: 0] -= deleted
            }
        }
        // Gives the memory of deleted rows back at once; where a query holds it, a later flush does.
        try? flusher.execute("CHECKPOINT")
    }
}

public import Databases
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
        let allWritten = try writeFiles(upTo: offset)
        let writeNs = watch.elapsedNs
        watch = Stopwatch()
        let reports = try commit(allWritten, upTo: offset)
        let commitNs = watch.elapsedNs
        try options.reached(.allCommitted)
        watch = Stopwatch()
        try swap(upTo: offset)
        let swapNs = watch.elapsedNs
        try options.reached(.swapped)
        return FlushReport(upTo: offset, tables: reports, writeNs: writeNs, commitNs: commitNs, swapNs: swapNs)
    }

    /// Commits the files of all tables that have some.
    private func commit(_ files: [[WrittenFile]], upTo offset: Int64) throws(LakeError) -> [FlushReport.Table] {
        let numbers = tables.indices.filter { !files[$0].isEmpty }
        let reports = Mutex([FlushReport.Table?](repeating: nil, count: numbers.count))
        try ParallelWork.run("flush-commit", count: numbers.count, threads: lake.requestsAtOnce) {
            [self] (place) throws(LakeError) in
            let report = try commit(files[numbers[place]], of: tables[numbers[place]], upTo: offset)
            reports.withLock { $0[place] = report }
        }
        return reports.withLock { $0 }.compactMap { $0 }
    }

    private func commit(
        _ written: [WrittenFile], of table: LakeTable, upTo offset: Int64
    ) throws(LakeError) -> FlushReport.Table {
        try options.reached(.filesComplete(table: table.schema.name))
        let outcome = try table.commit(written.map(\.file), upTo: offset)
        try options.reached(.committed(table: table.schema.name))
        guard case .committed(let version) = outcome else {
            throw LakeError(
                .conflict, "offset \(offset) was committed by another program under the same pipeline name",
                operation: table.place.url)
        }
        return FlushReport.Table(
            name: table.schema.name, rows: written.reduce(0) { $0 + $1.rows }, files: written.count,
            bytes: written.reduce(0) { $0 + $1.file.size }, version: version)
    }

    /// Writes the files of all tables; those of frames on a thread of their own, since they are half of all bytes. Over a network
    /// all at once.
    private func writeFiles(upTo offset: Int64) throws(LakeError) -> [[WrittenFile]] {
        typealias Outcome = Result<[WrittenFile], LakeError>
        let outcomes = Mutex([Outcome?](repeating: nil, count: tables.count))
        @Sendable func write(_ place: Int) {
            let outcome = Outcome { () throws(LakeError) in try writeFiles(tables[place], upTo: offset) }
            outcomes.withLock { $0[place] = outcome }
        }
        if lake.isRemote {
            ParallelWork.run("flush", count: tables.count, threads: lake.requestsAtOnce) { write($0) }
        } else {
            let bronze = tables.indices.filter { tables[$0].schema.name == Tables.frames.name }
            let helper = NamedThread("flush-frames") { bronze.forEach(write) }
            for place in tables.indices where !bronze.contains(place) { write(place) }
            helper.join()
        }
        var written: [[WrittenFile]] = []
        for outcome in outcomes.withLock({ $0 }) { try written.append(outcome?.get() ?? []) }
        return written
    }

    private func writeFiles(_ table: LakeTable, upTo offset: Int64) throws(LakeError) -> [WrittenFile] {
        try table.removePending()
        let parts = try onDatabase(table.place.url) { () throws(DatabaseError) in
            try rows.parts(table.schema.name, after: table.committedOffset, upTo: offset)
        }
        return try table.writeFiles(parts, upTo: offset, rowGroupRows: options.rowGroupRows, options.reached)
    }

    /// The SQL of a table's view.
    ///
    /// A table whose files are all in the archive has to ask there what they look like. Where that cannot be had, the view says so
    /// to those who query it, and everything else goes on.
    static func view(
        of table: LakeTable, on connection: Connection
    ) throws(LakeError) -> (sql: String, files: StoredFiles, isWhole: Bool) {
        let view = try table.view()
        guard table.isInArchiveOnly else { return (view.sql, view.files, true) }
        do {
            try connection.execute(view.sql)
            return (view.sql, view.files, true)
        } catch {
            Log.warning(
                "the archive of a table cannot be reached", ["table": table.schema.name, "reason": error.message])
            return (table.failingView(error.message), view.files, false)
        }
    }

    /// Whether the views of some tables cannot show what is in the archive.
    public var lacksArchive: Bool { shownVersions.withLock { $0.count < tables.count } }

    /// Whether a query failed since the archive cannot be reached: it may work later.
    public static func isArchiveAway(_ error: DatabaseError) -> Bool { error.message.contains(TableSQL.unreachable) }

    /// Shows what is in the archive, where that could not be had before; to be called by the thread that flushes.
    public func showArchive() throws(LakeError) {
        if lacksArchive { try swap(upTo: visibleOffset) }
    }

    /// Points the views to the files and no longer to the rows in memory that are in them, all in one transaction.
    private func swap(upTo offset: Int64) throws(LakeError) {
        // Others may have rearranged files meanwhile; in a while they remove the old ones.
        try ParallelWork.run("flush-refresh", count: tables.count, threads: lake.requestsAtOnce) {
            [tables] (number) throws(LakeError) in try tables[number].refresh()
        }
        let versions = shownVersions.withLock { $0 }
        let changed = tables.filter { versions[$0.schema.name] != $0.version }
        guard !changed.isEmpty else { return }
        for access in [options.lake.access, options.archive?.access].compactMap(\.self) {
            // Temporary keys may have changed since.
            try onDatabase(access.scope) { () throws(DatabaseError) in try flusher.grant(access) }
        }
        var views: [String] = []
        var whole: [LakeTable] = []
        var stored: [String: StoredFiles] = [:]
        for table in changed {
            let view = try Self.view(of: table, on: flusher)
            views.append(view.sql)
            if view.isWhole { whole.append(table) }
            stored[table.schema.name] = view.files
        }
        try retryingConflicts("move rows to the lake") { () throws(DatabaseError) in
            try flusher.transaction { () throws(DatabaseError) in
                for view in views { try flusher.execute(view) }
            }
        }
        // Before the progress, by which files are chosen.
        storedFiles.withLock { $0.merge(stored) { $1 } }
        shownVersions.withLock { shown in
            for table in whole { shown[table.schema.name] = table.version }
        }
        for table in changed where committedOffset(table.schema.name) < table.committedOffset {
            let name = table.schema.name
            let parts = try onDatabase(name) { () throws(DatabaseError) in
                try rows.parts(name, after: committedOffset(name), upTo: table.committedOffset)
            }
            let count = parts.reduce(0) { $0 + Int64($1.rows.count) }
            progress.withLock { progress in
                progress.committed[name] = table.committedOffset
                progress.hotRows[name, default: 0] -= count
            }
            rows.retire(name, upTo: table.committedOffset)
        }
    }
}

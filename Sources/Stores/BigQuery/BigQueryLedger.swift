internal import Delivery
internal import Market
internal import Platform

/// How far a table is.
struct BigQueryProgress: Equatable {
    /// The table, by when it was made.
    let creation: String
    /// Rows up to this offset, itself included, are there.
    var offset: Int64
    /// Load jobs from here on that were made, and failed.
    var attempt = 0
}

/// Finds out how far tables are, from the jobs that were made.
///
/// The name of a load job says behind which offset it begins. BigQuery takes a name once, so that of all that is ever begun at an
/// offset, by whoever and whenever it arrives, one job at most succeeds; its label says where it ends, where the next begins. A
/// label of the table says where to start following them.
/// - Threading: one thread at a time.
struct BigQueryLedger {
    let client: BigQueryClient
    let names: BigQueryNames
    let dataset: String
    let location: String
    /// Pauses while a job runs.
    var pollNs: ClosedRange<Int64> = 100_000_000...5_000_000_000

    /// Jobs are remembered for half a year; what was noted longer ago than this is not taken from them alone, in seconds.
    private static let trustedSeconds: Int64 = 90 * 86_400
    /// What runs longer is left alone for a while.
    private static let jobNsMax: Int64 = 900_000_000_000

    /// How far a table is, once everything that was begun has ended.
    func find(_ table: TableSchema, _ found: BigQueryTable) throws(DeliveryError) -> BigQueryProgress {
        let creation = found.creationTime ?? "0"
        let note = found.labels?[names.progressKey].flatMap(BigQueryNote.init)
        var progress = BigQueryProgress(creation: creation, offset: note?.offset ?? -1)
        var isFirst = true
        while let (attempt, job) = try newest(table.name, progress) {
            isFirst = false
            let ended = try wait(for: job)
            if ended.hasFailed {
                progress.attempt = attempt + 1
                break
            }
            guard let last = ended.labels[BigQueryNames.last].flatMap({ Int64($0) }), last > progress.offset else {
                throw DeliveryError(
                    .setup, "job \(ended.jobReference.jobId) does not say how far it goes: its labels were changed")
            }
            progress = BigQueryProgress(creation: creation, offset: last)
        }
        let isCounted = isFirst && !isTrusted(note, creation)
        if isCounted { progress.offset = try countedOffset(table, atLeast: progress.offset) }
        if progress.offset > note?.offset ?? -1 || (isCounted && note != nil) { try self.note(table, progress) }
        return progress
    }

    /// Whether jobs that came after a note are surely still known, under the same names.
    private func isTrusted(_ note: BigQueryNote?, _ creation: String) -> Bool {
        if let note, note.creation != creation { return false }
        let seconds = note?.seconds ?? (Int64(creation) ?? 0) / 1000
        return Timestamp.now().nanoseconds / 1_000_000_000 - seconds < Self.trustedSeconds
    }

    /// The last offset of a table's rows. A load job brings all rows of its range, so that nothing between it and the end of its
    /// unit is missing.
    func countedOffset(_ table: TableSchema, atLeast offset: Int64) throws(DeliveryError) -> Int64 {
        let place = "`\(client.project).\(dataset).\(table.name)`"
        let sql =
            "SELECT MAX(journal_offset) FROM \(place) WHERE pipeline = '\(names.pipeline)' "
            + "AND journal_offset > \(offset)"
        return try client.value(sql, location: location).flatMap { Int64($0) } ?? offset
    }

    /// The last job that was begun at an offset; nil where there is none.
    ///
    /// Attempts have no holes, and none follows one that succeeded.
    private func newest(
        _ table: String, _ progress: BigQueryProgress
    ) throws(DeliveryError) -> (attempt: Int, job: BigQueryJob)? {
        func ask(_ attempt: Int) throws(DeliveryError) -> BigQueryJob? {
            try client.job(
                names.job(table, creation: progress.creation, after: progress.offset, attempt: attempt),
                location: location)
        }
        guard var job = try ask(0) else { return nil }
        var known = 0
        var step = 1
        var missing = 1
        while job.hasFailed {
            missing = known + step
            guard let next = try ask(missing) else { break }
            known = missing
            job = next
            step *= 2
        }
        while job.hasFailed, missing - known > 1 {
            let middle = known + (missing - known) / 2
            if let next = try ask(middle) {
                known = middle
                job = next
            } else {
                missing = middle
            }
        }
        return (known, job)
    }

    /// The job once it is over.
    func wait(for job: BigQueryJob) throws(DeliveryError) -> BigQueryJob {
        var job = job
        var pauseNs = pollNs.lowerBound
        let watch = Stopwatch()
        while !job.isOver {
            let name = job.jobReference.jobId
            guard watch.elapsedNs < Self.jobNsMax else {
                throw DeliveryError(.unavailable, "job \(name) is still \(job.status.state)")
            }
            Pause.wait(ns: pauseNs)
            pauseNs = min(pauseNs * 2, pollNs.upperBound)
            guard let now = try client.job(name, location: location) else {
                throw DeliveryError(.unavailable, "job \(name) is not known any more")
            }
            job = now
        }
        return job
    }

    /// Notes how far a table is, so that fewer jobs are followed the next time.
    ///
    /// - Parameter isNeeded: whether nothing else says so. Otherwise the next note does as well where this one cannot be made now.
    func note(_ table: TableSchema, _ progress: BigQueryProgress, isNeeded: Bool = false) throws(DeliveryError) {
        let note = BigQueryNote(
            offset: progress.offset, seconds: Timestamp.now().nanoseconds / 1_000_000_000, creation: progress.creation)
        do throws(DeliveryError) {
            try client.label(dataset, table.name, names.progressKey, note.text)
        } catch {
            if isNeeded || error.kind != .unavailable { throw error }
        }
    }

    /// Notes what BigQuery does not take, once.
    func reject(
        _ table: TableSchema, _ offset: Int64, _ reason: String, _ rejected: BigQueryTable
    ) throws(DeliveryError) {
        let progress = BigQueryProgress(creation: rejected.creationTime ?? "0", offset: offset)
        // Jobs of this table have names for each table that it is about.
        let name = "\(BigQueryTables.rejected)-\(table.name)"
        var attempt = 0
        if let (last, job) = try newest(name, progress) {
            guard try wait(for: job).hasFailed else { return }
            attempt = last + 1
        }
        let row = """
            {"pipeline":\(JSONText.quoted(names.pipeline)),"table_name":\(JSONText.quoted(table.name)),\
            "journal_offset":\(offset),"reason":\(JSONText.quoted(reason)),\
            "rejected":\(JSONText.quoted("\(Timestamp.now())"))}
            """
        let load = BigQueryLoad(
            identifier: names.job(name, creation: progress.creation, after: offset, attempt: attempt),
            location: location, dataset: dataset, table: BigQueryTables.rejected, format: .json,
            labels: [(BigQueryNames.pipelineLabel, names.label)])
        guard let job = try client.load(load, Array(row.utf8)) else {
            throw DeliveryError(.conflict, "job \(load.identifier) was made by another program")
        }
        let ended = try wait(for: job)
        if ended.hasFailed {
            let failure = BigQueryFailure.delivery(ended, "\(dataset).\(BigQueryTables.rejected)")
            throw DeliveryError(failure.kind == .row ? .setup : failure.kind, failure.message)
        }
    }
}

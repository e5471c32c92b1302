public import Delivery
public import Market
internal import Platform

/// Tables in a dataset of BigQuery: the name of a load job says behind which offset it begins, and BigQuery takes a name once.
///
/// - Source: BigQuery documentation, "Loading data", "Managing jobs", "Quotas and limits".
public final class BigQueryTarget: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let settings: BigQuerySettings
    private let context: SinkContext
    private var pipeline: String { context.pipeline }
    private let pollNs: ClosedRange<Int64>?
    private var session: Session?
    /// When tables are tried again whose quota was used up, by the monotonic clock; kept over sessions.
    private var quotaNs: [String: Int64] = [:]

    private struct Session {
        let client: BigQueryClient
        let ledger: BigQueryLedger
        /// Tells jobs of this session from those of others.
        let identity = String(UInt64.random(in: .min ... .max), radix: 16)
        let parquet: BigQueryParquet?
        var progress: [String: BigQueryProgress] = [:]
        var location: String { ledger.location }
    }

    /// Larger than others' units: BigQuery counts the load jobs of a day, not their rows.
    public let unitRowsMax: Int64 = 2_000_000

    /// Failed jobs count too: whoever tried at once again would never come to the end of it.
    private static let quotaPauseNs: Int64 = 600_000_000_000

    /// - Parameter pollNs: pauses while a job runs; nil for the usual ones.
    init(_ settings: BigQuerySettings, _ context: SinkContext, pollNs: ClosedRange<Int64>? = nil) {
        self.settings = settings
        self.context = context
        self.pollNs = pollNs
        if let jobs = settings.jobsTooMany {
            Log.warning(
                "BigQuery takes 1,500 load jobs for a table and day; with this `flush` a busy table has more, and falls behind",
                ["sink": context.sink, "jobs": "\(jobs)"])
        }
    }

    public func open(_ schemas: [TableSchema]) throws(DeliveryError) {
        let client = try settings.client(context.meter)
        let dataset = settings.dataset
        let location = try openDataset(client)
        let names = BigQueryNames(pipeline: pipeline, dataset: "\(client.project).\(dataset)")
        var ledger = BigQueryLedger(client: client, names: names, dataset: dataset, location: location)
        if let pollNs { ledger.pollNs = pollNs }
        var session = Session(
            client: client, ledger: ledger, parquet: settings.mode == .load ? try BigQueryParquet(context) : nil)
        if try client.table(dataset, BigQueryTables.rejected) == nil {
            try client.makeTable(dataset, BigQueryTables.rejected, BigQueryTables.rejectedResource)
        }
        for schema in schemas {
            var found = try client.table(dataset, schema.name)
            if found == nil {
                try client.makeTable(dataset, schema.name, BigQueryTables.resource(schema))
                found = try client.table(dataset, schema.name)
            }
            let table = try checked(found, schema)
            session.progress[schema.name] = try ledger.find(schema, table)
        }
        try makeViews(session, schemas)
        self.session = session
    }

    /// - Returns: where the dataset is.
    private func openDataset(_ client: BigQueryClient) throws(DeliveryError) -> String {
        let name = settings.dataset
        var found = try client.dataset(name)
        if found == nil, let location = settings.location {
            try client.makeDataset(name, location: location)
            found = try client.dataset(name)
        }
        guard let found else {
            throw DeliveryError(
                .setup,
                "there is no dataset \(client.project).\(name): make it, or say with `location` where it is to be made")
        }
        return found.location ?? "US"
    }

    private func makeViews(_ session: Session, _ schemas: [TableSchema]) throws(DeliveryError) {
        guard let dataset = settings.views else { return }
        let client = session.client
        if try client.dataset(dataset) == nil { try client.makeDataset(dataset, location: session.location) }
        for view in BigQueryViews.all where schemas.contains(where: { $0.name == view.table }) {
            guard try client.table(dataset, view.name) == nil else { continue }
            try client.makeTable(
                dataset, view.name, BigQueryViews.resource(view, place: "\(client.project).\(settings.dataset)"))
        }
    }

    /// - Throws: `setup` where a table is not there, or does not fit.
    private func checked(_ found: BigQueryTable?, _ schema: TableSchema) throws(DeliveryError) -> BigQueryTable {
        let place = "\(settings.dataset).\(schema.name)"
        guard let found else {
            throw DeliveryError(.setup, "\(place) is gone; it is made again, and filled from the beginning")
        }
        if let difference = BigQueryTables.difference(schema, found.columns, place) {
            throw DeliveryError(.setup, difference)
        }
        return found
    }

    public func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
        try use().progress[table.name]?.offset ?? -1
    }

    public func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let session = try use()
        let table = unit.table
        // Before every unit: somebody may have changed the table, or made another one of its name.
        let found = try checked(try session.client.table(settings.dataset, table.name), table)
        guard var progress = session.progress[table.name], progress.creation == found.creationTime ?? "0" else {
            throw DeliveryError(
                .setup, "\(settings.dataset).\(table.name) was made again; it is filled from the beginning")
        }
        guard progress.offset == unit.after else {
            throw DeliveryError(
                .conflict, "rows up to offset \(progress.offset) are there already, not up to \(unit.after)")
        }
        let rows: Int64
        if let parquet = session.parquet {
            rows = try load(unit, progress, parquet, session)
        } else {
            rows = try BigQueryInsertions().encode(unit, pipeline: pipeline) { (body, billed) throws(DeliveryError) in
                try session.client.insert(settings.dataset, table.name, body)
                context.meter.add(units: billed)
                context.meter.add(kept: Int64(body.count))
            }
        }
        progress = BigQueryProgress(creation: progress.creation, offset: unit.last)
        try advance(table, to: progress, session, isNoteNeeded: false)
        return rows
    }

    /// Brings a unit by a load job, which brings all of it or nothing.
    private func load(
        _ unit: DeliveryUnit, _ progress: BigQueryProgress, _ parquet: BigQueryParquet, _ session: Session
    ) throws(DeliveryError) -> Int64 {
        let table = unit.table
        if let againNs = quotaNs[table.name], Stopwatch.monotonicNs() < againNs {
            throw DeliveryError(
                .unavailable,
                "BigQuery takes no more load jobs into \(settings.dataset).\(table.name) for now (quotaExceeded)")
        }
        let (file, rows) = try parquet.file(unit, pipeline: pipeline)
        let names = session.ledger.names
        let load = BigQueryLoad(
            identifier: names.job(
                table.name, creation: progress.creation, after: progress.offset, attempt: progress.attempt),
            location: session.location, dataset: settings.dataset, table: table.name,
            labels: [
                (BigQueryNames.last, "\(unit.last)"), (BigQueryNames.session, session.identity),
                (BigQueryNames.pipelineLabel, names.label),
            ])
        let made = try session.client.load(load, file)
        let job = if let made { made } else { try session.client.job(load.identifier, location: session.location) }
        guard let job, job.labels[BigQueryNames.session] == session.identity else {
            throw DeliveryError(
                .conflict,
                "another program delivers to \(settings.dataset) under the name \(pipeline), or an earlier start of this one did: "
                    + "there is a job \(load.identifier)")
        }
        let ended = try session.ledger.wait(for: job)
        if ended.hasFailed {
            self.session?.progress[table.name]?.attempt += 1
            if ended.status.errorResult?.reason == "quotaExceeded" {
                quotaNs[table.name] = Stopwatch.monotonicNs() + Self.quotaPauseNs
            }
            throw BigQueryFailure.delivery(ended, "\(settings.dataset).\(table.name)")
        }
        context.meter.add(kept: ended.outputBytes ?? Int64(file.count))
        return rows
    }

    public func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let session = try use()
        guard let rejected = try session.client.table(settings.dataset, BigQueryTables.rejected),
            let progress = session.progress[table.name]
        else { throw DeliveryError(.setup, "\(settings.dataset).\(BigQueryTables.rejected) is gone; it is made again") }
        try session.ledger.reject(table, last, reason, rejected)
        // There is no job that says so.
        try advance(
            table, to: BigQueryProgress(creation: progress.creation, offset: last), session, isNoteNeeded: true)
    }

    private func advance(
        _ table: TableSchema, to progress: BigQueryProgress, _ session: Session, isNoteNeeded: Bool
    ) throws(DeliveryError) {
        self.session?.progress[table.name] = progress
        try session.ledger.note(table, progress, isNeeded: isNoteNeeded)
    }

    public func close() { session = nil }

    private func use() throws(DeliveryError) -> Session {
        guard let session else { throw DeliveryError(.unavailable, "not connected") }
        return session
    }
}

public import Databases
public import Delivery
internal import Foundation
internal import Networking
public import Platform

extension BigQuerySink {
    /// Runs a statement in the project of a sink, whose dataset is meant where a statement names none.
    ///
    /// - Throws: what BigQuery says, without secrets.
    public static func ask(
        _ sql: String, _ options: Options, _ context: SinkContext, rowsMax: Int
    ) throws(DeliveryError) -> QueryResult {
        let settings: BigQuerySettings
        do { settings = try BigQuerySettings(options) } catch { throw DeliveryError(.setup, error.message) }
        let client = try settings.client(context.meter)
        var location = settings.location
        if location == nil { location = try client.dataset(settings.dataset)?.location }
        return try client.ask(sql, dataset: settings.dataset, location: location, rowsMax: rowsMax)
    }
}

extension BigQueryClient {
    /// How long BigQuery may take to say that it is not ready, in milliseconds.
    private static let waitMs = 10_000
    private static let pageRowsMax = 10_000

    /// Runs a statement as a job, and reads its rows page by page.
    func ask(
        _ sql: String, dataset: String, location: String?, rowsMax: Int
    ) throws(DeliveryError) -> QueryResult {
        let job = try begin(sql, dataset: dataset, location: location)
        let pageRows = min(Self.pageRowsMax, rowsMax == .max ? rowsMax : rowsMax + 1)
        var fields: [BigQueryResults.Field] = []
        var rows: [[SQLValue]] = []
        var token: String?
        while true {
            let place = path(job, location, token, pageRows)
            let page: BigQueryResults = try decode(
                translating { () throws(CloudError) in try controls.send(.get, place, operation: "query") }, "query")
            // A statement that takes its time is asked for again.
            guard page.jobComplete == true else { continue }
            if let found = page.schema?.fields { fields = found }
            for row in page.rows ?? [] { rows.append(zip(fields, row.f).map { $0.value($1.v) }) }
            token = page.pageToken
            if token == nil || rows.count > rowsMax { break }
        }
        return QueryResult(
            columns: fields.map { ResultColumn(name: $0.name, type: $0.sqlType) },
            rows: Array(rows.prefix(rowsMax)), isTruncated: rows.count > rowsMax)
    }

    /// - Returns: the name of the job, which is taken once: a request that is sent again begins nothing more.
    private func begin(_ sql: String, dataset: String, location: String?) throws(DeliveryError) -> String {
        let name = "tapedeck-query-\(UInt64.random(in: .min ... .max))"
        let place = location.map { ",\"location\":\(JSONText.quoted($0))" } ?? ""
        let own = JSONText.quoted(project)
        let body =
            "{\"jobReference\":{\"projectId\":\(own),\"jobId\":\"\(name)\"\(place)},\"configuration\":{\"query\":{"
            + "\"query\":\(JSONText.quoted(sql)),\"useLegacySql\":false,"
            + "\"defaultDataset\":{\"projectId\":\(own),\"datasetId\":\(JSONText.quoted(dataset))}}}}"
        let answer: [UInt8]
        do throws(CloudError) {
            answer = try controls.send(.post, "\(root)/jobs", Array(body.utf8), operation: "query")
        } catch {
            if error.name == Self.duplicate { return name }
            throw BigQueryFailure.delivery(error)
        }
        let job: BigQueryJob = try decode(answer, "query")
        if job.hasFailed { throw DeliveryError(.setup, job.status.errorResult?.message ?? "the query failed") }
        return name
    }

    private func path(_ job: String, _ location: String?, _ token: String?, _ pageRows: Int) -> String {
        var path =
            "\(root)/queries/\(job)?maxResults=\(pageRows)&timeoutMs=\(Self.waitMs)"
            + "&formatOptions.useInt64Timestamp=true"
        if let location { path += "&location=\(PercentEncoding.encode(location))" }
        if let token { path += "&pageToken=\(PercentEncoding.encode(token))" }
        return path
    }
}

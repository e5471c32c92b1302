internal import Delivery
internal import Foundation
internal import Networking
internal import Platform

/// Asks BigQuery over REST.
///
/// - Source: BigQuery REST reference v2; "Loading data from local files", "multipart uploads".
/// - Threading: one thread at a time.
struct BigQueryClient {
    /// What is asked and answered at once.
    let controls: GoogleService
    /// What carries rows.
    let uploads: GoogleService
    let project: String

    var root: String { "/bigquery/v2/projects/\(PercentEncoding.encode(project))" }
    private func path(_ dataset: String) -> String { "\(root)/datasets/\(dataset)" }
    private func path(_ dataset: String, _ table: String) -> String { "\(path(dataset))/tables/\(table)" }

    /// A dataset; nil where it is not there.
    func dataset(_ name: String) throws(DeliveryError) -> BigQueryDataset? {
        try find(path(name), "dataset \(project).\(name)")
    }

    /// Makes a dataset; one that is there stays as it is.
    func makeDataset(_ name: String, location: String) throws(DeliveryError) {
        let reference = "{\"projectId\":\(JSONText.quoted(project)),\"datasetId\":\(JSONText.quoted(name))}"
        try make(
            "\(root)/datasets", "{\"datasetReference\":\(reference),\"location\":\(JSONText.quoted(location))}",
            "making the dataset \(project).\(name)")
    }

    /// A table; nil where it, or its dataset, is not there.
    func table(_ dataset: String, _ name: String) throws(DeliveryError) -> BigQueryTable? {
        try find(path(dataset, name), "table \(dataset).\(name)")
    }

    /// Makes a table or view; one that is there stays as it is.
    ///
    /// - Parameter fields: members of the resource, apart from its reference.
    func makeTable(_ dataset: String, _ name: String, _ fields: String) throws(DeliveryError) {
        try make(
            "\(path(dataset))/tables", "{\"tableReference\":\(reference(dataset, name)),\(fields)}",
            "making \(dataset).\(name)")
    }

    /// Sets one label of a table.
    func label(_ dataset: String, _ table: String, _ key: String, _ value: String) throws(DeliveryError) {
        let body = "{\"labels\":{\(JSONText.quoted(key)):\(JSONText.quoted(value))}}"
        _ = try translating { () throws(CloudError) in
            try controls.send(
                .patch, path(dataset, table), Array(body.utf8), operation: "labelling \(dataset).\(table)")
        }
    }

    /// A job; nil where there never was one of this name.
    func job(_ identifier: String, location: String) throws(DeliveryError) -> BigQueryJob? {
        try find("\(root)/jobs/\(identifier)?location=\(PercentEncoding.encode(location))", "job \(identifier)")
    }

    /// Begins a load job with a file.
    ///
    /// - Returns: the job; nil where there is one of its name already.
    func load(_ job: BigQueryLoad, _ file: [UInt8]) throws(DeliveryError) -> BigQueryJob? {
        let boundary = "tapedeck\(UInt64.random(in: .min ... .max))x\(UInt64.random(in: .min ... .max))"
        let reference =
            "{\"projectId\":\(JSONText.quoted(project)),\"jobId\":\(JSONText.quoted(job.identifier)),"
            + "\"location\":\(JSONText.quoted(job.location))}"
        let labels = job.labels.map { "\(JSONText.quoted($0)):\(JSONText.quoted($1))" }.joined(separator: ",")
        let load =
            "{\"destinationTable\":\(self.reference(job.dataset, job.table)),\"sourceFormat\":\"\(job.format.rawValue)\","
            + "\"writeDisposition\":\"WRITE_APPEND\",\"createDisposition\":\"CREATE_NEVER\"\(job.format.options)}"
        let resource =
            "{\"jobReference\":\(reference),\"configuration\":{\"labels\":{\(labels)},\"load\":\(load)}}"
        var body = Array("--\(boundary)\r\nContent-Type: application/json; charset=UTF-8\r\n\r\n\(resource)\r\n".utf8)
        body.reserveCapacity(body.count + file.count + 200)
        body += Array("--\(boundary)\r\nContent-Type: application/octet-stream\r\n\r\n".utf8)
        body += file
        body += Array("\r\n--\(boundary)--\r\n".utf8)
        do {
            let answer = try uploads.send(
                .post, "/upload\(root)/jobs?uploadType=multipart", body,
                type: "multipart/related; boundary=\(boundary)", operation: "load job \(job.identifier)")
            return try decode(answer, "load job \(job.identifier)")
        } catch let error as CloudError {
            if error.name == Self.duplicate { return nil }
            throw BigQueryFailure.delivery(error)
        } catch {
            throw error as? DeliveryError ?? DeliveryError(.unavailable, "\(error)")
        }
    }

    /// Streams rows into a table: all of them or none.
    ///
    /// - Parameter body: of `tabledata.insertAll`.
    func insert(_ dataset: String, _ table: String, _ body: [UInt8]) throws(DeliveryError) {
        let operation = "rows for \(dataset).\(table)"
        let answer = try translating { () throws(CloudError) in
            try uploads.send(.post, "\(path(dataset, table))/insertAll", body, operation: operation)
        }
        let insertion: BigQueryInsertion = try decode(answer, operation)
        if let refusals = insertion.insertErrors, !refusals.isEmpty {
            throw BigQueryFailure.delivery(refusals, "\(dataset).\(table)")
        }
    }

    /// The first value of the first row of a query; nil where it is null.
    func value(_ sql: String, location: String) throws(DeliveryError) -> String? {
        let body =
            "{\"query\":\(JSONText.quoted(sql)),\"useLegacySql\":false,\"location\":\(JSONText.quoted(location)),"
            + "\"timeoutMs\":50000}"
        let answer = try translating { () throws(CloudError) in
            try controls.send(.post, "\(root)/queries", Array(body.utf8), operation: "query")
        }
        let rows: BigQueryAnswer = try decode(answer, "query")
        guard rows.jobComplete == true, let cell = rows.rows?.first?.f.first else {
            let told = rows.errors?.first?.message ?? "it is not answered yet"
            throw DeliveryError(.unavailable, "query: \(told)")
        }
        return cell.v
    }

    /// Some rows of a table, all of their columns.
    ///
    /// - Parameter token: of the page before; nil for the first.
    func rows(_ dataset: String, _ table: String, after token: String?) throws(DeliveryError) -> BigQueryPage {
        var place = "\(path(dataset, table))/data?maxResults=\(Self.pageRows)"
        if let token { place += "&pageToken=\(PercentEncoding.encode(token))" }
        let operation = "reading \(dataset).\(table)"
        let answer = try translating { () throws(CloudError) in
            try controls.send(.get, place, operation: operation)
        }
        return try decode(answer, operation)
    }

    private static let pageRows = 10_000
    static let duplicate = "duplicate"

    private func reference(_ dataset: String, _ table: String) -> String {
        "{\"projectId\":\(JSONText.quoted(project)),\"datasetId\":\(JSONText.quoted(dataset)),"
            + "\"tableId\":\(JSONText.quoted(table))}"
    }

    private func find<T: Decodable>(_ path: String, _ operation: String) throws(DeliveryError) -> T? {
        let answer: [UInt8]
        do throws(CloudError) {
            answer = try controls.send(.get, path, operation: operation)
        } catch {
            if error.kind == .missing { return nil }
            throw BigQueryFailure.delivery(error)
        }
        return try decode(answer, operation)
    }

    private func make(_ path: String, _ body: String, _ operation: String) throws(DeliveryError) {
        do throws(CloudError) {
            _ = try controls.post(path, body, operation: operation)
        } catch {
            if error.name != Self.duplicate { throw BigQueryFailure.delivery(error) }
        }
    }

    func decode<T: Decodable>(_ answer: [UInt8], _ operation: String) throws(DeliveryError) -> T {
        do { return try JSONDecoder().decode(T.self, from: Data(answer)) } catch {
            throw DeliveryError(.unavailable, "\(operation): the answer is not what BigQuery's reference says")
        }
    }

    func translating<T>(_ body: () throws(CloudError) -> T) throws(DeliveryError) -> T {
        do { return try body() } catch { throw BigQueryFailure.delivery(error) }
    }
}

/// A load job that is to be.
struct BigQueryLoad {
    enum Format: String {
        case parquet = "PARQUET"
        case json = "NEWLINE_DELIMITED_JSON"

        /// Members of the configuration.
        fileprivate var options: String { self == .parquet ? ",\"decimalTargetTypes\":[\"NUMERIC\"]" : "" }
    }

    let identifier: String
    let location: String
    let dataset: String
    let table: String
    var format = Format.parquet
    let labels: [(key: String, value: String)]
}

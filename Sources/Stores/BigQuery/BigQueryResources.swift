/// What BigQuery says of a dataset.
///
/// - Source: BigQuery REST reference v2, "Dataset", "Table", "Job", "ErrorProto".
struct BigQueryDataset: Decodable {
    let location: String?
}

/// What BigQuery says of a table.
struct BigQueryTable: Decodable {
    struct Field: Decodable {
        let name: String
        let type: String
        let mode: String?
    }
    struct Schema: Decodable {
        let fields: [Field]?
    }

    /// Milliseconds since 1970, as text: a table that is made again has another.
    let creationTime: String?
    let labels: [String: String]?
    let schema: Schema?

    /// Types by name of column.
    var columns: [String: String] {
        Dictionary((schema?.fields ?? []).map { ($0.name, $0.mode == "REPEATED" ? "REPEATED" : $0.type) }) { first, _ in
            first
        }
    }
}

/// What BigQuery says of a job.
struct BigQueryJob: Decodable {
    struct Reference: Decodable {
        let jobId: String
    }
    struct Configuration: Decodable {
        let labels: [String: String]?
    }
    struct Status: Decodable {
        let state: String
        let errorResult: Fault?
        let errors: [Fault]?
    }
    struct Fault: Decodable {
        let reason: String?
        let message: String?
    }
    struct Statistics: Decodable {
        struct Load: Decodable {
            let outputBytes: String?
        }
        let load: Load?
    }

    let jobReference: Reference
    let configuration: Configuration?
    let status: Status
    let statistics: Statistics?

    var labels: [String: String] { configuration?.labels ?? [:] }
    var isOver: Bool { status.state == "DONE" }
    /// Bytes of its rows in the table, as BigQuery counts them for its bill; nil before it has ended.
    var outputBytes: Int64? { statistics?.load?.outputBytes.flatMap { Int64($0) } }
    /// Nothing of it came into the table.
    var hasFailed: Bool { isOver && status.errorResult != nil }
}

/// The answer to rows that were streamed.
struct BigQueryInsertion: Decodable {
    struct Refusal: Decodable {
        let index: Int?
        let errors: [BigQueryJob.Fault]?
    }
    let insertErrors: [Refusal]?
}

/// Some rows of a table.
struct BigQueryPage: Decodable {
    struct Row: Decodable {
        let f: [Cell]
    }
    struct Cell: Decodable {
        let v: String?
    }
    let rows: [Row]?
    /// Where the next rows are; nil at the end.
    let pageToken: String?
}

/// The answer to a query.
struct BigQueryAnswer: Decodable {
    let jobComplete: Bool?
    let rows: [BigQueryPage.Row]?
    let errors: [BigQueryJob.Fault]?
}

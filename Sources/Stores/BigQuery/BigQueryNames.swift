internal import Platform

/// Names of jobs and labels of one pipeline in one dataset.
struct BigQueryNames: Sendable {
    let pipeline: String
    private let slug: String
    private let dataset: String

    /// Label of a job: the journal offset up to which it brings a table.
    static let last = "tapedeck_last"
    /// Label of a job: who made it.
    static let session = "tapedeck_session"
    /// Label of a job, for those who look at what costs.
    static let pipelineLabel = "tapedeck_pipeline"

    private static let slugBytesMax = 32

    /// - Parameters:
    ///   - pipeline: letters, digits, `-` and `_`.
    ///   - dataset: with its project.
    init(pipeline: String, dataset: String) {
        self.pipeline = pipeline
        self.dataset = dataset
        // Labels are of lower case; the number tells apart what looks the same then.
        slug = String(pipeline.lowercased().prefix(Self.slugBytesMax))
    }

    /// Value of a job's label.
    var label: String { slug }

    /// Key of the label of a table that says how far this pipeline has brought it.
    var progressKey: String { "tapedeck-\(slug)-\(FNV1a.digits(pipeline.utf8))" }

    /// Name of a load job: what it begins behind, and which attempt it is, but not where it ends.
    ///
    /// - Parameter creation: of the table, in milliseconds: one that is made again has other jobs.
    func job(_ table: String, creation: String, after: Int64, attempt: Int) -> String {
        let identity = FNV1a.digits("\(pipeline)\n\(dataset)\n\(table)".utf8)
        return "tapedeck-\(slug)-\(table)-\(identity)-\(creation)-\(after + 1)-\(attempt)"
    }

    /// What tells a row that is streamed twice: its place in the journal and its content.
    static func insertion(offset: Int64, _ row: some Sequence<UInt8>) -> String { "\(offset)-\(FNV1a.digits(row))" }
}

/// How far a table was when it was last noted, as the value of its label: `OFFSET_SECONDS_CREATION`.
struct BigQueryNote: Equatable {
    let offset: Int64
    /// When it was noted, in seconds since 1970.
    let seconds: Int64
    /// The table that was noted, by when it was made.
    let creation: String

    init(offset: Int64, seconds: Int64, creation: String) {
        self.offset = offset
        self.seconds = seconds
        self.creation = creation
    }

    init?(_ text: String) {
        let parts = text.split(separator: "_")
        guard parts.count == 3, let offset = Int64(parts[0]), let seconds = Int64(parts[1]), offset >= 0 else {
            return nil
        }
        self.init(offset: offset, seconds: seconds, creation: String(parts[2]))
    }

    var text: String { "\(offset)_\(seconds)_\(creation)" }
}

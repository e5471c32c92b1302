internal import Delivery
internal import Networking
internal import Platform

/// How rows get into BigQuery.
enum BigQueryMode: String, Sendable, CaseIterable {
    /// Load jobs of Parquet files.
    case load
    /// `tabledata.insertAll`.
    case stream
}

/// How a sink delivers to BigQuery, checked.
struct BigQuerySettings: Sendable {
    /// Nil takes that of the key file.
    let project: String?
    let dataset: String
    /// Where the dataset is made; nil where it has to be there.
    let location: String?
    /// Dataset of the views; nil for none.
    let views: String?
    let mode: BigQueryMode
    /// Load jobs of one table that `flush` comes to in a day, where that is more than BigQuery takes.
    let jobsTooMany: Int64?
    private let google: GoogleOptions

    /// Load jobs for one table and day.
    ///
    /// - Source: BigQuery documentation, "Quotas and limits", "Load jobs".
    static let jobsMax: Int64 = 1500
    private static let dayNs: Int64 = 86_400_000_000_000
    private static let scope = "https://www.googleapis.com/auth/bigquery"
    /// What answers at once.
    private static let controlNs: Int64 = 60_000_000_000
    /// A file on a slow line.
    private static let uploadNs: Int64 = 600_000_000_000

    init(
        _ options: Options, environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) {
        google = try GoogleOptions(
            options, emulator: BigQuerySink.emulator, endpoint: BigQuerySink.endpoint, environment: environment)
        // Projects of domains hold a point: `example.com:market.ticks`.
        let parts = options.text("dataset").split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        let name = parts.last ?? ""
        guard Self.isDataset(name) else {
            throw options.error(
                "dataset", "`\(options.text("dataset"))` is no dataset",
                suggestion: "write `my_dataset` or `my-project.my_dataset`")
        }
        dataset = name
        let given = options.isSet("project") ? options.text("project") : environment["GOOGLE_CLOUD_PROJECT"] ?? ""
        let project = parts.count > 1 ? parts.dropLast().joined(separator: ".") : given
        guard project.isEmpty ? parts.count == 1 : Self.isProject(project) else {
            throw options.error(
                parts.count > 1 ? "dataset" : "project", "`\(project)` is no project",
                suggestion: "write `my-project`")
        }
        self.project = project.isEmpty ? nil : project
        location = options.isSet("location") ? options.text("location") : nil
        let views = options.text("views")
        guard views.isEmpty || (Self.isDataset(views) && views != name) else {
            throw options.error(
                "views",
                views == name
                    ? "is the dataset of the tables, two of which have these names" : "is no name of a dataset",
                suggestion: "write `\(name)_views`")
        }
        self.views = views.isEmpty ? nil : views
        mode = BigQueryMode(rawValue: options.text("mode")) ?? .load
        let jobs = Self.dayNs / max(1, options.durationNs("flush"))
        // An emulator counts nothing.
        jobsTooMany = mode == .load && jobs > Self.jobsMax && !google.endpoint.isLoopback ? jobs : nil
    }

    private static func isDataset(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.count <= 1024
            && text.utf8.allSatisfy { isAlphanumeric($0) || $0 == UInt8(ascii: "_") }
    }

    private static func isProject(_ text: String) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { isAlphanumeric($0) || "-.:_".utf8.contains($0) }
    }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
    }

    /// What asks BigQuery.
    ///
    /// - Throws: `setup` where the key file is of no use, or no project is known.
    func client(_ meter: UsageMeter) throws(DeliveryError) -> BigQueryClient {
        do {
            var options = HTTPClient.Options()
            options.meter = meter
            options.timeoutNs = Self.controlNs
            let controls = try HTTPClient(options)
            options.timeoutNs = Self.uploadNs
            options.lowSpeedTimeNs = Self.controlNs * 2
            let tokens = try google.tokens(controls, scope: Self.scope)
            guard let project = project ?? tokens?.project else {
                throw DeliveryError(
                    .setup, "no project is known: write `dataset: PROJECT.\(dataset)`, or set GOOGLE_CLOUD_PROJECT")
            }
            return BigQueryClient(
                controls: google.service(controls, tokens: tokens),
                uploads: google.service(try HTTPClient(options), tokens: tokens), project: project)
        } catch let error as CloudError {
            throw BigQueryFailure.delivery(error)
        } catch let error as DeliveryError {
            throw error
        } catch {
            throw DeliveryError(.setup, "\(error)")
        }
    }
}

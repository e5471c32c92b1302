internal import Delivery
internal import Market
internal import Networking
internal import Platform

/// How rows go to Pub/Sub, checked.
struct PubSubSinkSettings: Sendable {
    let project: String
    /// Begins the names of topics.
    let prefix: String
    let isOrdered: Bool
    /// Whether frames go as they came.
    let asReceived: Bool
    /// Requests under way at once.
    let requests: Int
    private let google: GoogleOptions
    private static let scope = "https://www.googleapis.com/auth/pubsub"
    private static let timeoutNs: Int64 = 20_000_000_000

    init(
        _ options: Options, environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) {
        google = try GoogleOptions(
            options, emulator: PubSubSink.emulator, endpoint: PubSubSink.endpoint, environment: environment)
        guard let project = GoogleNames.project(options, environment) else {
            throw options.error(
                "project", "is missing, and GOOGLE_CLOUD_PROJECT does not name one",
                suggestion: "add `project: my-project`")
        }
        self.project = project
        let prefix = options.text("prefix")
        self.prefix = prefix
        let names = (DeliveryTables.names + [Self.rejected]).map { prefix + $0 }
        guard names.allSatisfy(Self.isTopic) else {
            throw options.error(
                "prefix", "`\(prefix)` cannot begin names of topics",
                suggestion:
                    "begin with a letter, use letters, digits, `-`, `.`, `_`, `~` and `+`, 230 at most; not `goog`")
        }
        isOrdered = options.boolean("ordered")
        asReceived = options.boolean("as_received")
        requests = Int(options.integer("requests"))
        guard (1...64).contains(requests) else {
            throw options.error("requests", "is not between 1 and 64", suggestion: "write `requests: 8`")
        }
    }

    /// - Source: "Guidelines to name a topic, subscription, schema, or snapshot"; `%` is left out.
    private static func isTopic(_ name: String) -> Bool {
        guard (3...255).contains(name.utf8.count), let first = name.first, first.isASCII, first.isLetter else {
            return false
        }
        return !name.hasPrefix("goog") && !name.contains("%") && !name.contains(":") && GoogleNames.isName(name)
    }

    /// Name of the topic, behind the prefix, of what was not delivered.
    private static let rejected = "rejected"

    private func topic(named name: String) -> String { "projects/\(project)/topics/\(prefix)\(name)" }
    func topic(_ table: TableSchema) -> String { topic(named: table.name) }
    var rejectedTopic: String { topic(named: Self.rejected) }

    /// Stands for where rows go.
    var place: String { "\(google.endpoint.origin)/\(topic(named: ""))" }

    /// What asks the service.
    ///
    /// - Throws: `CloudError` where the key file is of no use.
    func service(_ meter: UsageMeter) throws(CloudError) -> GoogleService {
        var options = HTTPClient.Options()
        options.meter = meter
        options.timeoutNs = Self.timeoutNs
        options.maxIdleConnections = requests
        let client: HTTPClient
        do throws(NetworkError) { client = try HTTPClient(options) } catch {
            throw CloudError(.denied, error.message, operation: error.operation)
        }
        return google.service(client, tokens: try google.tokens(client, scope: Self.scope))
    }
}

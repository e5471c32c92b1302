internal import Market
internal import Networking
public import Platform

/// Google Cloud Pub/Sub: messages pulled from a subscription.
///
/// - Source: Pub/Sub documentation, "Pull subscriptions", "Ordering messages"; REST reference of `projects.subscriptions`.
/// - Units: those of the tables' columns for rows; those of the venue for its messages.
/// - Gaps: a message is acknowledged only once it is durable, and counts once however often it is delivered.
public struct PubSubFeed: Feed {
    static let emulator = "PUBSUB_EMULATOR_HOST"
    static let endpoint = "https://pubsub.googleapis.com"

    public static let spec = Spec(
        "pubsub", "Rows or messages pulled from a subscription of Google Cloud Pub/Sub.",
        options: [
            .text("subscription", "`projects/PROJECT/subscriptions/NAME`, or the name alone beside `project`."),
            GoogleNames.projectSpec(of: "subscription"),
        ] + PushFormat.specs("messages", venue: "PUBSUB") + [
            .integer("batch", default: "1000", "Messages that one pull asks for, up to 1000."),
            .integer("pulls", default: "2", "Pulls under way at once, up to 16."),
            .integer("outstanding", default: "20000", "Messages that may wait to become durable and be acknowledged."),
        ] + GoogleOptions.specs(emulator: emulator, endpoint: endpoint),
        example: """
            pubsub: { subscription: projects/my-project/subscriptions/trades, format: trades }
            """)

    private let pullSettings: PubSubSettings

    public init(_ options: Options) throws(ConfigError) { pullSettings = try PubSubSettings(options) }

    public var settings: String { pullSettings.session.text(StreamPositions()) }

    public func makeSource() throws -> any FeedSource { PubSubSource(pullSettings) }
}

/// How one feed pulls, checked.
struct PubSubSettings: Sendable {
    /// Its full name.
    let subscription: String
    let session: ConsumerSession
    let batch: Int
    let pulls: Int
    var leases = PubSubLeases.Policy()
    var retry = Reconnect.Policy()
    private let google: GoogleOptions
    private static let scope = "https://www.googleapis.com/auth/pubsub"
    /// Longer than a pull without messages takes.
    private static let pullNs: Int64 = 120_000_000_000
    private static let controlNs: Int64 = 10_000_000_000

    init(
        _ options: Options, environment: [String: String] = CloudEnvironment.process
    ) throws(ConfigError) {
        google = try GoogleOptions(
            options, emulator: PubSubFeed.emulator, endpoint: PubSubFeed.endpoint, environment: environment)
        subscription = try Self.subscription(options, environment)
        session = ConsumerSession(options, venue: "PUBSUB")
        batch = try options.count("batch", most: 1000)
        pulls = try options.count("pulls", most: 16)
        leases.countMax = try options.count("outstanding", most: 1_000_000)
    }

    private static func subscription(_ options: Options, _ environment: [String: String]) throws(ConfigError) -> String
    {
        let text = options.text("subscription")
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        if parts.count == 4, parts[0] == "projects", parts[2] == "subscriptions", GoogleNames.isName(parts[1]),
            GoogleNames.isName(parts[3])
        {
            return text
        }
        guard parts.count == 1, GoogleNames.isName(text) else {
            throw options.error(
                "subscription", "`\(text)` is no subscription",
                suggestion: "write `projects/my-project/subscriptions/my-subscription`")
        }
        guard let project = GoogleNames.project(options, environment) else {
            throw options.error(
                "subscription", "does not name its project, and neither `project` nor GOOGLE_CLOUD_PROJECT does",
                suggestion: "write `projects/my-project/subscriptions/\(text)`")
        }
        return "projects/\(project)/subscriptions/\(text)"
    }

    /// What pulls.
    ///
    /// - Throws: `CloudError` where the key file is of no use.
    func pull() throws -> PubSubPull {
        var options = HTTPClient.Options()
        options.timeoutNs = Self.controlNs
        let controls = try HTTPClient(options)
        options.timeoutNs = Self.pullNs
        options.lowSpeedTimeNs = Self.pullNs
        options.maxIdleConnections = pulls
        let tokens = try google.tokens(controls, scope: Self.scope)
        return PubSubPull(
            pulls: google.service(try HTTPClient(options), tokens: tokens),
            controls: google.service(controls, tokens: tokens), subscription: subscription)
    }
}

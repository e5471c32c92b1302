internal import Networking
internal import Platform

/// How one feed reads, checked.
struct KinesisSettings: Sendable {
    let stream: KinesisStream
    let batch: Int
    let readers: Int
    var policy = KinesisShards.Policy()
    private let consumer: ConsumerSession
    private let start: Start
    private let aws: AWSOptions

    private enum Start {
        case earliest
        case latest
        case at(ns: Int64)
    }

    /// `latest` begins so long before the first start, in nanoseconds: clocks differ.
    private static let latestNs: Int64 = 5_000_000_000
    /// Five reads a second.
    private static let everyNsMin: Int64 = 200_000_000
    /// Member of a session's settings: where shards begin that were never read, in nanoseconds since 1970 UTC.
    private static let startMember = "start_ns"

    init(_ options: Options, environment: [String: String] = CloudEnvironment.process) throws(ConfigError) {
        stream = try KinesisStream(options)
        aws = try AWSOptions(options, region: stream.region, service: "kinesis", environment: environment)
        consumer = ConsumerSession(options, venue: "KINESIS")
        start = try Self.start(options)
        guard options.durationNs("every") >= Self.everyNsMin else {
            throw options.error(
                "every", "is shorter than the service's five reads a second allow", suggestion: "write `200ms`")
        }
        batch = try options.count("batch", most: Int64(KinesisClient.recordsMax))
        readers = try options.count("readers", most: 64)
        policy.everyNs = options.durationNs("every")
    }

    private static func start(_ options: Options) throws(ConfigError) -> Start {
        switch options.text("start") {
        case "earliest": return .earliest
        case "latest": return .latest
        case let text:
            guard let time = Timestamp(rfc3339: text) else {
                throw options.error(
                    "start", "`\(text)` is no time", suggestion: "write `earliest`, `latest` or `2026-01-30T14:30:00Z`")
            }
            return .at(ns: time.nanoseconds)
        }
    }

    /// The settings of a session, and where it begins shards that were never read: where the first session would have.
    func session(_ before: ConsumedBefore, now: Timestamp) -> (text: String, start: KinesisClient.Start) {
        switch start {
        case .earliest: return (consumer.text(before.positions), .earliest)
        case .at(let ns): return (consumer.text(before.positions), .at(ns: ns))
        case .latest:
            let earlier = before.settings.flatMap { try? SessionSettings(text: $0) }?.values[Self.startMember]
            let ns = earlier.flatMap { Int64($0) } ?? now.nanoseconds - Self.latestNs
            return (consumer.text(before.positions, [Self.startMember: "\(ns)"]), .at(ns: ns))
        }
    }

    /// What asks the service.
    func client() throws -> KinesisClient {
        var options = HTTPClient.Options()
        options.maxIdleConnections = readers
        let service = try AWSService(
            HTTPClient(options), aws.credentials, endpoint: aws.endpoint, region: aws.region, service: "kinesis",
            prefix: KinesisStream.actions)
        return KinesisClient(service, stream)
    }
}

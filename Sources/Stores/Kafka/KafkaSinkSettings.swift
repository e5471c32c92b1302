internal import Delivery
internal import Kafka
public import Platform

/// How rows go to Kafka, checked.
public struct KafkaSinkSettings: Sendable {
    /// Begins the names of topics.
    let prefix: String
    /// Partitions of topics that are made.
    let partitions: Int
    /// Whether topics that are there must have just as many.
    let checksPartitions: Bool
    /// Copies of each partition; nil leaves it to the cluster.
    let copies: Int?
    let client: KafkaSettings
    /// Bytes of a message at most: value, key and header.
    let messageBytesMax: Int
    /// What the values of messages are.
    let format: MessageFormat
    /// Whether frames go as they came.
    let asReceived: Bool

    /// Settings that options say, or that delivery rests on.
    private static let reserved = [
        "group.id": "", "transactional.id": "", "delivery.report.only.error": "", "isolation.level": "",
        "enable.partition.eof": "", "enable.gapless.guarantee": "", "acks": "", "request.required.acks": "",
    ]
    /// What `settings` may change.
    private static let defaults: [(name: String, text: String)] = [
        ("client.id", "tapedeck"), ("compression.type", "lz4"),
        // The same partition for a key as other clients choose, so that their topics can be joined with these.
        ("partitioner", "murmur2_random"),
        // Batches of a size worth compressing; a unit that ends is not waited for.
        ("linger.ms", "20"), ("batch.num.messages", "10000"),
        // As many as a part of a unit may hold; they lie in memory anyway.
        ("queue.buffering.max.messages", "1000000"), ("reconnect.backoff.max.ms", "2000"), ("log_level", "4"),
    ]
    private static let owned: [(name: String, text: String)] = [
        ("enable.idempotence", "true"), ("allow.auto.create.topics", "false"),
    ]
    /// What the protocol adds to a message, generously.
    private static let frameBytes = 256

    public init(_ options: Options) throws(ConfigError) {
        prefix = options.text("prefix")
        let longest = prefix + (DeliveryTables.names.max { $0.utf8.count < $1.utf8.count } ?? "")
        guard KafkaConnection.isTopic(longest) else {
            throw options.error(
                "prefix", "`\(prefix)` cannot begin names of topics",
                suggestion: "use letters, digits, `.`, `_` and `-`, 230 at most")
        }
        format = MessageFormat(rawValue: options.text("format")) ?? .json
        asReceived = options.boolean("as_received")
        guard format == .json || !asReceived else {
            throw options.error(
                "as_received", "frames as they came are not in the format `\(format.rawValue)`",
                suggestion: "leave out `as_received`, or write `format: json`")
        }
        partitions = Int(try Self.count(options, "partitions"))
        checksPartitions = options.isGiven("partitions")
        copies = options.isSet("copies") ? Int(try Self.count(options, "copies")) : nil
        var builder = try KafkaSettingsBuilder(options)
        try builder.addSettings(reserved: Self.reserved, defaults: Self.defaults, owned: Self.owned)
        client = builder.settings
        messageBytesMax = (client.value("message.max.bytes").flatMap { Int($0) } ?? 1_000_000) - Self.frameBytes
    }

    private static func count(_ options: Options, _ name: String) throws(ConfigError) -> Int64 {
        let count = options.integer(name)
        guard (1...10_000).contains(count) else { throw options.error(name, "is not between 1 and 10,000") }
        return count
    }

    /// What a producer is made with.
    ///
    /// - Parameter name: of its transactions.
    func producer(_ name: String) throws(KafkaError) -> KafkaSettings {
        var settings = client
        try settings.set("transactional.id", name)
        return settings
    }
}

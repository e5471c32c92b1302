internal import Kafka
internal import Platform

/// How one feed reads Kafka, checked.
struct KafkaFeedSettings: Sendable {
    let topics: [String]
    let group: String
    /// Where to begin with what nobody knows: `PartitionOffset.beginning` or `.end`.
    let start: Int64
    let staleNs: Int64
    let session: ConsumerSession
    /// What librdkafka is made with.
    let client: KafkaSettings
    /// Brokers, as in configuration.
    let brokers: String

    /// Settings that options of this feed say, or that delivery rests on.
    private static let reserved = [
        "group.id": "group", "auto.offset.reset": "start", "queued.max.messages.kbytes": "memory",
        "auto.commit.enable": "",
    ]

    init(_ options: Options) throws(ConfigError) {
        topics = try KafkaConnection.names(options, "topics", example: "trades", isName: KafkaConnection.isTopic)
        group = options.text("group")
        guard !group.isEmpty else { throw options.error("group", "is empty", suggestion: "write `tapedeck`") }
        start = options.text("start") == "latest" ? PartitionOffset.end : PartitionOffset.beginning
        staleNs = options.durationNs("stale")
        guard staleNs >= 0 else { throw options.error("stale", "is negative", suggestion: "write `0s` for never") }
        session = ConsumerSession(options, venue: "KAFKA")
        client = try Self.client(options)
        brokers = try KafkaConnection.brokers(options)
    }

    private static func client(_ options: Options) throws(ConfigError) -> KafkaSettings {
        var client = try KafkaSettingsBuilder(options)
        try client.set("group", "group.id", options.text("group"))
        try client.set("memory", "queued.max.messages.kbytes", "\(max(1, options.bytes("memory") >> 10))")
        try client.addSettings(reserved: reserved, defaults: defaults, owned: owned)
        return client.settings
    }

    /// What `settings` may change.
    private static let defaults: [(name: String, text: String)] = [
        ("client.id", "tapedeck"),
        // Partitions that stay with a member are read on while others move.
        ("partition.assignment.strategy", "cooperative-sticky"),
        // A killed member's partitions move, or come back, after this.
        ("session.timeout.ms", "10000"), ("isolation.level", "read_committed"),
        // A topic that is made later is found within this.
        ("topic.metadata.refresh.interval.ms", "30000"), ("log_level", "4"),
    ]
    private static let owned: [(name: String, text: String)] = [
        ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
        ("enable.partition.eof", "true"),
    ]
}

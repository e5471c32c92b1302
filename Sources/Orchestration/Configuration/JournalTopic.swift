internal import Journaling
public import Kafka
public import Platform

/// The topic that is the journal of a pipeline of several processes: `journal: kafka: …`, checked.
public struct JournalTopic: Sendable {
    public let name: String
    /// Partitions, which a topic that is there must have as many of.
    public let partitions: Int
    /// Copies of each partition where the topic is made; nil leaves it to the cluster.
    public let copies: Int?
    /// The group that workers form; nil stands for the pipeline's name.
    public let group: String?
    /// How long a record waits for others that are sent with it, in nanoseconds.
    let lingerNs: Int64
    /// What every client is made with.
    private let client: KafkaSettings

    /// Options, as `journal.kafka` has them.
    public static let spec = Spec(
        "journal.kafka",
        "The journal of several processes: `--role feeds` puts messages into a topic, `--role worker` takes its partitions.",
        options: [
            KafkaConnection.brokers,
            .text(
                "topic", default: "tapedeck.journal", "Topic that holds the journal; it is made where it is missing."),
            .integer(
                "partitions", default: "12",
                "Partitions of the topic, each with the instruments that fall to it, and worked on by one worker at a time. A "
                    + "topic that is there must have just as many."),
            .integer(
                "copies", default: "",
                "Copies of each partition of a topic that is made; the cluster's default unless given."),
            .duration(
                "linger", default: "20ms",
                "How long a feed process waits for more to send with a message; fewer and larger messages cost less."),
            .text(
                "group", default: "", "Group that the workers form; `tapedeck-` and the pipeline's name unless given."),
        ] + KafkaConnection.security + [KafkaConnection.settings],
        example: """
            journal: { kafka: { brokers: ["127.0.0.1:9092"], partitions: 12 } }
            state: /srv/tapedeck/state
            """)

    /// Settings that are not the user's, with the option that says them.
    private static let reserved = [
        "group.id": "group", "transactional.id": "", "isolation.level": "", "enable.partition.eof": "",
        "auto.offset.reset": "", "enable.auto.commit": "", "enable.auto.offset.store": "", "acks": "",
        "request.required.acks": "", "message.timeout.ms": "", "delivery.timeout.ms": "",
        "delivery.report.only.error": "", "partitioner": "", "compression.type": "", "compression.codec": "",
    ]
    private static let defaults: [(name: String, text: String)] = [
        ("client.id", "tapedeck"), ("reconnect.backoff.max.ms", "2000"), ("log_level", "4"),
    ]
    /// A block holds one record at least, however large.
    static let messageBytesMax = Journal.payloadBytesMax + (2 << 20)

    init(_ options: Options) throws(ConfigError) {
        name = options.text("topic")
        guard KafkaConnection.isTopic(name) else {
            throw options.error(
                "topic", "`\(name)` cannot be the name of a topic",
                suggestion: "use letters, digits, `.`, `_` and `-`, 249 at most")
        }
        let partitions = options.integer("partitions")
        guard let count = Int(exactly: partitions), TopicPartitioning.counts.contains(count) else {
            throw options.error(
                "partitions", "is not between 1 and \(TopicPartitioning.counts.upperBound)",
                suggestion: "write several times the number of workers, for example 24")
        }
        self.partitions = count
        copies = options.isSet("copies") ? Int(options.integer("copies")) : nil
        if let copies, !(1...100).contains(copies) { throw options.error("copies", "is not between 1 and 100") }
        group = options.isSet("group") ? options.text("group") : nil
        lingerNs = options.durationNs("linger")
        guard (0...10_000_000_000).contains(lingerNs) else {
            throw options.error("linger", "is not between 0 and 10 seconds", suggestion: "write `20ms`")
        }
        var builder = try KafkaSettingsBuilder(options)
        try builder.addSettings(
            reserved: Self.reserved, defaults: Self.defaults, owned: [("allow.auto.create.topics", "false")])
        client = builder.settings
    }

    /// Settings of a client with others besides.
    ///
    /// - Throws: `KafkaError` where librdkafka does not take one.
    public func settings(_ others: [(name: String, text: String)]) throws(KafkaError) -> KafkaSettings {
        var settings = client
        for (name, text) in others { try settings.set(name, text) }
        return settings
    }

    /// Settings of a producer: what was given to it is sent once, in order, however long that takes.
    func producerSettings() throws(KafkaError) -> KafkaSettings {
        try settings([
            ("enable.idempotence", "true"), ("message.timeout.ms", "0"), ("compression.type", "none"),
            // Blocks are gathered already.
            ("linger.ms", "0"), ("message.max.bytes", "\(Self.messageBytesMax)"),
            ("queue.buffering.max.kbytes", "131072"),
        ])
    }
}

internal import Kafka
internal import Market
public import Platform

/// Topics of Apache Kafka, or of what speaks its protocol, read as a member of a consumer group.
///
/// - Source: librdkafka's manual; docs/feeds/kafka.md.
/// - Units: those of the tables' columns for rows; those of the venue for its messages.
/// - Gaps: none. Where to go on is what the journal holds; the group is told what is durable. Holes in a partition's
///   offsets are no gaps: compaction and transactions leave them.
public struct KafkaFeed: Feed {
    public static let spec = Spec(
        "kafka", "Topics of Kafka, read as a member of a consumer group.",
        options: [
            KafkaConnection.brokers,
            .list("topics", "Topics to read."),
            .text("group", default: "tapedeck", "Name of the consumer group."),
        ] + PushFormat.specs("messages", venue: "KAFKA") + [
            .text(
                "start", default: "earliest", choices: ["earliest", "latest"],
                "Where to begin with partitions that neither journal nor group know.")
        ] + KafkaConnection.security + [
            .bytes("memory", default: "64MiB", "Messages that may wait in memory to be journaled."),
            .duration("stale", default: "5m", "Silence after which the feed counts as stale; `0s` never."),
            KafkaConnection.settings,
        ],
        example: """
            kafka: { brokers: ["127.0.0.1:9092"], topics: [trades], format: trades }
            """)

    private let kafka: KafkaFeedSettings

    public init(_ options: Options) throws(ConfigError) { kafka = try KafkaFeedSettings(options) }

    public var settings: String { kafka.session.text(StreamPositions()) }

    public func makeSource() throws -> any FeedSource { KafkaSource(kafka, memory: nil) }

    public func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource {
        KafkaSource(kafka, memory: memory)
    }
}

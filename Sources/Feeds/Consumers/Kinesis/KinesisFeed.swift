internal import Networking
public import Platform

/// Amazon Kinesis Data Streams: the records of a stream, shard by shard.
///
/// - Source: Amazon Kinesis Data Streams API reference and developer guide.
/// - Units: those of the tables' columns for rows; those of the venue for its messages.
/// - Gaps: each shard goes on behind the last record that the journal holds; what the stream has deleted by then is lost.
public struct KinesisFeed: Feed {
    public static let spec = Spec(
        "kinesis", "Rows or messages read from a stream of Amazon Kinesis.",
        options: [
            .text("stream", "Name of the stream, or its ARN.")
        ] + PushFormat.specs("records", venue: "KINESIS") + [
            .text(
                "start", default: "earliest",
                "Where to begin shards that were never read: `earliest`, `latest`, or a time such as "
                    + "`2026-01-30T14:30:00Z`."),
            .duration(
                "every", default: "250ms",
                "From one read of a shard to the next; all that read a shard share five reads a second."),
            .integer("batch", default: "10000", "Records that one read asks for, up to 10000."),
            .integer("readers", default: "4", "Shards that are read at once, up to 64."),
        ] + AWSOptions.specs,
        example: "kinesis: { stream: trades, region: eu-central-1, format: trades }")

    private let readSettings: KinesisSettings

    public init(_ options: Options) throws(ConfigError) { readSettings = try KinesisSettings(options) }

    public var settings: String { readSettings.session(ConsumedBefore(), now: .now()).text }

    public func makeSource() throws -> any FeedSource { KinesisSource(readSettings, resuming: nil) }

    public func makeSource(resuming memory: any FeedMemory) throws -> any FeedSource {
        KinesisSource(readSettings, resuming: memory)
    }
}

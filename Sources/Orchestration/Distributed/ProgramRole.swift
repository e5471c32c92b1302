/// What a process does for a pipeline whose journal is in Kafka.
public enum ProgramRole: String, Sendable, CaseIterable {
    /// Runs feeds, and puts what they bring into the topic.
    case feeds
    /// Works on partitions of the topic: rows, bars, lake and sinks.
    case worker
    /// Both in one process.
    case both
}

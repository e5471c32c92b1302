public import Serving

/// What a worker does now.
public struct WorkerStatus: Sendable {
    /// One partition that it has.
    public struct Partition: Sendable {
        public let partition: Int
        /// Messages of the topic that were not taken yet.
        public let lagMessages: Int64
        /// Its pipeline.
        public let pipeline: Status
    }

    public let partitions: [Partition]
    /// What keeps it from working; nil while nothing does.
    public let failure: String?
    /// True where it has looked at the end of the topic after the last messages that it took, and found none behind them.
    public let isCurrent: Bool

    init(partitions: [Partition], isCurrent: Bool, failure: String?) {
        self.partitions = partitions
        self.isCurrent = isCurrent
        self.failure = failure
    }

    /// Messages of the topic that were not taken yet.
    public var lagMessages: Int64 { partitions.reduce(0) { $0 + $1.lagMessages } }
}

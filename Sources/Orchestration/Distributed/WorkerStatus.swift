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

    init(partitions: [Partition] = [], failure: String? = nil) {
        self.partitions = partitions
        self.failure = failure
    }

    /// Messages of the topic that were not taken yet.
    public var lagMessages: Int64 { partitions.reduce(0) { $0 + $1.lagMessages } }
}

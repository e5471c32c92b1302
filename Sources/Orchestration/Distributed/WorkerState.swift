internal import Serving

/// What a worker does now.
struct WorkerState: Sendable {
    /// One partition that it has.
    struct Partition: Sendable {
        let partition: Int
        /// Messages of the topic that were not taken yet.
        let lagMessages: Int64
        /// Its pipeline.
        let pipeline: Status
    }

    let partitions: [Partition]
    /// What keeps it from working; nil while nothing does.
    let failure: String?
    /// True where it has looked at the end of the topic after the last messages that it took, and found none behind them.
    let isCurrent: Bool
}

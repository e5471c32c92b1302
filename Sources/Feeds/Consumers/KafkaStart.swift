internal import Kafka

/// Where a partition is read from.
///
/// The truth is the journal: what it holds is not read again, and what it lacks is, whatever the group keeps. Only where
/// another member of the group was further, into a journal of its own, reading goes on behind that.
enum KafkaStart: Equatable {
    case offset(Int64)
    /// Nothing is known: where the configuration says.
    case configured

    /// - Parameters:
    ///   - journaled: the last offset that the journal holds; nil where there is none.
    ///   - committed: what the group keeps; nil where it keeps nothing or cannot be asked.
    ///   - origin: stands for this journal in what it commits.
    init(journaled: Int64?, committed: PartitionOffset?, origin: String) {
        let committed = committed.flatMap { $0.offset >= 0 ? $0 : nil }
        guard let journaled else {
            self = committed.map { .offset($0.offset) } ?? .configured
            return
        }
        if let committed, committed.metadata != origin, committed.offset > journaled + 1 {
            self = .offset(committed.offset)
        } else {
            self = .offset(journaled + 1)
        }
    }
}

package import Journaling
package import Market

/// What belongs to one partition of a pipeline that is spread over those of a topic.
package struct PartitionShare: Sendable, Equatable {
    /// Which partition, from 0.
    package let partition: Int
    package let partitioning: TopicPartitioning

    package init(_ partition: Int, of count: Int) {
        self.partition = partition
        partitioning = TopicPartitioning(count: count)
    }

    /// Offsets of a partition's records have its number above these bits: those of different partitions differ.
    private static let offsetBits = 40

    /// The offset of the partition's first record.
    package var firstOffset: Offset { Offset(partition) << Self.offsetBits }

    /// Offsets that its records can have.
    var offsets: Range<Offset> { firstOffset..<(firstOffset + (1 << Self.offsetBits)) }

    /// True where an instrument is the partition's.
    package func owns(_ instrument: Instrument) -> Bool { partitioning.partition(of: instrument) == partition }

    /// True where the partition has what a feed says of no instrument.
    package func isHome(ofFeed name: String) -> Bool { partitioning.home(feed: name) == partition }

    /// Stands for it in checkpoints: the state of one share is of no use to another.
    package var description: String { "partition \(partition) of \(partitioning.count)" }
}

public import Market
internal import Platform

/// Which partition of a topic a record belongs to: the same on every machine, for as long as the topic has as many.
///
/// - Source: docs/journal-format.md, "Partition".
public struct TopicPartitioning: Sendable, Equatable {
    /// Partitions of the topic.
    public let count: Int
    /// Partitions that a topic can have.
    public static let counts = 1...4096

    /// - Precondition: `count` lies within `counts`.
    public init(count: Int) {
        precondition(Self.counts.contains(count), "\(count) partitions")
        self.count = count
    }

    /// The partition that has all events of an instrument.
    public func partition(of instrument: Instrument) -> Int {
        partition("\(instrument.venue):\(instrument.symbol)")
    }

    /// The partition that has what a feed says of no instrument, and all of a feed that cannot be divided.
    public func home(feed: String) -> Int { partition(feed) }

    private func partition(_ text: String) -> Int { Int(FNV1a.hash(text.utf8) % UInt64(count)) }
}

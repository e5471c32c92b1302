/// The dense number of a record in a journal, from 0.
public typealias Offset = Int64

/// The number a feed has within one journal, given by `Journal.feed(named:)`.
public struct FeedID: RawRepresentable, Hashable, Sendable, BitwiseCopyable {
    public let rawValue: UInt16
    public init(rawValue: UInt16) { self.rawValue = rawValue }
}

/// What a record is.
public enum RecordKind: UInt8, Sendable, CaseIterable, BitwiseCopyable {
    /// Bytes as received.
    case data
    /// A session of the feed starts; the payload is its settings as JSON text.
    case begin
    /// The session's data is over.
    case end
    /// Nothing arrived; the receive time moves the watermark of a live feed.
    case heartbeat
    /// Gives a feed number its name (the payload, UTF-8). Written by the journal itself.
    case define
    /// Bytes as received, of which the original is in another partition: they are decoded here for the instruments of
    /// this partition, and kept there. Only in journals of partitions.
    case copy
    /// The event time that the feed had reached before the next record; the payload is an `EventTimeMark`. Only in
    /// journals of partitions.
    case reached
}

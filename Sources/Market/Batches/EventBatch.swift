/// What a decoder makes of frames: trades and quotes in the order of the journal, and what was rejected.
///
/// - Order: rows of each kind rise by (journal offset, frame index); trades and quotes of one frame share the index.
public final class EventBatch: @unchecked Sendable {  // one owner at a time
    public let trades = TradeBatch()
    public let quotes = QuoteBatch()
    public let deadLetters = DeadLetterBatch()
    /// Messages that are valid but not of a subscribed kind (book depth, pings, replies).
    public var ignored = 0

    public init() {}

    public func removeAll() {
        trades.removeAll()
        quotes.removeAll()
        deadLetters.removeAll()
        ignored = 0
    }
}

/// What happened to the events of one feed since the journal began.
///
/// Part of the engine's state: the same journal gives the same figures. Where several feeds bring the same instrument,
/// a gap counts at the feed that opened it and its filling at the feed that filled it; sums over feeds are exact.
public struct FeedCounters: Sendable, Equatable {
    /// Trades kept.
    public internal(set) var trades = 0
    /// Quotes kept.
    public internal(set) var quotes = 0
    /// Trades dropped because their number was seen before.
    public internal(set) var duplicateTrades = 0
    /// Quotes dropped because their update number was seen before.
    public internal(set) var duplicateQuotes = 0
    /// Events that came behind the watermark: kept, but they changed no bar that was closed.
    public internal(set) var late = 0
    /// Events whose time lies after their receipt by more than the tolerance: kept, but not in bars.
    public internal(set) var future = 0
    /// Quotes kept whose bid is above the ask.
    public internal(set) var crossedQuotes = 0
    /// Holes in the sequence of trade numbers that came into being.
    public internal(set) var gapsOpened = 0
    /// Holes whose numbers arrived later.
    public internal(set) var gapsFilled = 0
    /// Holes given up because there were too many.
    public internal(set) var gapsGivenUp = 0
    /// Trade numbers missing in open holes.
    public internal(set) var missingTrades = 0
    /// Trade numbers missing in holes that were given up.
    public internal(set) var missingTradesGivenUp = 0
    /// Rows of tables of records and bars of vendors kept.
    public internal(set) var records = 0
    /// The same, dropped because they were delivered before.
    public internal(set) var duplicateRecords = 0
    /// Frames dropped as a whole because their delivery was seen before.
    public internal(set) var duplicateFrames = 0
    /// Final bars emitted.
    public internal(set) var bars = 0
    /// Indicator values emitted.
    public internal(set) var indicatorValues = 0

    public init() {}

    /// Holes open now.
    public var gapsOpen: Int { gapsOpened - gapsFilled - gapsGivenUp }

    /// Trades, quotes, records and whole frames dropped.
    public var duplicates: Int { duplicateTrades + duplicateQuotes + duplicateRecords + duplicateFrames }

    /// All fields, for checkpoints and sums.
    static let fields: [any WritableKeyPath<FeedCounters, Int> & Sendable] = [
        \.trades, \.quotes, \.duplicateTrades, \.duplicateQuotes, \.late, \.future, \.crossedQuotes, \.gapsOpened,
        \.gapsFilled, \.gapsGivenUp, \.missingTrades, \.missingTradesGivenUp, \.records, \.duplicateRecords,
        \.duplicateFrames, \.bars, \.indicatorValues,
    ]

    /// Adds the counters of another feed.
    public static func += (left: inout FeedCounters, right: FeedCounters) {
        for field in fields { left[keyPath: field] += right[keyPath: field] }
    }
}

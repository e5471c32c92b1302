internal import Analytics
internal import Feeds
internal import Journaling
internal import Market

/// What the router knows of one feed, and what each partition has been told of it.
final class RoutedFeed {
    /// Partition of what concerns the feed as a whole.
    let home: Int
    /// Settings of the session; nil before the first.
    var settings: String?
    /// Nil where the session cannot be decoded.
    var decoder: (any FeedDecoder)?
    /// How far the feed has come in event time.
    var clock = EventClock()
    /// How far every partition knows it to be, by the records that belong there alone.
    var known: [EventClock]
    /// Receive time of the latest record.
    var heardNs = Int64.min
    /// Receive time of the latest record that its home knows of.
    var heardAtHomeNs = Int64.min
    /// Its home shall hear of the session's first frame, which went elsewhere.
    var isFirstFrameUntold = false
    /// No frame of the session has come yet.
    var awaitsFirstFrame = false
    /// The last number journaled of each log that it consumes.
    var positions = StreamPositions()
    /// By instrument the last trade of a simulated market; nil for other feeds.
    var lastTrades: [InstrumentID: SimulatedTrade]?
    /// How far partitions were told between their records that it is; not part of the state.
    var told: [EventClock]

    /// The last trade of an instrument of a simulated market.
    struct SimulatedTrade {
        var price: Double
        var tradeID: Int64
        var eventNs: Int64
    }

    init(home: Int, partitions: Int) {
        self.home = home
        known = Array(repeating: EventClock(), count: partitions)
        told = known
    }

    /// True where frames go to the partitions of their instruments.
    var isDivided: Bool { decoder?.isDivisible ?? false }

    /// The name of the decoder of a simulated market, as its settings have it.
    static let simulatorMark = "\"decoder\":\"simulator\""

    /// Forgets how far event time had come.
    func resetClocks() {
        clock = EventClock()
        for partition in known.indices {
            known[partition] = EventClock()
            told[partition] = EventClock()
        }
    }

    /// What a partition must know of event time.
    var mark: EventTimeMark {
        clock.furthest.map { EventTimeMark(eventNs: $0.eventNs, ingestNs: $0.ingestNs) }
            ?? EventTimeMark(eventNs: .min, ingestNs: 0)
    }
}

package import Analytics
package import Feeds
package import Journaling
package import Market
internal import Synchronization

/// What the engine thread lets others know, from time to time.
///
/// - Threading: the engine thread writes, any thread reads.
package final class EngineReport: Sendable {
    package struct Snapshot: Sendable {
        package var offset: Offset = 0
        package var totals = FeedCounters()
        /// Holes in trade numbers that are more than disorder on the way.
        package var gaps: Int64 = 0
        package var deadLetters: Int64 = 0
        package var ignored: Int64 = 0
        package var frames: Int64 = 0
        package var feeds: [UInt32: Feed] = [:]
        package var instruments: [Instrument] = []
        /// Why the engine stopped, where it did.
        package var failure: String?
    }

    package struct Feed: Sendable {
        package var events: Int64 = 0
        package var watermarkNs: Int64?
        package var consumed = ConsumedBefore()
    }

    private let state = Mutex(Snapshot())

    package init() {}

    package var snapshot: Snapshot { state.withLock { $0 } }

    func fail(_ reason: String) { state.withLock { $0.failure = reason } }

    func update(_ stage: EngineStage) {
        let engine = stage.engine
        state.withLock { state in
            state.offset = stage.offset
            state.totals = engine.totals
            state.gaps = Int64(engine.settledGaps)
            state.deadLetters = stage.deadLetters
            state.ignored = stage.ignored
            state.frames = stage.frames
            for feed in stage.knownFeeds {
                let counters = engine.counters(feed: feed)
                state.feeds[feed] = Feed(
                    events: Int64(counters.trades + counters.quotes), watermarkNs: engine.watermarkNs(feed: feed),
                    consumed: ConsumedBefore(
                        positions: engine.positions(feed: feed), settings: stage.settings(ofFeed: feed)))
            }
            for identifier in state.instruments.count..<stage.instruments.count {
                state.instruments.append(stage.instruments[InstrumentID(identifier)])
            }
        }
    }
}

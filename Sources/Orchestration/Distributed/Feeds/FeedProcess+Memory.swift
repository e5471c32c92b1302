public import Feeds
internal import Journaling
public import Market

/// What sources may ask, as far as the journal alone knows it.
extension FeedProcess: FeedMemory {
    /// None: the tables are the workers'. A feed of a vendor's history fetches again, and what it brings is known there.
    public func lastBars(source: String, interval: String) throws -> [Instrument: Int64] { [:] }

    /// Nil, for the same reason.
    public func lastTransactionNs() throws -> Int64? { nil }

    public func simulatorState() throws -> SimulatorState? {
        guard let router = try followed(unless: { false }) else { return nil }
        var state = SimulatorState(lastEventTimeNs: .min, lastTrades: [:])
        for feed in router.feeds.values {
            for (instrument, trade) in feed.lastTrades ?? [:] {
                state.lastTrades[router.instruments[instrument]] = .init(price: trade.price, tradeID: trade.tradeID)
                state.lastEventTimeNs = max(state.lastEventTimeNs, trade.eventNs)
            }
        }
        return state.lastTrades.isEmpty ? nil : state
    }

    public func consumed(feed name: String, unless isCancelled: () -> Bool) throws -> ConsumedBefore? {
        let number = try journal.feed(named: name)
        guard let router = try followed(unless: isCancelled) else { return nil }
        guard let feed = router.feeds[number.rawValue] else { return ConsumedBefore() }
        return ConsumedBefore(positions: feed.positions, settings: feed.settings)
    }

    /// A router that has seen everything which the journal had when it was opened.
    ///
    /// - Returns: nil where `isCancelled` became true first.
    private func followed(unless isCancelled: () -> Bool) throws -> FrameRouter? {
        let router = try forwarder.restored()
        let end = journal.recovery.nextOffset
        guard router.offset < end else { return router }
        let reader = try journal.makeReader(from: router.offset)
        while router.offset < end {
            if isCancelled() { return nil }
            if let block = try reader.next(timeoutNs: 20_000_000) { router.route(block) }
        }
        return router
    }
}

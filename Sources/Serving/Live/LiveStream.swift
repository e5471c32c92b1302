public import Market
internal import Platform
public import Networking
internal import Synchronization

/// One client of the live stream, as the stream sees it.
public protocol LiveClient: AnyObject, Sendable {
    /// Takes messages of `frames` from the front of `runs`, as many as there is room for.
    ///
    /// - Returns: how many; all where the client is gone.
    func offer(_ frames: WebSocketFrames, _ runs: [Range<Int>]) -> Int
    /// Has sent what was offered; called for one client after the other behind each publication.
    func flush()
}

/// Sends trades, quotes, bars, indicators and health to those who subscribed.
///
/// A message is formatted once, and only if anybody wants it; publishing it costs its receivers and nobody else. What one
/// call publishes reaches a client together. A client whose queue is full loses trades and quotes in between and gets the
/// newest of each instrument (and of each bar) as soon as there is room, with the number it lost.
/// - Threading: the engine publishes from one thread; clients come, ask and go on any. A long list of instruments is taken
///   in pieces, so that the engine never waits for a client.
public final class LiveStream: Sendable {
    private struct State {
        var fanout = LiveFanout()
        var nextNumber = 1
        /// Place by number, of clients that are connected.
        var places: [Int: Int] = [:]
    }

    /// Names that are added or removed while the engine waits.
    private static let pieceNames = 128

    private let state = Mutex(State())
    private let memberCount = Atomic<Int>(0)

    public init() {}

    /// Clients connected.
    public var clientCount: Int { memberCount.load(ordering: .relaxed) }
    /// Names that clients or the market gave: bounded by both.
    var nameCount: Int { state.withLock { $0.fanout.nameCount } }

    /// Admits a client.
    ///
    /// - Returns: its number, for `receive` and `close`.
    public func open(_ client: any LiveClient) -> Int {
        memberCount.wrappingAdd(1, ordering: .relaxed)
        return state.withLock { state in
            defer { state.nextNumber += 1 }
            state.places[state.nextNumber] = state.fanout.add(client)
            return state.nextNumber
        }
    }

    /// Forgets a client.
    public func close(_ number: Int) {
        let place = state.withLock { state -> Int? in
            guard let place = state.places.removeValue(forKey: number) else { return nil }
            state.fanout.silence(place)
            return place
        }
        guard let place else { return }
        memberCount.wrappingSubtract(1, ordering: .relaxed)
        for channel in Subscription.Channel.allCases {
            while state.withLock({ $0.fanout.forgetNames(place, channel, limit: Self.pieceNames) }) {}
        }
        state.withLock { $0.fanout.free(place) }
    }

    /// Takes a client's message and answers it.
    ///
    /// - Threading: one thread at a time for one client.
    public func receive(_ text: [UInt8], from number: Int) {
        let client = state.withLock { state in state.places[number].flatMap { state.fanout.client(at: $0) } }
        guard let client else { return }
        do throws(Subscription.RequestError) {
            let request = try Subscription.Request(text)
            // The answer stands before the first message of a subscription, and behind the last of one that ended.
            if request.isSubscribe { answer(client, LiveMessages.acknowledgement(request)) }
            change(number) { $0.addIntervals(request, to: $1) }
            for channel in request.channels { apply(request, channel, to: number) }
            if !request.isSubscribe { answer(client, LiveMessages.acknowledgement(request)) }
        } catch {
            answer(client, LiveMessages.error(error.message))
        }
    }

    private func answer(_ client: any LiveClient, _ message: WebSocketFrames) {
        _ = client.offer(message, [0..<1])
        client.flush()
    }

    private func apply(_ request: Subscription.Request, _ channel: Subscription.Channel, to number: Int) {
        if request.takesAll || channel == .health {
            change(number) { fanout, place in
                if request.isSubscribe { fanout.takeAll(place, channel) } else { fanout.leaveAll(place, channel) }
            }
            while change(number, { $0.forgetNames($1, channel, limit: Self.pieceNames) }) == true {}
            return
        }
        var rest = request.instruments[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.pieceNames)
            rest = rest.dropFirst(Self.pieceNames)
            change(number) { fanout, place in
                if request.isSubscribe {
                    fanout.subscribe(place, channel, piece)
                } else {
                    fanout.unsubscribe(place, channel, piece)
                }
            }
        }
    }

    /// Changes what a client wants, if it is still there.
    @discardableResult
    private func change<Result: Sendable>(
        _ number: Int, _ body: (inout LiveFanout, _ place: Int) -> Result
    ) -> Result? {
        state.withLock { state in state.places[number].map { body(&state.fanout, $0) } }
    }

    /// Publishes trades.
    public func publish(_ trades: TradeBatch, rows: Range<Int>, instruments: InstrumentTable) {
        publish(TradeRows(trades: trades), rows, instruments)
    }

    /// Publishes some trades.
    public func publish(_ trades: TradeBatch, rows: [Int], instruments: InstrumentTable) {
        publish(TradeRows(trades: trades), rows, instruments)
    }

    /// Publishes quotes.
    public func publish(_ quotes: QuoteBatch, rows: Range<Int>, instruments: InstrumentTable) {
        publish(QuoteRows(quotes: quotes), rows, instruments)
    }

    /// Publishes some quotes.
    public func publish(_ quotes: QuoteBatch, rows: [Int], instruments: InstrumentTable) {
        publish(QuoteRows(quotes: quotes), rows, instruments)
    }

    /// Publishes bars made here, open or final, from row `start` on. Those of vendors are for queries.
    public func publish(_ bars: BarBatch, from start: Int, instruments: InstrumentTable) {
        let rows = start..<bars.count
        if rows.allSatisfy({ bars.source[$0] == bars.ownSource }) {
            publish(BarRows(bars: bars), rows, instruments)
        } else {
            publish(BarRows(bars: bars), rows.filter { bars.source[$0] == bars.ownSource }, instruments)
        }
    }

    /// Publishes indicator values from row `start` on.
    public func publish(_ values: IndicatorBatch, from start: Int, instruments: InstrumentTable) {
        publish(IndicatorRows(values: values), start..<values.count, instruments)
    }

    /// Publishes the status to those who watch health, and gives slow clients what was held for them.
    public func publish(_ status: Status) {
        guard clientCount > 0 else { return }
        state.withLock { $0.fanout.publish(status) }
    }

    private func publish(_ rows: some LiveRows, _ selection: some Collection<Int>, _ instruments: InstrumentTable) {
        guard clientCount > 0, !selection.isEmpty else { return }
        state.withLock { $0.fanout.publish(rows, selection, instruments) }
    }
}

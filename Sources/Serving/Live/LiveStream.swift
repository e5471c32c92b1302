public import Market
public import Networking
internal import Platform
internal import Synchronization

/// One client of the live stream, as the stream sees it.
public protocol LiveClient: AnyObject, Sendable {
    /// Hands over a message; returns false where the client's queue is full.
    func offer(_ message: WebSocketFrames) -> Bool
}

/// Sends trades, quotes, bars, indicators and health to those who subscribed.
///
/// A message is formatted once and shared by all its receivers. A client whose queue is full loses trades and quotes in
/// between and gets the newest of each instrument (and of each bar) as soon as there is room, with the number it lost.
/// - Threading: the engine publishes from one thread; clients come, ask and go on any.
public final class LiveStream: Sendable {
    private struct State {
        var clients: [Int: Member] = [:]
        var nextClient = 0
        var names: [String] = []
        var messages = LiveMessages()
        var outbox: [Int: [Outgoing]] = [:]
    }

    private struct Member {
        let client: any LiveClient
        var subscription = Subscription()
        /// What did not fit, newest message per subject.
        var held: [Subject: WebSocketFrames] = [:]
        var dropped: Int64 = 0
    }

    /// What a message is about: the newer replaces the older for a slow client.
    private struct Subject: Hashable {
        let channel: Subscription.Channel
        let instrument: InstrumentID
        let detail: Int64
    }

    private struct Outgoing {
        let subject: Subject
        let message: WebSocketFrames
    }

    private let state = Mutex(State())
    private let memberCount = Atomic<Int>(0)

    public init() {}

    /// Clients connected.
    public var clientCount: Int { memberCount.load(ordering: .relaxed) }

    /// Admits a client.
    ///
    /// - Returns: its number, for `receive` and `close`.
    public func open(_ client: any LiveClient) -> Int {
        memberCount.wrappingAdd(1, ordering: .relaxed)
        return state.withLock { state in
            state.nextClient += 1
            state.clients[state.nextClient] = Member(client: client)
            return state.nextClient
        }
    }

    /// Forgets a client.
    public func close(_ number: Int) {
        let known = state.withLock { $0.clients.removeValue(forKey: number) != nil }
        if known { memberCount.wrappingSubtract(1, ordering: .relaxed) }
    }

    /// Takes a client's message and answers it.
    public func receive(_ text: [UInt8], from number: Int) {
        state.withLock { state in
            guard var member = state.clients[number] else { return }
            let answer: [UInt8]
            do throws(Subscription.RequestError) {
                let request = try Subscription.Request(text)
                member.subscription.apply(request)
                answer = state.messages.acknowledgement(request)
            } catch {
                answer = state.messages.error(error.message)
            }
            _ = member.client.offer(WebSocketFrames(text: answer))
            state.clients[number] = member
        }
    }

    /// Publishes trades.
    public func publish(_ trades: TradeBatch, rows: [Int], instruments: InstrumentTable) {
        publish(.trades, rows: rows, instruments) {
            trades.instrument[$0]
        } detail: { _ in
            0
        } message: {
            $0.trade(trades, $1, instrument: $2)
        }
    }

    /// Publishes quotes.
    public func publish(_ quotes: QuoteBatch, rows: [Int], instruments: InstrumentTable) {
        publish(.quotes, rows: rows, instruments) {
            quotes.instrument[$0]
        } detail: { _ in
            0
        } message: {
            $0.quote(quotes, $1, instrument: $2)
        }
    }

    /// Publishes bars, open or final, from row `start` on.
    public func publish(_ bars: BarBatch, from start: Int, instruments: InstrumentTable) {
        publish(
            .bars, rows: start..<bars.count, instruments, interval: { bars.intervals.values[Int(bars.interval[$0])] }
        ) {
            bars.instrument[$0]
        } detail: {
            bars.startNs[$0] &* 16 &+ Int64(bars.interval[$0]) &* 4 &+ Int64(bars.priceType[$0])
        } message: {
            $0.bar(bars[$1], instrument: $2, interval: bars.intervals.values[Int(bars.interval[$1])])
        }
    }

    /// Publishes indicator values from row `start` on.
    public func publish(_ values: IndicatorBatch, from start: Int, instruments: InstrumentTable) {
        publish(
            .indicators, rows: start..<values.count, instruments,
            interval: { values.intervals.values[Int(values.interval[$0])] }
        ) {
            values.instrument[$0]
        } detail: {
            values.startNs[$0] &* 256 &+ Int64(values.interval[$0]) &* 16 &+ Int64(values.name[$0])
        } message: {
            $0.indicator(values, $1, instrument: $2, interval: values.intervals.values[Int(values.interval[$1])])
        }
    }

    /// Publishes the status to those who watch health, and gives slow clients what was held for them.
    public func publish(_ status: Status) {
        guard clientCount > 0 else { return }
        state.withLock { state in
            if state.clients.values.contains(where: { $0.subscription.wantsHealth }) {
                let message = WebSocketFrames(text: state.messages.health(status))
                let subject = Subject(channel: .health, instrument: 0, detail: 0)
                for (number, member) in state.clients where member.subscription.wantsHealth {
                    state.outbox[number, default: []].append(Outgoing(subject: subject, message: message))
                }
            }
            Self.send(&state)
        }
    }

    private func publish(
        _ channel: Subscription.Channel, rows: some Collection<Int>, _ instruments: InstrumentTable,
        interval: ((Int) -> String)? = nil, instrument: (Int) -> InstrumentID, detail: (Int) -> Int64,
        message: (inout LiveMessages, Int, String) -> [UInt8]
    ) {
        guard clientCount > 0, !rows.isEmpty else { return }
        state.withLock { state in
            while state.names.count < instruments.count {
                state.names.append(instruments[InstrumentID(state.names.count)].description)
            }
            for row in rows {
                let identifier = instrument(row)
                let name = state.names[Int(identifier)]
                var formatted: WebSocketFrames?
                for (number, member) in state.clients where member.subscription.wants(channel, name) {
                    if let interval, !member.subscription.wants(interval: interval(row)) { continue }
                    let frames = formatted ?? WebSocketFrames(text: message(&state.messages, row, name))
                    formatted = frames
                    let subject = Subject(channel: channel, instrument: identifier, detail: detail(row))
                    state.outbox[number, default: []].append(Outgoing(subject: subject, message: frames))
                }
            }
            Self.send(&state)
        }
    }

    /// Hands the outbox over; where something was held for a slow client, that goes first.
    private static func send(_ state: inout State) {
        for number in state.clients.keys {
            guard var member = state.clients[number] else { continue }
            let outgoing = state.outbox.removeValue(forKey: number) ?? []
            guard !outgoing.isEmpty || !member.held.isEmpty else { continue }
            if member.held.isEmpty {
                var accepted = 0
                while accepted < outgoing.count, member.client.offer(outgoing[accepted].message) { accepted += 1 }
                for item in outgoing.dropFirst(accepted) { hold(item, in: &member) }
            } else {
                for item in outgoing { hold(item, in: &member) }
                release(&member, &state.messages)
            }
            state.clients[number] = member
        }
        state.outbox.removeAll(keepingCapacity: true)
    }

    /// Gives a slow client what was held for it, as far as there is room.
    private static func release(_ member: inout Member, _ messages: inout LiveMessages) {
        guard member.client.offer(WebSocketFrames(text: messages.dropped(member.dropped))) else { return }
        member.dropped = 0
        for (subject, message) in member.held {
            guard member.client.offer(message) else { return }
            member.held[subject] = nil
        }
    }

    private static func hold(_ item: Outgoing, in member: inout Member) {
        if member.held.updateValue(item.message, forKey: item.subject) != nil { member.dropped += 1 }
    }
}

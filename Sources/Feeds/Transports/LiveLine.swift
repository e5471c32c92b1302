internal import Market
internal import Networking
internal import Platform

/// One live line: drives a `LiveSession` from the thread that runs it and from the threads of its connections.
final class LiveLine: @unchecked Sendable {  // `lock` guards every variable
    private let venue: LiveVenue
    private let sink: any FrameSink
    private let report: LineReports.Line
    private let filler: GapFiller?
    private let lock = Lock()
    private let changed: Condition
    private var session: LiveSession
    private var watch: SequenceWatch?
    private let hours: MarketHours
    private var clients: [Int: WebSocketClient] = [:]
    /// What can be acknowledged on each connection.
    private var acknowledgers: [Int: FrameAcknowledger] = [:]
    /// Connections that are up, with the number of their session.
    private var epochs: [Int: Int] = [:]
    /// Connections that ended and whose threads have not been waited for.
    private var gone: [WebSocketClient] = []
    /// What the sink threw; ends the line.
    private var failure: (any Error)?

    /// - Parameters:
    ///   - filler: takes the trades that turn out to be missing; nil where the venue has no numbers for them.
    ///   - hours: when frames are expected.
    init(
        _ venue: LiveVenue, sink: any FrameSink, report: LineReports.Line, filler: GapFiller?, hours: MarketHours
    ) throws {
        self.hours = hours
        self.venue = venue
        self.sink = sink
        self.report = report
        self.filler = filler
        session = LiveSession(venue.policy, orders: venue.subscribe.count)
        watch = try filler.map { try SequenceWatch(settings: venue.settings.text, graceNs: $0.patience.graceNs) }
        changed = Condition(lock)
    }

    /// How often the line looks at the clock and at `isCancelled`.
    private static let tickNs: Int64 = 50_000_000

    func run(isCancelled: () -> Bool) throws {
        lock.lock()
        perform(session.start())
        while !session.isStopped {
            changed.wait(untilNs: Stopwatch.monotonicNs() + Self.tickNs)
            let ended = gone
            gone = []
            if !ended.isEmpty {
                lock.unlock()
                for client in ended { client.join() }
                lock.lock()
            }
            let nowNs = Stopwatch.monotonicNs()
            if failure != nil || isCancelled() { perform(session.stop()) }
            perform(session.tick(nowNs: nowNs, closed: hours.closedText(at: Timestamp.now().nanoseconds)))
            acknowledge()
            if let gaps = watch?.due(nowNs: nowNs), !gaps.isEmpty { filler?.add(gaps) }
        }
        let (last, error) = (gone, failure)
        gone = []
        lock.unlock()
        for client in last { client.join() }
        if let error { throw error }
    }

    /// One connection's events, with its number.
    private final class Follower: WebSocketClientDelegate {
        private let line: LiveLine
        private let number: Int

        init(_ line: LiveLine, _ number: Int) {
            self.line = line
            self.number = number
        }

        func opened() { line.opened(number) }
        func received(_ message: RawSpan, isText: Bool, at time: Timestamp) { line.received(message, number, at: time) }
        func ticked() {}
        func ended(_ end: WebSocketEnd) { line.ended(number, end) }
    }

    // MARK: On a connection's thread

    private func opened(_ number: Int) {
        lock.withLock {
            let epoch = session.epoch
            let actions = session.opened(number, nowNs: Stopwatch.monotonicNs())
            if session.epoch > epoch { epochs[number] = session.epoch }
            perform(actions)
        }
    }

    private func received(_ message: RawSpan, _ number: Int, at time: Timestamp) {
        lock.withLock {
            guard failure == nil, !session.isStopped else { return }
            do {
                try unsafe message.withUnsafeBytes { try unsafe sink.frame($0, ingestTime: time) }
                let nowNs = Stopwatch.monotonicNs()
                session.received(number, nowNs: nowNs)
                acknowledgers[number]?.countFrame()
                watch?.take(message, nowNs: nowNs)
            } catch {
                fail(error)
            }
        }
    }

    private func ended(_ number: Int, _ end: WebSocketEnd) {
        lock.withLock {
            if let client = clients.removeValue(forKey: number) { gone.append(client) }
            acknowledgers[number] = nil
            if let epoch = epochs.removeValue(forKey: number) { tellLoss(epoch, session.reason(number, end)) }
            perform(session.ended(number, end, nowNs: Stopwatch.monotonicNs()))
            changed.signal()
        }
    }

    // MARK: With the lock held

    private func tellLoss(_ epoch: Int, _ reason: String) {
        guard failure == nil else { return }
        do {
            let loss = ConnectionLoss(epoch: Int64(epoch), line: venue.line, reason: reason)
            try sink.lost(loss, ingestTime: .now())
        } catch {
            fail(error)
        }
    }

    private func perform(_ actions: [LiveSession.Action]) {
        for action in actions {
            do {
                try perform(action)
            } catch let error as NetworkError {
                guard case .connect(let number) = action else { return fail(error) }
                perform(session.ended(number, .failed(error), nowNs: Stopwatch.monotonicNs()))
            } catch {
                fail(error)
            }
        }
    }

    private func perform(_ action: LiveSession.Action) throws {
        switch action {
        case .connect(let number):
            if session.epoch > 0 { report.countReconnect() }
            acknowledgers[number] = FrameAcknowledger()
            clients[number] = try WebSocketClient(
                venue.url, options: venue.connection, delegate: Follower(self, number))
        case .begin(let epoch):
            try sink.begin(settings: venue.settings(epoch: epoch), ingestTime: .now())
            Log.info("feed connected", ["feed": venue.name, "url": "\(venue.url)", "epoch": epoch])
        case .subscribe(let number, let part):
            for message in venue.subscribe[part] { clients[number]?.send(message) }
        case .unsubscribe(let number):
            for message in venue.unsubscribe { clients[number]?.send(message) }
        case .close(let number): clients[number]?.close()
        case .heartbeat: try sink.heartbeat(ingestTime: .now())
        case .report(let state, let detail):
            report.set(state, detail)
            if state == .stale || state == .degraded {
                Log.warning("feed \(state.rawValue)", ["feed": venue.name, "detail": detail])
            }
        case .alert(let detail): Log.error("feed needs attention", ["feed": venue.name, "detail": detail])
        case .finish: changed.signal()
        }
    }

    /// Tells the peer what is durable by now.
    private func acknowledge() {
        guard let message = venue.acknowledge, let progress = sink.progress else { return }
        for (number, client) in clients {
            if let frames = acknowledgers[number]?.next(progress) { client.send(message(frames)) }
        }
    }

    private func fail(_ error: any Error) {
        guard failure == nil else { return }
        failure = error
        report.set(.degraded, "\(error)")
        changed.signal()
    }
}

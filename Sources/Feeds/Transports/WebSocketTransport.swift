internal import Networking
internal import Platform

/// Receives one venue's frames over a WebSocket, for as long as it takes.
///
/// A frame goes to the sink as it came, before anyone looks inside. The session is never ended by a stop: it goes on
/// with the next start, and ending it would close bars that trades may still come for.
final class WebSocketTransport: FeedSource {
    private let venue: LiveVenue

    init(_ venue: LiveVenue) { self.venue = venue }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        let line = LiveLine(venue, sink: try output.sink(feed: venue.name), status: status)
        try line.run { output.isCancelled }
    }
}

/// One live line: drives a `LiveSession` from the thread that runs it and from the threads of its connections.
private final class LiveLine: WebSocketClientDelegate, @unchecked Sendable {  // `lock` guards every variable
    private let venue: LiveVenue
    private let sink: any FrameSink
    private let status: FeedStatus
    private let lock = Lock()
    private let changed: Condition
    private var session: LiveSession
    private var client: WebSocketClient?
    /// What the sink threw; ends the line.
    private var failure: (any Error)?

    init(_ venue: LiveVenue, sink: any FrameSink, status: FeedStatus) {
        self.venue = venue
        self.sink = sink
        self.status = status
        session = LiveSession(venue.policy)
        changed = Condition(lock)
    }

    /// How often the line looks at the clock and at `isCancelled`.
    private static let tickNs: Int64 = 50_000_000

    func run(isCancelled: () -> Bool) throws {
        lock.lock()
        perform(session.start())
        while !session.isStopped {
            changed.wait(untilNs: Stopwatch.monotonicNs() + Self.tickNs)
            if failure != nil || isCancelled() { perform(session.stop()) }
            perform(session.tick(nowNs: Stopwatch.monotonicNs()))
        }
        let (last, error) = (client, failure)
        client = nil
        lock.unlock()
        last?.join()
        if let error { throw error }
    }

    // MARK: On a connection's thread

    func opened() {
        lock.withLock { perform(session.opened(nowNs: Stopwatch.monotonicNs())) }
    }

    func received(_ message: RawSpan, isText: Bool, at time: Timestamp) {
        lock.withLock {
            guard failure == nil, !session.isStopped else { return }
            do {
                try unsafe message.withUnsafeBytes { try unsafe sink.frame($0, ingestTime: time) }
                session.received(nowNs: Stopwatch.monotonicNs())
            } catch {
                fail(error)
            }
        }
    }

    func ticked() {}

    func ended(_ end: WebSocketEnd) {
        lock.withLock {
            perform(session.ended(end, nowNs: Stopwatch.monotonicNs()))
            changed.signal()
        }
    }

    // MARK: With the lock held

    private func perform(_ actions: [LiveSession.Action]) {
        for action in actions {
            do {
                try perform(action)
            } catch let error as NetworkError where action == .connect {
                perform(session.ended(.failed(error), nowNs: Stopwatch.monotonicNs()))
            } catch {
                fail(error)
            }
        }
    }

    private func perform(_ action: LiveSession.Action) throws {
        switch action {
        case .connect:
            if session.epoch > 0 { status.countReconnect() }
            client = try WebSocketClient(venue.url, options: venue.connection, delegate: self)
        case .begin(let epoch):
            try sink.begin(settings: venue.settings(epoch: epoch), ingestTime: .now())
            Log.info("feed connected", ["feed": venue.name, "url": "\(venue.url)", "epoch": epoch])
        case .subscribe: for message in venue.subscribe { client?.send(message) }
        case .unsubscribe: for message in venue.unsubscribe { client?.send(message) }
        case .close: client?.close()
        case .heartbeat: try sink.heartbeat(ingestTime: .now())
        case .report(let state, let detail):
            status.set(state, detail)
            if state == .stale || state == .degraded {
                Log.warning("feed \(state.rawValue)", ["feed": venue.name, "detail": detail])
            }
        case .alert(let detail): Log.error("feed needs attention", ["feed": venue.name, "detail": detail])
        case .finish: changed.signal()
        }
    }

    private func fail(_ error: any Error) {
        guard failure == nil else { return }
        failure = error
        status.set(.degraded, "\(error)")
        changed.signal()
    }
}

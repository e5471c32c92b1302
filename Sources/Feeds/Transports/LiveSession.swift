internal import Networking

/// What a live line does, as a function of what happens to it: no sockets, no clock, no threads.
///
/// ```
///           start                opened                 stop
///  idle ──────────▶ connecting ──────────▶ open ──────────────────▶ stopping ──▶ stopped
///                     ▲   │ ended            │ ended, or silent        ended
///              tick   │   ▼                  ▼ (then close, ended)
///                    waiting ◀───────────────┘
/// ```
struct LiveSession {
    /// What has to be done, in this order.
    enum Action: Equatable {
        case connect
        /// A connection is up: its frames follow.
        case begin(epoch: Int)
        case subscribe
        case unsubscribe
        /// Ends the connection; `ended` follows.
        case close
        case heartbeat
        case report(FeedStatus.State, String)
        /// The state is worse than a person would like to sleep through.
        case alert(String)
        case finish
    }

    struct Policy {
        var reconnect = Reconnect.Policy()
        /// Without a frame for so long a connection counts as dead.
        var staleNs: Int64 = 90_000_000_000
        /// Without a record for so long a heartbeat is written.
        var heartbeatNs: Int64 = 1_000_000_000
        /// Least wait after the venue said that there were too many attempts.
        var throttledNs: Int64 = 5_000_000_000
    }

    private enum State: Equatable {
        case idle
        case connecting
        case open
        /// Closed by us because nothing came; waits for the end.
        case silent
        case waiting(untilNs: Int64)
        case stopping
        case stopped
    }

    private let policy: Policy
    private var state = State.idle
    private var reconnect: Reconnect
    /// Connections made so far.
    private(set) var epoch = 0
    private var openedNs: Int64 = 0
    private var lastFrameNs: Int64 = 0
    private var lastRecordNs: Int64 = 0

    init(_ policy: Policy, random: @escaping @Sendable (ClosedRange<Int64>) -> Int64 = { .random(in: $0) }) {
        self.policy = policy
        reconnect = Reconnect(policy.reconnect, random: random)
    }

    var isStopped: Bool { state == .stopped }

    mutating func start() -> [Action] {
        guard state == .idle else { return [] }
        state = .connecting
        return [.report(.connecting, ""), .connect]
    }

    /// The connection is up.
    mutating func opened(nowNs: Int64) -> [Action] {
        guard state == .connecting else { return [.close] }
        state = .open
        epoch += 1
        (openedNs, lastFrameNs, lastRecordNs) = (nowNs, nowNs, nowNs)
        return [.begin(epoch: epoch), .subscribe, .report(.live, "")]
    }

    /// A frame was received and kept.
    mutating func received(nowNs: Int64) {
        lastFrameNs = nowNs
        lastRecordNs = nowNs
    }

    /// Time has passed.
    mutating func tick(nowNs: Int64) -> [Action] {
        var actions: [Action] = []
        if epoch > 0, state != .stopping, state != .stopped, nowNs - lastRecordNs >= policy.heartbeatNs {
            lastRecordNs = nowNs
            actions.append(.heartbeat)
        }
        switch state {
        case .open where nowNs - lastFrameNs >= policy.staleNs:
            state = .silent
            let text = "nothing received for \(Self.seconds(nowNs - lastFrameNs)); connecting anew"
            actions += [.report(.stale, text), .close]
        case .waiting(let untilNs) where nowNs >= untilNs:
            state = .connecting
            actions.append(.connect)
        default: break
        }
        return actions
    }

    /// The connection is gone or did not come up.
    mutating func ended(_ end: WebSocketEnd, nowNs: Int64) -> [Action] {
        switch state {
        case .stopping, .stopped:
            state = .stopped
            return [.report(.stopped, ""), .finish]
        case .idle, .waiting: return []
        case .open: reconnect.connectionLasted(nowNs - openedNs)
        // A connection that was open and silent was of no use, however long it lasted.
        case .connecting, .silent: break
        }
        let (leastNs, needsPerson) = patience(end)
        let waitNs = reconnect.nextNs(atLeast: leastNs)
        state = .waiting(untilNs: nowNs + waitNs)
        let text = "\(Self.text(end)); next attempt in \(Self.seconds(waitNs))"
        return [.report(.degraded, text)] + (needsPerson ? [.alert(text)] : [])
    }

    /// Stop on demand.
    mutating func stop() -> [Action] {
        switch state {
        case .open:
            state = .stopping
            return [.unsubscribe, .close]
        case .connecting, .silent:
            state = .stopping
            return [.close]
        case .idle, .waiting:
            state = .stopped
            return [.report(.stopped, ""), .finish]
        case .stopping, .stopped: return []
        }
    }

    /// How long to wait at least. What only a person can put right (a refused key, an untrusted certificate) is tried
    /// again at the slowest pace: a recorder that nobody watches then recovers by itself once it is put right.
    private func patience(_ end: WebSocketEnd) -> (leastNs: Int64, needsPerson: Bool) {
        guard case .failed(let error) = end else { return (0, false) }
        if error.disposition == .stop { return (policy.reconnect.maxNs, true) }
        return (error.status == 429 ? policy.throttledNs : 0, false)
    }

    private static func text(_ end: WebSocketEnd) -> String {
        switch end {
        case .closed(let code, ""): "the venue closed the connection (code \(code))"
        case .closed(let code, let reason): "the venue closed the connection (code \(code), \(reason))"
        case .failed(let error): error.description
        }
    }

    private static func seconds(_ ns: Int64) -> String { "\(Double(ns / 100_000_000) / 10) s" }
}

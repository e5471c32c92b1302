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
///
/// The connection that this is about carries the line. Where the venue ends every connection at some age, another one,
/// the successor, is opened before that: both deliver for a while, then the successor carries the line and the old
/// connection is closed. What both bring is dropped later, by the venue's numbers.
struct LiveSession {
    /// What has to be done, in this order. Connections are numbered from 1 in the order in which they are made.
    enum Action: Equatable {
        case connect(Int)
        /// A connection is up: its frames follow.
        case begin(epoch: Int)
        /// Sends these of the messages that ask for data.
        case subscribe(Int, Range<Int>)
        case unsubscribe(Int)
        /// Ends the connection; `ended` follows.
        case close(Int)
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
        /// Least time between two messages that ask for data; 0 sends all at once.
        var orderIntervalNs: Int64 = 0
        /// Age at which a connection gets a successor; nil where the venue lets it live.
        var lifetimeNs: Int64?
        /// How long the two deliver together, from the successor's last message that asks for data.
        var overlapNs: Int64 = 10_000_000_000
    }

    private enum State: Equatable { case idle, running, stopping, stopped }

    private let policy: Policy
    /// Messages that ask for data.
    private let orders: Int
    private var state = State.idle
    private var reconnect: Reconnect
    private var replacement: Reconnect
    /// Connections that were tried so far.
    private var attempts = 0
    /// Connections made so far.
    private(set) var epoch = 0
    /// The connection that carries the line; nil while waiting for the next attempt, or before the first.
    private var carrier: LiveLink?
    private var successor: LiveLink?
    /// Connections that were closed and have not ended yet.
    private var leaving: Set<Int> = []
    /// When to connect again.
    private var retryNs: Int64 = 0
    /// When to try the next successor.
    private var replaceNs = Int64.min
    private var lastRecordNs: Int64 = 0
    /// True while nothing comes because the market is closed.
    private var isIdle = false

    /// - Parameter orders: how many messages ask for data.
    init(
        _ policy: Policy, orders: Int = 1,
        random: @escaping @Sendable (ClosedRange<Int64>) -> Int64 = { .random(in: $0) }
    ) {
        self.policy = policy
        self.orders = orders
        reconnect = Reconnect(policy.reconnect, random: random)
        replacement = Reconnect(policy.reconnect, random: random)
    }

    var isStopped: Bool { state == .stopped }

    mutating func start() -> [Action] {
        guard state == .idle else { return [] }
        state = .running
        carrier = makeLink()
        return [.report(.connecting, ""), .connect(attempts)]
    }

    private mutating func makeLink() -> LiveLink {
        attempts += 1
        return LiveLink(number: attempts)
    }

    /// A connection is up.
    mutating func opened(_ number: Int, nowNs: Int64) -> [Action] {
        guard state == .running else { return [.close(number)] }
        let isCarrier = carrier?.number == number
        guard var link = isCarrier ? carrier : successor, link.number == number, link.phase == .connecting else {
            return [.close(number)]
        }
        epoch += 1
        lastRecordNs = nowNs
        link.open(nowNs: nowNs)
        var actions: [Action] = [.begin(epoch: epoch)]
        if let part = link.nextOrders(of: orders, policy, nowNs: nowNs) { actions.append(.subscribe(number, part)) }
        if isCarrier {
            carrier = link
            actions.append(.report(.live, ""))
        } else {
            successor = link
        }
        return actions
    }

    /// A frame was received and kept.
    mutating func received(_ number: Int, nowNs: Int64) {
        lastRecordNs = nowNs
        if carrier?.number == number {
            carrier?.received(nowNs: nowNs)
        } else if successor?.number == number {
            successor?.received(nowNs: nowNs)
        }
    }

    /// Time has passed.
    ///
    /// - Parameter closed: says that the market is closed, where it is; asked only where that matters. The connection is
    ///   then kept for as long as the peer answers pings.
    mutating func tick(nowNs: Int64, closed: @autoclosure () -> String? = nil) -> [Action] {
        guard state == .running else { return [] }
        var actions: [Action] = []
        if epoch > 0, nowNs - lastRecordNs >= policy.heartbeatNs {
            lastRecordNs = nowNs
            actions.append(.heartbeat)
        }
        guard var link = carrier else {
            guard nowNs >= retryNs else { return actions }
            carrier = makeLink()
            return actions + [.connect(attempts)]
        }
        guard link.phase == .open else { return actions }
        if let part = link.nextOrders(of: orders, policy, nowNs: nowNs) {
            actions.append(.subscribe(link.number, part))
        }
        actions += watch(&link, nowNs: nowNs, closed: closed)
        carrier = link
        return actions + replace(nowNs: nowNs, closed: closed)
    }

    /// Ends a connection on which nothing comes though it should.
    private mutating func watch(_ link: inout LiveLink, nowNs: Int64, closed: () -> String?) -> [Action] {
        guard nowNs - link.lastFrameNs >= policy.staleNs else {
            defer { isIdle = false }
            return isIdle ? [.report(.live, "")] : []
        }
        if let closed = closed() {
            defer { isIdle = true }
            return isIdle ? [] : [.report(.idle, closed)]
        }
        if isIdle {
            // The market has opened: its first frames have the usual time.
            isIdle = false
            link.received(nowNs: nowNs)
            return [.report(.live, "")]
        }
        link.phase = .silent
        let text = "nothing received for \(Self.seconds(nowNs - link.lastFrameNs)); connecting anew"
        return [.report(.stale, text), .close(link.number)]
    }

    /// Brings in a successor in time, and lets it take over.
    private mutating func replace(nowNs: Int64, closed: () -> String?) -> [Action] {
        guard let old = carrier else { return [] }
        guard var next = successor else {
            guard let lifetimeNs = policy.lifetimeNs, old.phase == .open, nowNs - old.openedNs >= lifetimeNs,
                nowNs >= replaceNs
            else { return [] }
            successor = makeLink()
            return [.connect(attempts)]
        }
        guard next.phase == .open else { return [] }
        if nowNs - next.lastFrameNs >= policy.staleNs, closed() == nil {
            successor = nil
            replaceNs = nowNs + replacement.nextNs()
            leaving.insert(next.number)
            return [.close(next.number)]
        }
        var actions: [Action] = []
        if let part = next.nextOrders(of: orders, policy, nowNs: nowNs) {
            actions.append(.subscribe(next.number, part))
        }
        successor = next
        if old.phase == .open, next.delivers(orders, sinceNs: nowNs - policy.overlapNs) {
            leaving.insert(old.number)
            takeOver()
            actions.append(.close(old.number))
        }
        return actions
    }

    /// The successor carries the line from now on.
    private mutating func takeOver() {
        carrier = successor
        successor = nil
        replaceNs = .min
        replacement = Reconnect(policy.reconnect, random: replacement.random)
    }

    /// A connection is gone or did not come up.
    mutating func ended(_ number: Int, _ end: WebSocketEnd, nowNs: Int64) -> [Action] {
        if state == .stopped { return [.report(.stopped, ""), .finish] }
        let isLeaving = leaving.remove(number) != nil
        let link = carrier?.number == number ? carrier : nil
        if link != nil {
            carrier = nil
            isIdle = false
        }
        let wasSuccessor = successor?.number == number
        if wasSuccessor { successor = nil }
        if state == .stopping { return finishIfAllEnded() }
        guard state == .running, !isLeaving else { return [] }
        if wasSuccessor { return replacementFailed(end, nowNs: nowNs) }
        guard let link else { return [] }
        // A connection that was open and silent was of no use, however long it lasted.
        if link.phase == .open { reconnect.connectionLasted(nowNs - link.openedNs) }
        if let next = successor {
            takeOver()
            return next.phase == .open ? [.report(.live, "")] : [.report(.connecting, Self.text(end))]
        }
        let (leastNs, needsPerson) = patience(end)
        let waitNs = reconnect.nextNs(atLeast: leastNs)
        retryNs = nowNs + waitNs
        let text = "\(Self.text(end)); next attempt in \(Self.seconds(waitNs))"
        return [.report(.degraded, text)] + (needsPerson ? [.alert(text)] : [])
    }

    /// The line is still carried: what failed is tried again until the venue ends the old connection.
    private mutating func replacementFailed(_ end: WebSocketEnd, nowNs: Int64) -> [Action] {
        let waitNs = replacement.nextNs(atLeast: patience(end).leastNs)
        replaceNs = nowNs + waitNs
        let text = "\(Self.text(end)) that was to replace another; next attempt in \(Self.seconds(waitNs))"
        return carrier?.phase == .open ? [.report(.live, text)] : []
    }

    /// Stop on demand.
    mutating func stop() -> [Action] {
        guard state == .idle || state == .running else { return [] }
        state = .stopping
        var actions: [Action] = []
        for link in [carrier, successor].compactMap({ $0 }) {
            if link.phase == .open { actions.append(.unsubscribe(link.number)) }
            actions.append(.close(link.number))
        }
        return actions + finishIfAllEnded()
    }

    private mutating func finishIfAllEnded() -> [Action] {
        guard carrier == nil, successor == nil, leaving.isEmpty else { return [] }
        state = .stopped
        return [.report(.stopped, ""), .finish]
    }

    /// How long to wait at least. What only a person can put right (a refused key, an untrusted certificate) is tried
    /// again at the slowest pace: a recorder that nobody watches then recovers by itself once it is put right.
    private func patience(_ end: WebSocketEnd) -> (leastNs: Int64, needsPerson: Bool) {
        guard case .failed(let error) = end else { return (0, false) }
        if error.disposition == .stop { return (policy.reconnect.maxNs, true) }
        return (error.status == 429 ? policy.throttledNs : 0, false)
    }

    /// Why a connection that was up ends, in words; to be asked before `ended`.
    func reason(_ number: Int, _ end: WebSocketEnd) -> String {
        if state == .stopping || state == .stopped { return "stopped" }
        if leaving.contains(number) { return "replaced by the next connection" }
        if carrier?.number == number, carrier?.phase == .silent { return "nothing was received on it" }
        return Self.text(end)
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

internal import Networking
internal import Platform

/// Acknowledges messages once they are durable, and extends their deadlines until then, on a thread of its own.
///
/// - Threading: any thread adds; one ends.
final class PubSubAcknowledger: @unchecked Sendable {  // `lock` guards every variable
    private let pull: PubSubPull
    private let sink: any FrameSink
    private let health: ConsumerHealth
    private let lock = Lock()
    private let changed: Condition
    private var leases: PubSubLeases
    private var retry: Reconnect
    /// Nothing is sent before this time, on the monotonic clock.
    private var quietUntilNs: Int64 = 0
    private var isEnding = false
    private var thread: NamedThread?

    /// Between two looks at what is durable, while something waits.
    private static let lookNs: Int64 = 2_000_000
    /// Between two looks while nothing does.
    private static let idleNs: Int64 = 200_000_000
    /// How long an end waits for the journal and the service.
    private static let endNs: Int64 = 5_000_000_000

    init(
        _ pull: PubSubPull, _ sink: any FrameSink, _ health: ConsumerHealth, leases: PubSubLeases.Policy,
        retry: Reconnect.Policy, name: String
    ) {
        self.pull = pull
        self.sink = sink
        self.health = health
        self.leases = PubSubLeases(leases)
        self.retry = Reconnect(retry)
        changed = Condition(lock)
        thread = NamedThread("ack-\(name)") { [self] in run() }
    }

    /// Messages that were pulled at `nowNs`, each with what must be durable before it is acknowledged.
    func add(_ messages: [(ackID: String, place: Int64)], nowNs: Int64) {
        lock.withLock {
            for message in messages { leases.add(message.ackID, place: message.place, nowNs: nowNs) }
            changed.signal()
        }
    }

    /// True while too much waits for the journal or the service to pull more.
    var isFull: Bool { lock.withLock { leases.isFull } }

    /// Acknowledges what becomes durable soon, lets the rest come again at once, and ends the thread.
    func end() {
        lock.withLock {
            isEnding = true
            changed.signal()
        }
        thread?.join()
        thread = nil
    }

    private func run() {
        lock.lock()
        defer { lock.unlock() }
        var deadlineNs: Int64?
        while true {
            let nowNs = Stopwatch.monotonicNs()
            if isEnding {
                let endNs = deadlineNs ?? nowNs + Self.endNs
                deadlineNs = endNs
                if leases.count == 0 { return }
                if nowNs >= endNs { return letGo() }
            }
            if nowNs >= quietUntilNs, work(nowNs) { continue }
            let waitNs = leases.count > 0 ? Self.lookNs : Self.idleNs
            changed.wait(untilNs: max(nowNs + waitNs, isEnding ? 0 : min(quietUntilNs, nowNs + Self.idleNs)))
        }
    }

    /// Sends one request, where there is reason to; with the lock held but for the request.
    private func work(_ nowNs: Int64) -> Bool {
        let durable = leases.takeDurable(sink.progress?.durable ?? .max, most: PubSubPull.batch)
        if !durable.isEmpty {
            let error = send { pull throws(CloudError) in try pull.acknowledge(durable[...]) }
            // What is refused was acknowledged too late: it comes again.
            if let error, error.kind != .refused {
                leases.putBack(
                    durable, untilNs: nowNs + leases.policy.firstNs, nowNs: Stopwatch.monotonicNs())
            }
            return true
        }
        let due = leases.due(nowNs: nowNs, most: PubSubPull.batch)
        guard !due.isEmpty else { return false }
        let seconds = leases.policy.extensionSeconds
        let error = send { pull throws(CloudError) in try pull.extend(due[...], seconds: seconds) }
        if error == nil { leases.extended(due, nowNs: nowNs) }
        return true
    }

    /// Sends one request without holding the lock, and notes how it went.
    private func send(_ request: (PubSubPull) throws(CloudError) -> Void) -> CloudError? {
        lock.unlock()
        var failure: CloudError?
        do throws(CloudError) { try request(pull) } catch { failure = error }
        lock.lock()
        if let failure, failure.kind != .refused {
            let waitNs = retry.nextNs(after: failure)
            quietUntilNs = Stopwatch.monotonicNs() + waitNs
            health.fails("acknowledgements", failure, waitNs: waitNs)
        } else {
            retry.worked()
            health.works("acknowledgements")
        }
        return failure
    }

    /// Lets everything come again at once, as far as the service can be told.
    private func letGo() {
        while true {
            let rest = leases.takeAll(most: PubSubPull.batch)
            guard !rest.isEmpty,
                send({ pull throws(CloudError) in try pull.extend(rest[...], seconds: 0) }) == nil
            else { return }
        }
    }
}

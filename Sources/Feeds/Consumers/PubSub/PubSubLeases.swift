/// Messages that were pulled and not acknowledged yet: which may be acknowledged, and whose time runs out.
///
/// A value without clock or connection: it says what to do, and is told what became of it.
struct PubSubLeases {
    /// When deadlines are extended.
    struct Policy {
        /// The shortest deadline that a subscription can have: nothing is known of its own.
        var firstNs: Int64 = 10_000_000_000
        /// For how long a deadline is extended, in seconds.
        var extensionSeconds = 60
        /// A deadline is extended so long before its end.
        var marginNs: Int64 = 5_000_000_000
        /// Most messages that may wait.
        var countMax = 20_000
    }

    private struct Lease {
        let ackID: String
        /// What must be durable before it is acknowledged.
        let place: Int64
        var endNs: Int64
    }

    let policy: Policy
    private var leases: [Lease] = []

    init(_ policy: Policy) { self.policy = policy }

    var count: Int { leases.count }
    /// True where no more should be pulled.
    var isFull: Bool { leases.count >= policy.countMax }

    /// Takes in a message that was pulled at `nowNs` and is safe once what was given before `place` is durable.
    mutating func add(_ ackID: String, place: Int64, nowNs: Int64) {
        leases.append(Lease(ackID: ackID, place: place, endNs: nowNs + policy.firstNs))
    }

    /// Takes out what may be acknowledged: what is durable.
    mutating func takeDurable(_ durable: Int64, most: Int) -> [String] {
        take(most: most) { $0.place <= durable }
    }

    /// Puts back what could not be acknowledged, unless its time is over: then it comes again, and is acknowledged then.
    mutating func putBack(_ ackIDs: [String], untilNs endNs: Int64, nowNs: Int64) {
        guard endNs > nowNs else { return }
        leases += ackIDs.map { Lease(ackID: $0, place: .min, endNs: endNs) }
    }

    /// What is to be extended now. What is over is left out from now on, since it comes again by itself.
    mutating func due(nowNs: Int64, most: Int) -> [String] {
        leases.removeAll { $0.endNs <= nowNs }
        var due: [String] = []
        for lease in leases where lease.endNs - nowNs <= policy.marginNs && lease.place != .min {
            due.append(lease.ackID)
            if due.count == most { break }
        }
        return due
    }

    /// Notes that deadlines were extended at `nowNs`.
    mutating func extended(_ ackIDs: [String], nowNs: Int64) {
        let extended = Set(ackIDs)
        for place in leases.indices where extended.contains(leases[place].ackID) {
            leases[place].endNs = nowNs + Int64(policy.extensionSeconds) * 1_000_000_000
        }
    }

    /// Takes out all that is left.
    mutating func takeAll(most: Int) -> [String] { take(most: most) { _ in true } }

    private mutating func take(most: Int, where isWanted: (Lease) -> Bool) -> [String] {
        var taken: [String] = []
        leases.removeAll { lease in
            guard taken.count < most, isWanted(lease) else { return false }
            taken.append(lease.ackID)
            return true
        }
        return taken
    }
}

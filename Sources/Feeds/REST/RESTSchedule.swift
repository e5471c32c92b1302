/// When a REST source asks what, as a function of what happened: no sockets, no clock, no threads.
///
/// Calls come in rounds, one at a time. A round of `n` calls begins at each multiple of the interval; a late round is
/// not made up for. Spread calls are due `interval / n` apart, others one after the other.
struct RESTSchedule: Sendable {
    /// What has to be done next.
    enum Step: Equatable {
        /// A round begins: say how many calls it has.
        case plan
        /// Ask the call of this number in the round.
        case ask(Int)
        /// Nothing until then.
        case wait(untilNs: Int64)
        /// All is asked.
        case finish
    }

    struct Policy: Sendable {
        /// From the start of a round to that of the next; 0 for one round only.
        var intervalNs: Int64
        /// Whether the calls of a round are spread over the interval.
        var isSpread = false
        var limits: [RateLimit] = []
        var reconnect = Reconnect.Policy()
        /// Least wait after the venue said that there were too many calls.
        var throttledNs: Int64 = 5_000_000_000
        /// Failures of one call after which the next one gets its turn.
        var attempts = 5
    }

    private let policy: Policy
    private var limiters: [RateLimiter]
    private var reconnect: Reconnect
    private var nextRoundNs = Int64.min
    /// The round under way: its start, its calls, and the next of them.
    private var round: (startNs: Int64, calls: Int, next: Int)?
    /// The call has further pages, which are not spread.
    private var isFurtherPage = false
    private var failuresOfCall = 0
    private var pausedUntilNs = Int64.min

    init(_ policy: Policy, random: @escaping @Sendable (ClosedRange<Int64>) -> Int64 = { .random(in: $0) }) {
        self.policy = policy
        limiters = policy.limits.map(RateLimiter.init)
        reconnect = Reconnect(policy.reconnect, random: random)
    }

    /// Whether all of a round was asked and the next one did not begin.
    var isBetweenRounds: Bool { round == nil }

    /// What to do at `nowNs`.
    mutating func next(nowNs: Int64) -> Step {
        if let (startNs, calls, next) = round {
            if next < calls {
                let dueNs = dueNs(startNs, calls, next)
                return dueNs > nowNs ? .wait(untilNs: dueNs) : .ask(next)
            }
            round = nil
            guard policy.intervalNs > 0 else {
                nextRoundNs = .max
                return .finish
            }
            nextRoundNs = max(startNs + policy.intervalNs, nowNs)
        }
        guard nextRoundNs < .max else { return .finish }
        return nextRoundNs > nowNs ? .wait(untilNs: nextRoundNs) : .plan
    }

    /// A round begins with so many calls.
    mutating func begin(calls: Int, nowNs: Int64) {
        round = (nowNs, calls, 0)
        isFurtherPage = false
        failuresOfCall = 0
    }

    /// The call that was asked has its verdict.
    ///
    /// - Parameter hasFurtherPage: whether the same call is to be asked again, for what follows.
    /// - Returns: how long nothing is asked at least; 0 where nothing is wrong with the venue.
    mutating func finished(_ verdict: RESTVerdict, hasFurtherPage: Bool = false, nowNs: Int64) -> Int64 {
        for index in limiters.indices { limiters[index].note(atNs: nowNs) }
        switch verdict {
        case .taken:
            reconnect.connectionLasted(.max)
            if hasFurtherPage { isFurtherPage = true } else { advance() }
            return 0
        case .refused:
            reconnect.connectionLasted(.max)
            advance()
            return 0
        case .throttled(let leastNs, _): return pause(atLeast: leastNs ?? policy.throttledNs, nowNs)
        case .failed(let leastNs, _):
            failuresOfCall += 1
            if failuresOfCall >= policy.attempts { advance() }
            return pause(atLeast: leastNs ?? 0, nowNs)
        case .needsPerson: return pause(atLeast: policy.reconnect.maxNs, nowNs)
        }
    }

    private mutating func advance() {
        round?.next += 1
        isFurtherPage = false
        failuresOfCall = 0
    }

    private mutating func pause(atLeast leastNs: Int64, _ nowNs: Int64) -> Int64 {
        let waitNs = reconnect.nextNs(atLeast: leastNs)
        pausedUntilNs = nowNs + waitNs
        return waitNs
    }

    private func dueNs(_ startNs: Int64, _ calls: Int, _ next: Int) -> Int64 {
        let spreadNs =
            policy.isSpread && !isFurtherPage
            ? startNs + Int64((Double(policy.intervalNs) * Double(next) / Double(calls)).rounded()) : startNs
        return limiters.reduce(max(spreadNs, pausedUntilNs)) { max($0, $1.readyNs) }
    }
}

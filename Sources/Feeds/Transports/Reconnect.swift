/// How long to wait before the next attempt to connect: doubling, capped, and spread at random, so that many clients
/// of one venue do not come back at the same moment.
///
/// - Source: Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015 (full jitter).
struct Reconnect {
    /// The bounds of the waiting time.
    struct Policy {
        /// Upper bound of the first wait.
        var firstNs: Int64 = 500_000_000
        /// Upper bound of every wait.
        var maxNs: Int64 = 60_000_000_000
        /// A connection that lasted so long makes up for earlier failures.
        var stableNs: Int64 = 10_000_000_000
    }

    let policy: Policy
    let random: @Sendable (ClosedRange<Int64>) -> Int64
    /// Failures since the last stable connection.
    private(set) var failures = 0

    init(_ policy: Policy, random: @escaping @Sendable (ClosedRange<Int64>) -> Int64 = { .random(in: $0) }) {
        self.policy = policy
        self.random = random
    }

    /// The upper bound of the next wait.
    var boundNs: Int64 {
        let doublings = min(failures, 40)
        return policy.firstNs > policy.maxNs >> doublings ? policy.maxNs : policy.firstNs << doublings
    }

    /// Notes a failure.
    ///
    /// - Returns: how long to wait, at least `leastNs`.
    mutating func nextNs(atLeast leastNs: Int64 = 0) -> Int64 {
        defer { failures += 1 }
        return max(leastNs, random(0...boundNs))
    }

    /// Notes that a connection lasted `lifetimeNs`.
    mutating func connectionLasted(_ lifetimeNs: Int64) {
        if lifetimeNs >= policy.stableNs { failures = 0 }
    }
}

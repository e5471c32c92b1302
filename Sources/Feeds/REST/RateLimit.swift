internal import Platform

/// At most `count` calls in any span of `spanNs`; written `60/m`, `30/s`, `25/d`, `5/12s`.
struct RateLimit: Equatable, Sendable, CustomStringConvertible {
    let count: Int
    let spanNs: Int64

    init(count: Int, spanNs: Int64) {
        precondition(count > 0 && spanNs > 0)
        self.count = count
        self.spanNs = spanNs
    }

    /// Reads `count/span`, where the number of a single unit may be left out; nil where the text is no limit.
    init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let count = Int(parts[0]), (1...Self.mostCalls).contains(count),
            let first = parts[1].first,
            let spanNs = DurationText.nanoseconds(first.isNumber ? String(parts[1]) : "1\(parts[1])"), spanNs > 0
        else { return nil }
        self.init(count: count, spanNs: spanNs)
    }

    private static let mostCalls = 100_000

    var description: String { "\(count)/\(DurationText.text(nanoseconds: spanNs))" }

    /// The shortest span in which `calls` fit, when they are spread evenly.
    func shortestNs(forCalls calls: Int) -> Int64 { (spanNs * Int64(calls) + Int64(count) - 1) / Int64(count) }
}

/// Keeps calls, one after the other, within a limit: a call must wait until fewer than `count` were answered in the span
/// before it. Since a call reaches the server between question and answer, no span at the server ever sees more,
/// however long the way takes. A bucket refilled at a rate would let up to twice as many pass in one span.
struct RateLimiter: Sendable {
    let limit: RateLimit
    /// When the last calls were answered, in a ring.
    private var answeredNs: [Int64] = []
    private var next = 0

    init(_ limit: RateLimit) { self.limit = limit }

    /// From when on another call is within the limit.
    var readyNs: Int64 {
        guard answeredNs.count == limit.count else { return .min }
        return answeredNs[next].addingReportingOverflow(limit.spanNs).partialValue
    }

    /// Notes a call that was answered, or failed.
    mutating func note(atNs: Int64) {
        if answeredNs.count < limit.count {
            answeredNs.append(atNs)
        } else {
            answeredNs[next] = atNs
            next = (next + 1) % limit.count
        }
    }
}

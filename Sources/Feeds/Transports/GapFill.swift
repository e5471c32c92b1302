internal import Networking

/// How one gap is filled, as a function of the answers: no sockets, no clock, no threads.
///
/// Every answer covers the numbers between its lowest and its highest: those of them that it does not hold do not exist.
/// What remains of the gap is asked for next.
struct GapFill {
    /// How long to go on.
    struct Patience {
        /// How long a gap may fill by itself before it is asked for.
        var graceNs: Int64 = 2_000_000_000
        /// Bounds of the wait after an answer that failed.
        var retry = Reconnect.Policy(firstNs: 1_000_000_000, maxNs: 60_000_000_000)
        /// Failures in a row after which a gap is given up.
        var failuresMax = 10
        /// Wait after the venue said that there were too many requests, where it does not say how long.
        var throttledNs: Int64 = 60_000_000_000
        /// Trades of a gap above which it is given up unasked.
        var tradesMax: Int64 = 1_000_000
    }

    /// What to do next.
    enum Step: Equatable {
        /// Ask for `gap` in so many nanoseconds at the earliest.
        case ask(afterNs: Int64)
        /// Everything that the venue has was received.
        case done
        /// What is in `gap` stays missing.
        case giveUp(String)
    }

    /// What is still missing.
    private(set) var gap: SequenceGap
    /// Trades received.
    private(set) var received: Int64 = 0
    private let patience: Patience
    private var retry: Reconnect

    init(_ gap: SequenceGap, _ patience: Patience) {
        self.gap = gap
        self.patience = patience
        retry = Reconnect(patience.retry)
    }

    /// What to do with a gap that was just found.
    var firstStep: Step {
        gap.count <= patience.tradesMax
            ? .ask(afterNs: 0) : .giveUp("more than the \(patience.tradesMax) trades that are fetched at most")
    }

    /// An answer with the trades from `first` to `last`, or nil for none, in or around the gap.
    ///
    /// - Parameters:
    ///   - count: trades of the gap in it.
    ///   - lastNs: event time of the highest.
    mutating func answered(_ numbers: ClosedRange<Int64>?, count: Int64, lastNs: Int64) -> Step {
        retry.connectionLasted(.max)
        received += count
        guard let numbers, numbers.overlaps(gap.first...gap.last) else { return .done }
        if numbers.lowerBound <= gap.first {
            guard numbers.upperBound < gap.last else { return .done }
            gap.first = numbers.upperBound + 1
            gap.afterNs = lastNs
        } else if numbers.upperBound >= gap.last {
            gap.last = numbers.lowerBound - 1
        } else {
            // In the middle: the venue has nothing nearer to the end that was asked for.
            return .done
        }
        return .ask(afterNs: 0)
    }

    /// An answer that is none: a status other than 200.
    mutating func refused(_ response: HTTPResponse) -> Step {
        let reason = "the venue answered \(response.status) \(HTTPResponse.reason(response.status))"
        if response.status == 429 || response.status == 418 {
            let seconds = response.headers["Retry-After"].flatMap { Int64($0) }
            return failed(
                reason, leastNs: seconds.map { min(max($0, 1), 86_400) * 1_000_000_000 } ?? patience.throttledNs)
        }
        return response.status >= 500 || response.status == 408 ? failed(reason, leastNs: 0) : .giveUp(reason)
    }

    /// An answer that says no.
    mutating func refused(_ refusal: HistoryRefusal) -> Step {
        let reason = "the venue answered \(refusal.reason)"
        return refusal.isThrottling ? failed(reason, leastNs: patience.throttledNs) : .giveUp(reason)
    }

    /// No answer came.
    mutating func failed(_ error: NetworkError) -> Step {
        error.disposition == .stop ? .giveUp(error.description) : failed(error.description, leastNs: 0)
    }

    private mutating func failed(_ reason: String, leastNs: Int64) -> Step {
        guard retry.failures + 1 < patience.failuresMax else {
            return .giveUp("\(reason); \(patience.failuresMax) attempts")
        }
        return .ask(afterNs: retry.nextNs(atLeast: leastNs))
    }
}

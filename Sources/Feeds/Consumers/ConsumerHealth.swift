internal import Networking
internal import Platform
internal import Synchronization

/// One feed's state from those of its parts: pulls, acknowledgements, shards. A part that fails makes the feed degraded
/// until it works again.
///
/// - Threading: any thread.
final class ConsumerHealth: Sendable {
    private struct Report {
        /// What fails, by part.
        var problems: [String: String] = [:]
        var state = FeedStatus.State.connecting
        var detail = ""
    }

    private let status: FeedStatus
    private let report = Mutex(Report())

    init(_ status: FeedStatus) { self.status = status }

    /// A part works.
    func works(_ part: String) {
        let isNews = report.withLock { report in
            let isNews = report.problems.removeValue(forKey: part) != nil
            if isNews { show(report) }
            return isNews
        }
        if isNews { Log.info("feed works again", ["feed": status.name, "part": part]) }
    }

    /// The state of the feed while all parts work.
    func set(_ state: FeedStatus.State, _ detail: String = "") {
        report.withLock { report in
            guard report.state != state || report.detail != detail else { return }
            report.state = state
            report.detail = detail
            show(report)
        }
    }

    /// A part does not work.
    ///
    /// - Parameter waitNs: how long until it is tried again.
    func fails(_ part: String, _ error: CloudError, waitNs: Int64) {
        let isNews = report.withLock { report in
            let isNews = report.problems.updateValue(error.description, forKey: part) != error.description
            show(report, "next attempt in \(Double(waitNs / 100_000_000) / 10) s")
            return isNews
        }
        status.countReconnect()
        guard isNews else { return }
        let fields: KeyValuePairs<String, any Sendable> = [
            "feed": status.name, "part": part, "reason": error.description,
        ]
        if error.needsPerson { Log.error("feed needs attention", fields) } else { Log.warning("feed degraded", fields) }
    }

    private func show(_ report: Report, _ next: String = "") {
        guard let first = report.problems.min(by: { $0.key < $1.key }) else {
            status.set(report.state, report.detail)
            return
        }
        let parts = [first.value, report.problems.count > 1 ? "\(report.problems.count - 1) more" : "", next]
        status.set(.degraded, parts.filter { !$0.isEmpty }.joined(separator: "; "))
    }
}

extension Reconnect {
    /// Notes that something failed.
    ///
    /// - Returns: how long to wait, in nanoseconds: at least as long as the service asks, and longer where a person has to
    ///   change something or there were too many calls.
    mutating func nextNs(after error: CloudError) -> Int64 {
        let leastNs: Int64 = error.needsPerson || error.kind == .throttled ? 2 * policy.firstNs : policy.firstNs / 4
        return nextNs(atLeast: max(error.retryAfterNs ?? 0, leastNs))
    }

    /// Notes that something worked.
    mutating func worked() { connectionLasted(.max) }
}

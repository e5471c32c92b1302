internal import Dispatch
internal import Synchronization

/// Runs an action when a query is not over in time.
///
/// One queue watches all queries of the process; a query without limit costs nothing.
final class QueryTimer: Sendable {
    private enum State { case running, expired, over }
    private let state = Mutex(State.running)
    private let limitNs: Int64
    private let action: @Sendable () -> Void

    init(afterNs limitNs: Int64, _ action: @escaping @Sendable () -> Void) {
        self.limitNs = limitNs
        self.action = action
        schedule(afterNs: limitNs)
    }

    private static let queue = DispatchQueue(label: "query-timer")

    private func schedule(afterNs: Int64) {
        Self.queue.asyncAfter(deadline: .now() + .nanoseconds(Int(afterNs))) { [weak self] in self?.expire() }
    }

    /// The action runs under the lock, so that after `finish` it cannot hit the connection's next query. It is
    /// repeated, because a driver forgets a cancellation that comes just before it starts working.
    private func expire() {
        let again = state.withLock { state in
            guard state != .over else { return false }
            state = .expired
            action()
            return true
        }
        if again { schedule(afterNs: 50_000_000) }
    }

    /// The query is over.
    ///
    /// - Returns: true where the time was up before.
    @discardableResult
    func finish() -> Bool {
        state.withLock { state in
            defer { state = .over }
            return state == .expired
        }
    }

    /// Turns a cancellation that this timer caused into a time-out.
    func refine(_ error: DatabaseError) -> DatabaseError {
        guard finish(), error.code == .cancelled else { return error }
        return DatabaseError(
            .timeout, "took longer than its limit of \(Double(limitNs) / 1e9) s", operation: error.operation,
            cause: error)
    }
}

internal import Synchronization

/// Counts what is asked of a service, for budgets and bills.
///
/// - Threading: any thread.
public final class UsageMeter: Sendable {
    /// What was counted so far.
    public struct Reading: Sendable, Equatable {
        public var requests: Int64 = 0
        /// Bytes sent: bodies of requests, keys and values of messages.
        public var bytes: Int64 = 0
        /// What the service bills by beside both, in its own measure: see the list of prices.
        public var units: Int64 = 0
        /// Bytes that stay in the service.
        public var kept: Int64 = 0

        public init() {}
    }

    private let requests = Atomic<Int64>(0)
    private let bytes = Atomic<Int64>(0)
    private let units = Atomic<Int64>(0)
    private let kept = Atomic<Int64>(0)

    public init() {}

    /// Counts requests with all their bytes, answered or not.
    public func add(requests count: Int64 = 1, bytes sent: Int) {
        requests.wrappingAdd(count, ordering: .relaxed)
        bytes.wrappingAdd(Int64(sent), ordering: .relaxed)
    }

    /// Counts what the service bills by in a measure of its own.
    public func add(units count: Int64) { units.wrappingAdd(count, ordering: .relaxed) }

    /// Counts bytes that stay in the service.
    public func add(kept count: Int64) { kept.wrappingAdd(count, ordering: .relaxed) }

    public var reading: Reading {
        var reading = Reading()
        reading.requests = requests.load(ordering: .relaxed)
        reading.bytes = bytes.load(ordering: .relaxed)
        reading.units = units.load(ordering: .relaxed)
        reading.kept = kept.load(ordering: .relaxed)
        return reading
    }
}

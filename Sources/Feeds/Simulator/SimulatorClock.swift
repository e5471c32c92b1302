internal import Glibc
internal import Platform

/// The time a live simulation keeps, so that tests can make their own.
public struct SimulatorClock: Sendable {
    /// Nanoseconds since 1970 UTC.
    public let nowNs: @Sendable () -> Int64
    /// Waits for a number of nanoseconds.
    public let sleep: @Sendable (Int64) -> Void

    public init(nowNs: @escaping @Sendable () -> Int64, sleep: @escaping @Sendable (Int64) -> Void) {
        self.nowNs = nowNs
        self.sleep = sleep
    }

    /// The wall clock.
    public static let system = SimulatorClock(
        nowNs: { Timestamp.now().nanoseconds },
        sleep: { spanNs in
            var span = timespec(tv_sec: Int(spanNs / 1_000_000_000), tv_nsec: Int(spanNs % 1_000_000_000))
            unsafe nanosleep(&span, nil)
        })
}

internal import Glibc
internal import Platform

/// Lets recorded moments pass at a multiple of their own pace.
///
/// - Threading: one thread.
struct Pacer {
    /// Reads the monotonic clock and waits, in nanoseconds: replaced in tests.
    struct Clock: Sendable {
        let now: @Sendable () -> Int64
        let wait: @Sendable (Int64) -> Void

        static let system = Clock(
            now: { Stopwatch.monotonicNs() },
            wait: { nanoseconds in
                var time = timespec(tv_sec: Int(nanoseconds / 1_000_000_000), tv_nsec: Int(nanoseconds % 1_000_000_000))
                unsafe nanosleep(&time, nil)
            })
    }

    /// Times as fast as recorded; nil: no waiting.
    private let speed: Double?
    private let clock: Clock
    /// A recorded moment and when it was let through.
    private var origin: (momentNs: Int64, clockNs: Int64)?
    /// Waits are cut to this, so that a stop is noticed.
    private static let longestWaitNs: Int64 = 20_000_000

    init(speed: Double?, clock: Clock = .system) {
        self.speed = speed
        self.clock = clock
    }

    /// Waits until `momentNs` is due, or until `isCancelled`.
    mutating func wait(until momentNs: Int64, isCancelled: () -> Bool) {
        guard let speed, momentNs != .min else { return }
        guard let origin else {
            origin = (momentNs, clock.now())
            return
        }
        let dueNs = origin.clockNs + Int64(Double(momentNs - origin.momentNs) / speed)
        while !isCancelled() {
            let leftNs = dueNs - clock.now()
            guard leftNs > 0 else { return }
            clock.wait(min(leftNs, Self.longestWaitNs))
        }
    }
}

internal import CPlatform
internal import Glibc

/// Measures spans on the monotonic clock.
public struct Stopwatch: Sendable {
    private let startNs: Int64

    public init() { startNs = Self.monotonicNs() }

    /// Nanoseconds since this stopwatch was made.
    public var elapsedNs: Int64 { Self.monotonicNs() - startNs }
    /// Seconds since this stopwatch was made.
    public var seconds: Double { Double(elapsedNs) / 1e9 }

    /// The monotonic clock in nanoseconds; only differences mean something.
    public static func monotonicNs() -> Int64 {
        var value = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &value)
        return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
    }

    /// User plus system time this process has used, in nanoseconds.
    public static func processCPUNs() -> Int64 { td_cpu_ns() }
    /// The most memory this process has had resident, in bytes.
    public static func peakResidentBytes() -> Int64 { td_peak_resident_bytes() }
}

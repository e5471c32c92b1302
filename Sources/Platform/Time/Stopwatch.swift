internal import CPlatform
internal import Foundation
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
    /// User plus system time that the calling thread has used, in nanoseconds.
    public static func threadCPUNs() -> Int64 {
        var value = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &value)
        return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
    }
    /// The most memory this process has had resident, in bytes.
    public static func peakResidentBytes() -> Int64 { td_peak_resident_bytes() }
    /// Memory of this process that is resident now, in bytes.
    ///
    /// - Source: proc(5), `/proc/self/statm`: resident pages come second.
    public static func residentBytes() -> Int64 {
        guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return 0 }
        let fields = text.split(separator: " ")
        return fields.count > 1 ? (Int64(fields[1]) ?? 0) * Int64(sysconf(Int32(_SC_PAGESIZE))) : 0
    }
}

internal import Glibc

/// Waits of the calling thread.
public enum Pause {
    /// Waits `ns` nanoseconds; signals do not shorten it.
    public static func wait(ns: Int64) {
        let end = Stopwatch.monotonicNs() + ns
        while true {
            let left = end - Stopwatch.monotonicNs()
            guard left > 0 else { return }
            var span = timespec(tv_sec: Int(left / 1_000_000_000), tv_nsec: Int(left % 1_000_000_000))
            unsafe nanosleep(&span, nil)
        }
    }
}

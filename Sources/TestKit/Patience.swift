public import Foundation

/// How long tests wait for what should come at once; a test takes longer for it only where it fails.
///
/// `TAPEDECK_PATIENCE`, a factor, lengthens it for programs that run slower: scripts/sanitize sets it.
public enum Patience {
    /// 1, or `TAPEDECK_PATIENCE`. Multiplies also what a peer is given to answer in, where the test is about its answer.
    public static let factor: Double =
        ProcessInfo.processInfo.environment["TAPEDECK_PATIENCE"].flatMap { Double($0) } ?? 1

    /// Ten seconds, times the factor.
    public static let seconds = 10 * factor

    /// When a wait that starts now is over.
    public static var end: Date { Date(timeIntervalSinceNow: seconds) }

    /// The shortest of up to twenty measurements; the first one below `limitNs` is enough.
    ///
    /// What is fast by construction is fast now and then on any machine; what is slow never is.
    public static func shortestNs(below limitNs: Int64, _ measure: () throws -> Int64) rethrows -> Int64 {
        var shortest = Int64.max
        for _ in 0..<20 where shortest >= limitNs { shortest = min(shortest, try measure()) }
        return shortest
    }

    /// Looks every millisecond whether `condition` holds.
    ///
    /// - Returns: false where it did not in time.
    @discardableResult
    public static func wait(until condition: () -> Bool) -> Bool {
        let end = end
        while !condition() {
            guard Date() < end else { return false }
            Thread.sleep(forTimeInterval: 0.001)
        }
        return true
    }
}

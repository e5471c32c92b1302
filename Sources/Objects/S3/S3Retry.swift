/// When a request is sent again.
///
/// - Source: M. Brooker, "Exponential Backoff And Jitter" (full jitter), 2015.
public struct S3Retry: Sendable {
    /// How often it is sent at most.
    public var attempts = 5
    /// The first wait is at most so long.
    public var firstNs: Int64 = 100_000_000
    /// Every wait is at most so long, whatever a service asks for: who called can wait longer.
    public var longestNs: Int64 = 5_000_000_000

    public init() {}

    /// How long to wait before the next attempt.
    ///
    /// - Parameters:
    ///   - attempt: how many there were.
    ///   - askedNs: what the service asked for.
    ///   - draw: takes a number of a range.
    func waitNs(
        after attempt: Int, askedNs: Int64?, draw: (ClosedRange<Int64>) -> Int64 = { Int64.random(in: $0) }
    ) -> Int64 {
        let most = min(longestNs, firstNs << Int64(min(attempt - 1, 20)))
        return max(draw(0...most), min(askedNs ?? 0, longestNs))
    }
}

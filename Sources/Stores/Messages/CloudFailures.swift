internal import Delivery
internal import Networking
internal import Platform

/// Errors of cloud services as errors of a delivery.
func translating<T>(_ body: () throws(CloudError) -> T) throws(DeliveryError) -> T {
    do { return try body() } catch {
        let kind: DeliveryError.Kind =
            switch error.kind {
            case .cancelled, .unavailable, .throttled, .malformed: .unavailable
            // What is refused for its contents is refused for its form: sizes are seen to before.
            case .denied, .missing, .refused: .setup
            }
        throw DeliveryError(kind, "\(error)")
    }
}

/// Requests that are asked again while a service has no time for them: that happens now and then, and is nothing to tell.
struct CloudRetry {
    /// How long nothing may get on, in nanoseconds.
    private static let stallNs: Int64 = 10_000_000_000
    private static let pauseNs: ClosedRange<Int64> = 50_000_000...1_000_000_000
    private var pauseNs = Self.pauseNs.lowerBound
    private var watch = Stopwatch()

    /// Something got on.
    mutating func worked() {
        pauseNs = Self.pauseNs.lowerBound
        watch = Stopwatch()
    }

    /// Waits before the next attempt.
    ///
    /// - Throws: the error, where waiting does not help, or nothing has got on for too long.
    mutating func wait(after error: CloudError) throws(CloudError) {
        let pause = max(error.retryAfterNs ?? 0, Int64.random(in: pauseNs / 2...pauseNs))
        guard [.throttled, .unavailable].contains(error.kind), watch.elapsedNs + pause < Self.stallNs else {
            throw error
        }
        Pause.wait(ns: pause)
        pauseNs = min(2 * pauseNs, Self.pauseNs.upperBound)
    }

    /// Performs a request until it works.
    static func asking<T>(_ body: () throws(CloudError) -> T) throws(CloudError) -> T {
        var retry = CloudRetry()
        while true {
            do { return try body() } catch { try retry.wait(after: error) }
        }
    }
}

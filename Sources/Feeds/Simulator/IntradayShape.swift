internal import Glibc

/// How busy the simulated market is over the UTC day: a smooth U, high around midnight and low around noon.
enum IntradayShape {
    /// Activity in relation to the day's mean, 0.6 … 1.7; its mean over a day is 1.
    static func activity(atNs timeNs: Int64) -> Double {
        let dayNs: Int64 = 86_400_000_000_000
        let angle = 2 * Double.pi * Double(timeNs % dayNs) / Double(dayNs)
        return 1 + 0.55 * cos(angle) + 0.15 * cos(2 * angle)
    }
}

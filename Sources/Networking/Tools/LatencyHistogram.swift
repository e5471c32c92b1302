/// Counts spans of time in steps of about 1.6 %, from a nanosecond to hours, in fixed memory.
///
/// Below 128 ns a step is one nanosecond; above, each power of two has 64 steps.
package struct LatencyHistogram: Sendable {
    private var counts = [Int64](repeating: 0, count: 64 * 48)
    /// Spans recorded.
    package private(set) var count: Int64 = 0
    /// The longest, in nanoseconds.
    package private(set) var maxNs: Int64 = 0

    package init() {}

    /// Records one span; a negative one counts as zero.
    package mutating func record(ns: Int64) {
        counts[min(Self.place(of: max(0, ns)), counts.count - 1)] += 1
        count += 1
        maxNs = max(maxNs, ns)
    }

    /// Takes over what another has recorded.
    package mutating func add(_ other: LatencyHistogram) {
        for place in counts.indices { counts[place] += other.counts[place] }
        count += other.count
        maxNs = max(maxNs, other.maxNs)
    }

    /// The span that a share of all stays within, to the precision of a step; 0 where nothing was recorded.
    package func quantileNs(_ share: Double) -> Int64 {
        let wanted = Int64((Double(count) * share).rounded(.up))
        var seen: Int64 = 0
        for (place, inStep) in counts.enumerated() where inStep > 0 {
            seen += inStep
            if seen >= wanted { return min(maxNs, Self.upperBound(of: place)) }
        }
        return maxNs
    }

    /// Power of two and the six bits behind the leading one.
    private static func place(of ns: Int64) -> Int {
        guard ns >= 128 else { return Int(ns) }
        let shift = 57 - ns.leadingZeroBitCount
        return shift * 64 + Int(ns >> Int64(shift))
    }

    private static func upperBound(of place: Int) -> Int64 {
        guard place >= 128 else { return Int64(place) }
        let shift = place / 64 - 1
        return (Int64(place - shift * 64 + 1) << Int64(shift)) - 1
    }
}

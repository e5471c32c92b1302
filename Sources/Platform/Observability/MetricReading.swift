/// One series of a metric at a moment.
public struct MetricReading: Sendable {
    /// What tells the series of a metric apart.
    public struct Label: Sendable, Equatable {
        public let name: String
        public let value: String
    }

    public enum Value: Sendable {
        case integer(Int64)
        case number(Double)
        case durations(DurationCounts)
    }

    public let name: String
    public let labels: [Label]
    public let value: Value

    /// Its lines of Prometheus text.
    var text: String {
        let inner = labels.map { "\($0.name)=\(JSONText.quoted($0.value))" }.joined(separator: ",")
        let outer = inner.isEmpty ? "" : "{\(inner)}"
        switch value {
        case .integer(let value): return "\(name)\(outer) \(value)\n"
        case .number(let value): return "\(name)\(outer) \(JSONText.number(value))\n"
        case .durations(let counts):
            var text = ""
            var cumulative: Int64 = 0
            for (bucket, count) in counts.buckets.enumerated() {
                cumulative += count
                let isLast = bucket == counts.buckets.count - 1
                let bound = isLast ? "+Inf" : JSONText.number(Double(DurationCounts.boundNs(bucket)) / 1e9)
                text += "\(name)_bucket{\(inner.isEmpty ? "" : inner + ",")le=\"\(bound)\"} \(cumulative)\n"
            }
            return text
                + "\(name)_sum\(outer) \(JSONText.number(counts.seconds))\n\(name)_count\(outer) \(cumulative)\n"
        }
    }
}

/// Durations counted in buckets that double, from 1 µs on; the last one takes all beyond 67 s.
public struct DurationCounts: Sendable, Equatable {
    static let bucketCount = 28

    /// By bucket.
    public private(set) var buckets: [Int64]
    /// Their sum in nanoseconds.
    public private(set) var sumNs: Int64

    init(buckets: [Int64], sumNs: Int64) {
        self.buckets = buckets
        self.sumNs = sumNs
    }

    /// None.
    public init() { self.init(buckets: [Int64](repeating: 0, count: Self.bucketCount), sumNs: 0) }

    /// How many.
    public var count: Int64 { buckets.reduce(0, +) }
    /// Their sum in seconds.
    public var seconds: Double { Double(sumNs) / 1e9 }

    static func boundNs(_ bucket: Int) -> Int64 { 1000 << Int64(bucket) }

    /// The upper bound in nanoseconds of the bucket that holds the given share (0…1) of the durations; 0 when empty.
    public func quantileNs(_ share: Double) -> Int64 {
        let total = count
        guard total > 0 else { return 0 }
        var seen: Int64 = 0
        for (bucket, value) in buckets.enumerated() {
            seen += value
            if Double(seen) >= share * Double(total) { return Self.boundNs(bucket) }
        }
        return Self.boundNs(Self.bucketCount - 1)
    }

    /// Those that came since `earlier`.
    public func since(_ earlier: DurationCounts) -> DurationCounts {
        DurationCounts(
            buckets: zip(buckets, earlier.buckets).map { max(0, $0 - $1) }, sumNs: max(0, sumNs - earlier.sumNs))
    }
}

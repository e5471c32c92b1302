internal import Synchronization

/// Counters, gauges and histograms of this process, written in Prometheus' text format.
///
/// - Source: Prometheus documentation, "Exposition formats", text-based format.
/// - Threading: any thread; updating a metric takes no lock.
public final class Metrics: Sendable {
    private typealias Labels = [MetricReading.Label]
    private struct Family {
        let help: String
        let kind: String
        var series: [(labels: Labels, read: @Sendable () -> [(Labels, MetricReading.Value)])] = []
    }
    private let families = Mutex<[String: Family]>([:])

    public init() {}

    /// A counter; the same name and labels return series of one family.
    public func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let metric = Counter()
        add(name, help, "counter", labels) { .integer(metric.value) }
        return metric
    }

    /// A gauge that is set.
    public func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let metric = Gauge()
        add(name, help, "gauge", labels) { .number(metric.value) }
        return metric
    }

    /// A gauge that is asked when the metrics are read; nil leaves the series out.
    public func gauge(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double?
    ) {
        add(name, help, "gauge", labels) { read().map { .number($0) } }
    }

    /// Gauges of one family, one for each value of a label, that are asked when the metrics are read.
    public func gauges(
        _ name: String, help: String, label: String, read: @escaping @Sendable () -> [(String, Double)]
    ) {
        add(name, help, "gauge", []) {
            read().map { ([MetricReading.Label(name: label, value: $0)], .number($1)) }
        }
    }

    /// A histogram of nanoseconds, exposed in seconds.
    public func histogram(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Histogram {
        let metric = Histogram()
        add(name, help, "histogram", labels) { .durations(metric.counts) }
        return metric
    }

    private func add(
        _ name: String, _ help: String, _ kind: String, _ labels: KeyValuePairs<String, String>,
        _ read: @escaping @Sendable () -> MetricReading.Value?
    ) {
        let labels = labels.map { MetricReading.Label(name: $0, value: $1) }
        add(name, help, kind, labels) { read().map { [(labels, $0)] } ?? [] }
    }

    private func add(
        _ name: String, _ help: String, _ kind: String, _ labels: Labels,
        _ read: @escaping @Sendable () -> [(Labels, MetricReading.Value)]
    ) {
        families.withLock { families in
            var family = families[name] ?? Family(help: help, kind: kind)
            precondition(family.kind == kind, "metric \(name) is a \(family.kind)")
            family.series.removeAll { $0.labels == labels }
            family.series.append((labels, read))
            families[name] = family
        }
    }

    /// All metrics as they are now, families sorted by name.
    public func readings() -> [MetricReading] {
        families.withLock { $0 }.sorted { $0.key < $1.key }.flatMap { Self.readings($0.key, $0.value) }
    }

    private static func readings(_ name: String, _ family: Family) -> [MetricReading] {
        family.series.flatMap { $0.read().map { MetricReading(name: name, labels: $0, value: $1) } }
    }

    /// All metrics as Prometheus text, families sorted by name.
    public func text() -> String {
        var text = ""
        for (name, family) in families.withLock({ $0 }).sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
            for reading in Self.readings(name, family) { text += reading.text }
        }
        return text
    }
}

/// A number that only grows.
public final class Counter: Sendable {
    private let current = Atomic<Int64>(0)
    public init() {}
    public func add(_ amount: Int) { current.wrappingAdd(Int64(amount), ordering: .relaxed) }
    public func increment() { add(1) }
    public var value: Int64 { current.load(ordering: .relaxed) }
}

/// A number that is set.
public final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(0)
    public init() {}
    public func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }
    public var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// Durations in buckets that double, from 1 µs to about 67 s.
public final class Histogram: Sendable {
    private let buckets: [AtomicCount]
    private let sumNs = Atomic<Int64>(0)
    private final class AtomicCount: Sendable { let value = Atomic<Int64>(0) }

    public init() { buckets = (0..<DurationCounts.bucketCount).map { _ in AtomicCount() } }

    /// Records one duration in nanoseconds.
    public func record(ns: Int64) {
        let micros = UInt64(max(0, ns - 1)) / 1000
        let bucket = min(27, micros == 0 ? 0 : 64 - micros.leadingZeroBitCount)
        buckets[bucket].value.wrappingAdd(1, ordering: .relaxed)
        sumNs.wrappingAdd(ns, ordering: .relaxed)
    }

    /// The upper bound in nanoseconds of the bucket that holds the given share (0…1) of the durations; 0 when empty.
    public func quantileNs(_ share: Double) -> Int64 { counts.quantileNs(share) }

    /// How many durations there were so far, by bucket.
    public var counts: DurationCounts {
        DurationCounts(
            buckets: buckets.map { $0.value.load(ordering: .relaxed) }, sumNs: sumNs.load(ordering: .relaxed))
    }
}

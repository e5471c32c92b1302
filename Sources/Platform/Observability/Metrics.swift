internal import Synchronization

/// Counters, gauges and histograms of this process, written in Prometheus' text format.
///
/// - Source: Prometheus documentation, "Exposition formats", text-based format.
/// - Threading: any thread; updating a metric takes no lock.
public final class Metrics: Sendable {
    private struct Family {
        let help: String
        let kind: String
        var series: [(labels: String, write: @Sendable (String, String) -> String)] = []
    }
    private let families = Mutex<[String: Family]>([:])

    public init() {}

    /// A counter; the same name and labels return series of one family.
    public func counter(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Counter {
        let metric = Counter()
        add(name, help, "counter", labels) { name, labels in "\(name)\(labels) \(metric.value)\n" }
        return metric
    }

    /// A gauge that is set.
    public func gauge(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Gauge {
        let metric = Gauge()
        add(name, help, "gauge", labels) { name, labels in "\(name)\(labels) \(JSONText.number(metric.value))\n" }
        return metric
    }

    /// A gauge that is asked when the metrics are read; nil leaves the series out.
    public func gauge(
        _ name: String, help: String, labels: KeyValuePairs<String, String> = [:],
        read: @escaping @Sendable () -> Double?
    ) {
        add(name, help, "gauge", labels) { name, labels in
            read().map { "\(name)\(labels) \(JSONText.number($0))\n" } ?? ""
        }
    }

    /// Gauges of one family, one for each value of a label, that are asked when the metrics are read.
    public func gauges(
        _ name: String, help: String, label: String, read: @escaping @Sendable () -> [(String, Double)]
    ) {
        add(name, help, "gauge", [:]) { name, _ in
            read().map { "\(name){\(label)=\(JSONText.quoted($0))} \(JSONText.number($1))\n" }.joined()
        }
    }

    /// A histogram of nanoseconds, exposed in seconds.
    public func histogram(_ name: String, help: String, labels: KeyValuePairs<String, String> = [:]) -> Histogram {
        let metric = Histogram()
        add(name, help, "histogram", labels) { name, labels in metric.text(name, labels) }
        return metric
    }

    private func add(
        _ name: String, _ help: String, _ kind: String, _ labels: KeyValuePairs<String, String>,
        _ write: @escaping @Sendable (String, String) -> String
    ) {
        let text =
            labels.isEmpty ? "" : "{" + labels.map { "\($0)=\(JSONText.quoted($1))" }.joined(separator: ",") + "}"
        families.withLock { families in
            var family = families[name] ?? Family(help: help, kind: kind)
            precondition(family.kind == kind, "metric \(name) is a \(family.kind)")
            family.series.removeAll { $0.labels == text }
            family.series.append((text, write))
            families[name] = family
        }
    }

    /// All metrics as Prometheus text, families sorted by name.
    public func text() -> String {
        let families = families.withLock { $0 }
        var text = ""
        for (name, family) in families.sorted(by: { $0.key < $1.key }) {
            text += "# HELP \(name) \(family.help)\n# TYPE \(name) \(family.kind)\n"
            for series in family.series { text += series.write(name, series.labels) }
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
    private let counts: [AtomicCount]
    private let sumNs = Atomic<Int64>(0)
    private final class AtomicCount: Sendable { let value = Atomic<Int64>(0) }

    public init() { counts = (0..<28).map { _ in AtomicCount() } }

    /// Records one duration in nanoseconds.
    public func record(ns: Int64) {
        let micros = UInt64(max(0, ns - 1)) / 1000
        let bucket = min(27, micros == 0 ? 0 : 64 - micros.leadingZeroBitCount)
        counts[bucket].value.wrappingAdd(1, ordering: .relaxed)
        sumNs.wrappingAdd(ns, ordering: .relaxed)
    }

    /// The upper bound in nanoseconds of the bucket that holds the given share (0…1) of the durations; 0 when empty.
    public func quantileNs(_ share: Double) -> Int64 {
        let values = counts.map { $0.value.load(ordering: .relaxed) }
        let total = values.reduce(0, +)
        guard total > 0 else { return 0 }
        var seen: Int64 = 0
        for (bucket, value) in values.enumerated() {
            seen += value
            if Double(seen) >= share * Double(total) { return 1000 << Int64(bucket) }
        }
        return 1000 << 27
    }

    func text(_ name: String, _ labels: String) -> String {
        let inner = labels.isEmpty ? "" : labels.dropFirst().dropLast() + ","
        var cumulative: Int64 = 0
        var text = ""
        for (bucket, count) in counts.enumerated() {
            cumulative += count.value.load(ordering: .relaxed)
            let bound = bucket == 27 ? "+Inf" : JSONText.number(Double(1 << bucket) / 1e6)
            text += "\(name)_bucket{\(inner)le=\"\(bound)\"} \(cumulative)\n"
        }
        let sum = JSONText.number(Double(sumNs.load(ordering: .relaxed)) / 1e9)
        return text + "\(name)_sum\(labels) \(sum)\n\(name)_count\(labels) \(cumulative)\n"
    }
}

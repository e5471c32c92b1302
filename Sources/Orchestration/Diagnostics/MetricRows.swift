internal import Feeds
internal import Platform

/// Makes rows of what the metrics say, the same numbers that `/metrics` answers with.
///
/// Durations are counted since the start there; how long they were since the snapshot before is found here, by difference.
struct MetricRows {
    private var earlier: [String: DurationCounts] = [:]

    /// The rows of a snapshot.
    mutating func rows(_ readings: [MetricReading]) -> [DiagnosticsFrame.Metric] { readings.flatMap { rows($0) } }

    private mutating func rows(_ reading: MetricReading) -> [DiagnosticsFrame.Metric] {
        switch reading.value {
        case .integer(let value): return [Self.row(reading, "value", Double(value))]
        case .number(let value): return value.isFinite ? [Self.row(reading, "value", value)] : []
        case .durations(let counts):
            let series = ([reading.name] + reading.labels.map(\.value)).joined(separator: "\n")
            let latest = counts.since(earlier.updateValue(counts, forKey: series) ?? DurationCounts())
            var rows = [
                Self.row(reading, "count", Double(counts.count), unit: nil), Self.row(reading, "sum", counts.seconds),
            ]
            if latest.count > 0 {
                for (name, share) in [("p50", 0.5), ("p99", 0.99), ("max", 1)] {
                    rows.append(Self.row(reading, name, Double(latest.quantileNs(share)) / 1e9))
                }
            }
            return rows
        }
    }

    private static func row(_ reading: MetricReading, _ statistic: String, _ value: Double) -> DiagnosticsFrame.Metric {
        row(reading, statistic, value, unit: unit(reading.name))
    }

    private static func row(
        _ reading: MetricReading, _ statistic: String, _ value: Double, unit: String?
    ) -> DiagnosticsFrame.Metric {
        let labels = reading.labels
        return DiagnosticsFrame.Metric(
            component: labels.first?.name ?? part(reading.name), name: labels.map(\.value).joined(separator: "/"),
            metric: reading.name, statistic: statistic, value: value, unit: unit)
    }

    /// Parts of the program by the second word of their metrics' names; the engine has all others.
    private static let parts = [
        "journal": "journal", "lake": "lake", "flush": "lake", "hot": "lake", "http": "server", "stream": "server",
        "disk": "process", "process": "process", "ready": "process", "diagnostics": "process",
    ]

    private static func part(_ metric: String) -> String {
        parts[metric.split(separator: "_").dropFirst().first.map(String.init) ?? ""] ?? "engine"
    }

    private static let units: Set = ["seconds", "bytes", "frames", "rows", "requests", "records", "usd"]

    /// What a metric counts or measures: the last word of its name that says so.
    private static func unit(_ metric: String) -> String? {
        metric.split(separator: "_").last { $0 != "total" }.map(String.init).flatMap { units.contains($0) ? $0 : nil }
    }
}

internal import Networking
internal import Platform

/// Text with places to fill: `https://host/{symbol}?from={from}`.
struct RESTTemplate: Equatable, Sendable {
    let text: String
    /// Names in braces, in order.
    let names: [String]

    /// - Returns: nil where a brace is not closed.
    init?(_ text: String) {
        self.text = text
        var names: [String] = []
        var rest = Substring(text)
        while let start = rest.firstIndex(of: "{") {
            guard let end = rest[start...].firstIndex(of: "}") else { return nil }
            names.append(String(rest[rest.index(after: start)..<end]))
            rest = rest[rest.index(after: end)...]
        }
        self.names = names
    }

    /// The text with its places filled; one that has no value stays as it is.
    ///
    /// - Parameter isURL: whether values are percent-encoded.
    func filled(_ values: [String: String], isURL: Bool) -> String {
        names.reduce(text) { text, name in
            guard let value = values[name] else { return text }
            return text.replacing("{\(name)}", with: isURL ? PercentEncoding.encode(value) : value)
        }
    }
}

/// How a vendor wants moments and days written.
enum RESTDateForm: String, Sendable, CaseIterable {
    /// `2026-01-31`, in the zone of its days.
    case date
    /// `20260131`.
    case compact
    /// Since 1970 UTC.
    case seconds
    case milliseconds = "ms"
    /// `2026-01-31T00:00:00Z`.
    case rfc3339

    /// A moment in this form.
    func text(_ ns: Int64, _ clock: ZoneClock) -> String {
        switch self {
        case .date: CivilDate(daysSinceEpoch: clock.day(utcNs: ns)).description
        case .compact: CivilDate(daysSinceEpoch: clock.day(utcNs: ns)).description.filter { $0 != "-" }
        case .seconds: "\(ns / 1_000_000_000)"
        case .milliseconds: "\(ns / 1_000_000)"
        case .rfc3339: Timestamp(nanoseconds: ns / 1_000_000_000 * 1_000_000_000).description
        }
    }
}

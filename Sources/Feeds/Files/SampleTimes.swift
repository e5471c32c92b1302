internal import Market
internal import Platform

/// The times of a file's first lines, and what they tell of the file.
struct SampleTimes {
    /// In the order of the lines, in nanoseconds since 1970 UTC; lines without a time are left out.
    let moments: [Int64]

    /// - Precondition: the mapping was checked and has positions.
    init(_ sample: FileSample, _ mapping: CSVMapping) {
        let timeColumn = (mapping.receiveTime ?? mapping.time).place ?? 0
        let ofDayColumn = mapping.receiveTime == nil ? mapping.timeOfDay?.place : nil
        var times = CSVTimeReader(mapping)
        moments = sample.lines.dropFirst(mapping.hasHeader ? 1 : 0).compactMap { line in
            let fields = HeaderDetector.fields(line, mapping.delimiter)
            guard timeColumn < fields.count, ofDayColumn ?? 0 < fields.count else { return nil }
            let text = fields[timeColumn] + (ofDayColumn.map { " " + fields[$0] } ?? "")
            let bytes = Array(text.utf8)
            return unsafe bytes.withUnsafeBytes { times.read($0) }
        }
    }

    /// True where the lines run from the newest to the oldest: more of the times fall than rise.
    var areNewestFirst: Bool {
        zip(moments, moments.dropFirst()).reduce(0) { $0 + ($1.1 < $1.0 ? 1 : $1.1 > $1.0 ? -1 : 0) } > 0
    }

    /// The length of bars that start at these times: the smallest step between them, if bars may have it; days may
    /// have 23 to 25 hours, and months 28 to 31 days.
    var barLength: String? {
        let steps = zip(moments, moments.dropFirst()).map { abs($0.1 - $0.0) }.filter { $0 > 0 }
        guard let step = steps.min() else { return nil }
        let hour: Int64 = 3_600_000_000_000
        if step < 23 * hour {
            return EventBatch.vendorIntervals.values.first { VendorInterval($0)?.nanoseconds == step }
        }
        if step < 6 * 24 * hour { return "1d" }
        if step < 8 * 24 * hour { return "1w" }
        return (27 * 24 * hour..<32 * 24 * hour).contains(step) ? "1mo" : nil
    }
}

/// The length of bars as names of files have it.
enum BarName {
    private static let lengths: [String: String] = {
        var lengths: [String: String] = [:]
        for name in EventBatch.vendorIntervals.values { lengths[name] = name }
        for minutes in [1, 5, 10, 15, 30] {
            lengths["\(minutes)min"] = "\(minutes)m"
            lengths["m\(minutes)"] = "\(minutes)m"
        }
        let others = [
            "60m": "1h", "60min": "1h", "h1": "1h", "240m": "4h", "h4": "4h", "d1": "1d", "daily": "1d", "1day": "1d",
            "w1": "1w", "1wk": "1w", "weekly": "1w", "mn1": "1mo", "monthly": "1mo",
        ]
        return lengths.merging(others) { $1 }
    }()

    /// The parts of a name before the one that is a length, and that length; nil where none is.
    static func split(_ stem: String) -> (before: [String], length: String)? {
        let parts = stem.split { "-_. ".contains($0) }.map(String.init)
        for (place, part) in parts.enumerated() where place > 0 {
            if let length = lengths[part.lowercased()] { return (Array(parts[..<place]), length) }
        }
        return nil
    }
}

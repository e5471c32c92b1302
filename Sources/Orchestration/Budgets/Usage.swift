internal import Platform

/// What a sink took of its target.
struct Usage: Codable, Sendable, Equatable {
    var rows: Int64 = 0
    var requests: Int64 = 0
    /// Bytes sent.
    var bytes: Int64 = 0
    /// What the service bills by beside both, in its own measure.
    var units: Int64 = 0
    /// Bytes that stay there.
    var kept: Int64 = 0

    static func + (left: Usage, right: Usage) -> Usage {
        var sum = left
        sum.rows += right.rows
        sum.requests += right.requests
        sum.bytes += right.bytes
        sum.units += right.units
        sum.kept += right.kept
        return sum
    }

    /// The same taken `factor` times, in whole numbers.
    func scaled(by factor: Double) -> Usage {
        func scaled(_ count: Int64) -> Int64 { Int64(clamping: Int(min(Double(count) * factor, 9e18))) }
        var result = Usage()
        result.rows = scaled(rows)
        result.requests = scaled(requests)
        result.bytes = scaled(bytes)
        result.units = scaled(units)
        result.kept = scaled(kept)
        return result
    }

    /// What was counted between two readings of a meter, with the rows of that time.
    init(rows: Int64, from earlier: UsageMeter.Reading, to later: UsageMeter.Reading) {
        self.rows = rows
        requests = later.requests - earlier.requests
        bytes = later.bytes - earlier.bytes
        units = later.units - earlier.units
        kept = later.kept - earlier.kept
    }

    init() {}
}

/// What a sink took in a month, and what of it is there at the month's end.
struct MonthUsage: Codable, Sendable, Equatable {
    var usage = Usage()
    /// Bytes that stay, each times the part of the month from its delivery on; those of earlier months in full.
    var keptMonths = 0.0
}

public import Platform

/// The stretch of time that shares a folder of files: rows of different stretches never share a file.
public enum TablePartition: String, Sendable, CaseIterable {
    /// A UTC day: for what comes by the million a day.
    case date
    /// A UTC month: for tables in which decades of history are a few rows a day, so that files do not become small.
    case month

    /// The name of the partition column.
    public var column: String { rawValue }

    /// The partition column's value for a moment: the first day of its stretch.
    ///
    /// - Parameter timeNs: nanoseconds since 1970 UTC.
    public func firstDay(ofNs timeNs: Int64) -> CivilDate {
        let day = CivilDate.split(Timestamp(nanoseconds: timeNs)).date
        guard self == .month else { return day }
        return CivilDate(daysSinceEpoch: day.daysSinceEpoch - day.components.day + 1)
    }

    /// The stretch that begins with a day, in nanoseconds since 1970 UTC, cut where they end.
    public func spanNs(firstDay: CivilDate) -> Range<Int64> {
        let (year, month, _) = firstDay.components
        let next =
            self == .date
            ? firstDay.daysSinceEpoch + 1
            : CivilDate(year: month == 12 ? year + 1 : year, month: month % 12 + 1, day: 1)?.daysSinceEpoch
                ?? firstDay.daysSinceEpoch + 31
        return Self.startNs(firstDay.daysSinceEpoch)..<Self.startNs(next)
    }

    private static func startNs(_ day: Int64) -> Int64 {
        let (ns, isOver) = day.multipliedReportingOverflow(by: 86_400_000_000_000)
        return isOver ? (day < 0 ? .min : .max) : ns
    }
}

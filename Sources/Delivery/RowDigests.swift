public import Market

/// What the rows of a table amount to, day by day: places that hold the same rows have the same, in whatever order they hold them.
///
/// - Days are those of the table's time column, in UTC.
/// - A digest is the sum of the digests of the rows: one that is missing, there twice or changed shows.
public struct RowDigests: Sendable, Equatable {
    /// The rows of a day.
    public struct Day: Sendable, Equatable {
        /// Rows counted.
        public var rows: Int64 = 0
        /// Least and greatest journal offset.
        public var firstOffset = Int64.max
        public var lastOffset = Int64.min
        /// Sum of the rows' digests, modulo 2¹²⁸.
        public var digest: UInt128 = 0

        /// A day without rows.
        public init() {}
    }

    /// By days since 1970-01-01.
    public private(set) var days: [Int64: Day] = [:]
    private static let nsPerDay: Int64 = 86_400_000_000_000

    public init() {}

    /// Rows of all days.
    public var rows: Int64 { days.values.reduce(0) { $0 + $1.rows } }

    /// The columns that are compared: all but those that repeat another one in a coarser form.
    public static func columns(_ table: TableSchema) -> [TableSchema.Column] {
        table.columns.filter { $0.nanoseconds == nil }
    }

    /// Counts a row.
    public mutating func add(timeNs: Int64, offset: Int64, _ row: RowDigest) {
        let day = timeNs >= 0 ? timeNs / Self.nsPerDay : (timeNs + 1) / Self.nsPerDay - 1
        days[day, default: Day()].add(offset, row.value)
    }

    /// Counts what another one has counted.
    public mutating func add(_ other: RowDigests) {
        for (number, day) in other.days { days[number, default: Day()].add(day) }
    }
}

extension RowDigests.Day {
    mutating func add(_ offset: Int64, _ value: UInt128) {
        rows += 1
        firstOffset = min(firstOffset, offset)
        lastOffset = max(lastOffset, offset)
        digest &+= value
    }

    mutating func add(_ other: Self) {
        rows += other.rows
        firstOffset = min(firstOffset, other.firstOffset)
        lastOffset = max(lastOffset, other.lastOffset)
        digest &+= other.digest
    }
}

/// What a row amounts to: its values are added one by one, in the order of `RowDigests.columns`.
///
/// - Times, dates, integers and truth values are integers; decimals are integers of their smallest unit.
public struct RowDigest: Sendable {
    private var digest = StableDigest()
    private var missing: UInt64 = 0
    private var count: UInt64 = 0

    public init() {}

    public mutating func add(_ value: Int64) {
        digest.add(value)
        count += 1
    }

    public mutating func add(_ value: Double) {
        digest.add(value)
        count += 1
    }

    /// Text or bytes.
    public mutating func add(_ bytes: some Collection<UInt8>) {
        digest.add(bytes)
        count += 1
    }

    /// No value.
    public mutating func addMissing() {
        missing |= 1 << count
        count += 1
    }

    /// The row as a number.
    public var value: UInt128 {
        var digest = digest
        digest.add(missing)
        return UInt128(digest.high) << 64 | UInt128(digest.low)
    }
}

/// A value as statistics name it.
enum ParquetBound: Sendable, Equatable {
    /// Also days since 1970 and microseconds since 1970 UTC.
    case integer(Int64)
    case double(Double)
    case text(String)
    case boolean(Bool)

    /// Order of the format: numbers as such, texts by their bytes.
    static func precedes(_ left: ParquetBound, _ right: ParquetBound) -> Bool {
        switch (left, right) {
        case (.integer(let left), .integer(let right)): left < right
        case (.double(let left), .double(let right)): left < right
        case (.text(let left), .text(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
        case (.boolean(let left), .boolean(let right)): !left && right
        default: preconditionFailure("bounds of one column have one type")
        }
    }
}

/// What is known of the values of a column: exact bounds where there are any, nil where the column's type or a NaN
/// leaves them out.
struct ParquetStatistics: Sendable, Equatable {
    var minimum: ParquetBound?
    var maximum: ParquetBound?
    var nullCount: Int64 = 0
    var hasNaN = false

    /// Takes another part of the same column in.
    mutating func merge(_ other: ParquetStatistics) {
        nullCount += other.nullCount
        hasNaN = hasNaN || other.hasNaN
        if let low = other.minimum, minimum.map({ ParquetBound.precedes(low, $0) }) ?? true { minimum = low }
        if let high = other.maximum, maximum.map({ ParquetBound.precedes($0, high) }) ?? true { maximum = high }
    }

    /// The bounds of all doubles that are numbers.
    mutating func setBounds(_ values: UnsafePointer<Double>, count: Int) {
        var low = Double.infinity, high = -Double.infinity
        var numbers = 0
        for index in 0..<count {
            let value = unsafe values[index]
            low = value < low ? value : low
            high = value > high ? value : high
            numbers &+= value == value ? 1 : 0
        }
        hasNaN = numbers < count
        guard numbers > 0 else { return }
        minimum = .double(low)
        maximum = .double(high)
    }
}

/// Statistics as a Parquet footer has them.
///
/// - Source: Apache Parquet format, `parquet.thrift`, `Statistics` and `ColumnOrder`.
struct EncodedStatistics {
    private static let longest = 64

    var minimum: [UInt8]?
    var maximum: [UInt8]?
    var isMinimumExact = true
    var isMaximumExact = true

    init(_ statistics: ParquetStatistics, _ type: ParquetType) {
        // Readers disagree on where a NaN stands, so that bounds beside one would mislead some of them.
        guard !statistics.hasNaN, let low = statistics.minimum, let high = statistics.maximum else { return }
        switch (low, high) {
        case (.integer(let low), .integer(let high)):
            let bytes = type == .int32 ? 4 : 8
            minimum = Self.bytes(UInt64(bitPattern: low), bytes)
            maximum = Self.bytes(UInt64(bitPattern: high), bytes)
        case (.double(let low), .double(let high)):
            // Zero has two forms that compare equal: the bounds take in both.
            minimum = Self.bytes((low == 0 ? -0.0 : low).bitPattern, 8)
            maximum = Self.bytes((high == 0 ? 0.0 : high).bitPattern, 8)
        case (.boolean(let low), .boolean(let high)):
            minimum = [low ? 1 : 0]
            maximum = [high ? 1 : 0]
        case (.text(let low), .text(let high)):
            let cut = Self.prefix(low)
            isMinimumExact = cut.utf8.count == low.utf8.count
            minimum = Array(cut.utf8)
            let upper = Self.prefix(high)
            isMaximumExact = upper.utf8.count == high.utf8.count
            maximum = isMaximumExact ? Array(upper.utf8) : Self.above(upper)
        default: return
        }
    }

    private static func bytes(_ value: UInt64, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) }
    }

    /// Whole characters in at most `longest` bytes.
    private static func prefix(_ text: String) -> String {
        guard text.utf8.count > longest else { return text }
        var bytes = 0
        let kept = text.unicodeScalars.prefix { scalar in
            bytes += UTF8.width(scalar)
            return bytes <= longest
        }
        return String(kept)
    }

    /// The first text that is behind all that start with `prefix`; nil where there is none.
    private static func above(_ prefix: String) -> [UInt8]? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            // Behind the last code point before the surrogates comes the first one after them.
            let next = last.value == 0xd7ff ? 0xe000 : last.value + 1
            if let scalar = Unicode.Scalar(next) {
                scalars.append(scalar)
                return Array(String(String.UnicodeScalarView(scalars)).utf8)
            }
        }
        return nil
    }
}

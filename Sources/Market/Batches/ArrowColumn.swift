public import Platform

/// A named column of a batch in one of the physical shapes that Tapedeck uses, ready for any Arrow consumer.
public struct ArrowColumn: Sendable {
    /// Where the values are. A nullable column marks a missing value by a sentinel, from which the validity
    /// bitmap is made: the smallest integer, NaN, or the largest index of a dictionary.
    public enum Values: Sendable {
        case int64(Column<Int64>)
        case int32(Column<Int32>)
        case float64(Column<Double>)
        /// One byte per value, 0 or 1.
        case boolean(Column<UInt8>)
        case dictionary(indices: Column<UInt32>, StringDictionary)
        case dictionary8(indices: Column<UInt8>, StringDictionary)
        /// Bytes of row i are `bytes[offsets[i]..<offsets[i+1]]`; `offsets` has one value more than there are rows.
        case binary(offsets: Column<Int64>, bytes: Column<UInt8>)
        /// The same, UTF-8.
        case text(offsets: Column<Int64>, bytes: Column<UInt8>)
    }

    public let name: String
    public let values: Values
    public let isNullable: Bool

    public init(_ name: String, _ values: Values, nullable: Bool = false) {
        self.name = name
        self.values = values
        self.isNullable = nullable
    }

    /// Sentinel of a missing integer.
    public static let missingInt64 = Int64.min
    /// Sentinel of a missing dictionary index.
    public static let missingIndex = UInt32.max
    /// Sentinel of a missing index of a small dictionary.
    public static let missingIndex8 = UInt8.max
}

/// Rows of one table as columns.
public protocol ColumnarBatch: AnyObject, Sendable {
    /// The table whose stored columns these are.
    var schema: TableSchema { get }
    /// Rows.
    var count: Int { get }
    /// The columns, in the order of the schema's stored columns, with dictionaries as they are now.
    func columns(_ dictionaries: BatchDictionaries) -> [ArrowColumn]
    /// Empties the batch and keeps its memory.
    func removeAll()
}

/// Unchanging text values that the indices of batches refer to.
public struct BatchDictionaries: Sendable {
    /// Venue by instrument number.
    public let venues: StringDictionary
    /// Symbol by instrument number.
    public let symbols: StringDictionary
    /// Text by condition number.
    public let conditions: StringDictionary
    /// Name by feed number.
    public let feeds: StringDictionary

    public init(
        venues: StringDictionary, symbols: StringDictionary, conditions: StringDictionary, feeds: StringDictionary
    ) {
        self.venues = venues
        self.symbols = symbols
        self.conditions = conditions
        self.feeds = feeds
    }
}

/// A table: the one definition from which hot tables, lake files, views and reference pages are made.
public struct TableSchema: Sendable {
    /// Where a table stands between frames as received and models.
    public enum Layer: String, Sendable, CaseIterable { case bronze, silver, gold, reference }

    /// A column's type.
    public enum ColumnType: Sendable {
        /// Microseconds since 1970 UTC.
        case timestamp
        /// Days since 1970.
        case date
        case int32, int64, float64, boolean, string, binary
    }

    /// A column.
    public struct Column: Sendable {
        public let name: String
        public let type: ColumnType
        public let isNullable: Bool
        /// What it is, with its unit; goes to the reference page.
        public let summary: String
        /// The column of nanoseconds of which this is the moment in microseconds: batches carry only that one.
        public let nanoseconds: String?

        public init(
            _ name: String, _ type: ColumnType, nullable: Bool = false, _ summary: String, nanoseconds: String? = nil
        ) {
            self.name = name
            self.type = type
            self.isNullable = nullable
            self.summary = summary
            self.nanoseconds = nanoseconds
        }
    }

    public let name: String
    public let layer: Layer
    /// One row per what; goes to the reference page.
    public let summary: String
    public let columns: [Column]
    /// The column of nanoseconds whose UTC date partitions the table.
    public let timeColumn: String
    /// Columns by which files are sorted.
    public let sortKey: [String]

    public init(
        name: String, layer: Layer, summary: String, timeColumn: String, sortKey: [String], columns: [Column]
    ) {
        self.name = name
        self.layer = layer
        self.summary = summary
        self.timeColumn = timeColumn
        self.sortKey = sortKey
        self.columns = columns
    }

    /// The name of the partition column that every table has: the UTC date of `timeColumn`.
    public static let partitionColumn = "date"

    /// Columns that batches carry.
    public var storedColumns: [Column] { columns.filter { $0.nanoseconds == nil } }
}

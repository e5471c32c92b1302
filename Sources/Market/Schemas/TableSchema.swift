/// A table: the one definition from which hot tables, lake files, views and reference pages are made.
public struct TableSchema: Sendable {
    /// Where a table stands between frames as received and models.
    public enum Layer: String, Sendable, CaseIterable { case bronze, silver, gold, reference }

    /// A column's type.
    public enum ColumnType: Sendable, Equatable, CustomStringConvertible {
        /// Microseconds since 1970 UTC.
        case timestamp
        /// Days since 1970.
        case date
        case int32, int64, float64, boolean, string, binary
        /// Exact decimal number of at most `decimalDigits` digits, so many of them behind the point; a batch carries it
        /// as an integer of the smallest unit.
        case decimal(scale: Int)

        /// Digits of a decimal number, those behind the point included.
        public static let decimalDigits = 18

        public var description: String {
            switch self {
            case .timestamp: "timestamp"
            case .date: "date"
            case .int32: "int32"
            case .int64: "int64"
            case .float64: "float64"
            case .boolean: "boolean"
            case .string: "string"
            case .binary: "binary"
            case .decimal(let scale): "decimal(\(Self.decimalDigits), \(scale))"
            }
        }
    }

    /// What makes two rows the same one, where a feed may deliver it again.
    public struct Identity: Sendable, Equatable {
        public enum Kind: Sendable { case place, once, revised }
        public let kind: Kind
        /// The columns whose values are compared; none of a place.
        public let columns: [String]

        /// The place in the journal: every row counts.
        public static let place = Identity(kind: .place, columns: [])
        /// The values of these columns: of rows that agree in them the first counts.
        public static func once(_ columns: [String]) -> Identity { Identity(kind: .once, columns: columns) }
        /// The values of these columns: a row that agrees in them and differs in others is the next revision, one that
        /// agrees in all is dropped. The table has a column `revision`.
        public static func revised(_ columns: [String]) -> Identity { Identity(kind: .revised, columns: columns) }
    }

    /// A column.
    public struct Column: Sendable {
        public let name: String
        public let type: ColumnType
        public let isNullable: Bool
        /// What it is, with its unit; goes to the reference page.
        public let summary: String
        /// The column of nanoseconds of which this is the moment in microseconds, or the UTC date: batches carry only
        /// that one.
        public let nanoseconds: String?
        /// True for texts that hardly repeat (names, comments): batches carry them as they are, and missing ones as
        /// empty. Others, of which there are few, are numbered.
        public let isFreeText: Bool

        public init(
            _ name: String, _ type: ColumnType, nullable: Bool = false, freeText: Bool = false, _ summary: String,
            nanoseconds: String? = nil
        ) {
            precondition(!freeText || (type == .string && !nullable), "free text is a string, and empty where missing")
            isFreeText = freeText
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
    /// The column of nanoseconds by which the table is partitioned.
    public let timeColumn: String
    /// What its files hold together. Every table has a column `date`, the UTC date of `timeColumn`: it is either the
    /// partition column, or the last of `columns`.
    public let partition: TablePartition
    /// Columns by which files are sorted.
    public let sortKey: [String]
    public let identity: Identity

    public init(
        name: String, layer: Layer, summary: String, timeColumn: String, partition: TablePartition = .date,
        sortKey: [String], identity: Identity = .place, columns: [Column]
    ) {
        self.identity = identity
        self.name = name
        self.layer = layer
        self.summary = summary
        self.timeColumn = timeColumn
        self.sortKey = sortKey
        self.partition = partition
        let date = Column("date", .date, "UTC date of `\(timeColumn)`.", nanoseconds: timeColumn)
        self.columns = partition == .date ? columns : columns + [date]
    }

    /// The column of moments that goes with `timeColumn`, in microseconds.
    public var moment: String {
        columns.first { $0.nanoseconds == timeColumn && $0.type == .timestamp }?.name ?? timeColumn
    }

    /// Columns that batches carry.
    public var storedColumns: [Column] { columns.filter { $0.nanoseconds == nil } }

    /// The place of a column among those that batches carry.
    ///
    /// - Precondition: the table has it.
    public func place(_ name: String) -> Int {
        guard let place = storedColumns.firstIndex(where: { $0.name == name }) else {
            preconditionFailure("\(self.name) has no stored column \(name)")
        }
        return place
    }
}

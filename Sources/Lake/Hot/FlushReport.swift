/// What a flush did.
public struct FlushReport: Sendable {
    /// What a flush did to one table.
    public struct Table: Sendable {
        public let name: String
        public let rows: Int64
        public let files: Int
        /// Bytes of the files.
        public let bytes: Int64
        /// The table's new version.
        public let version: Int64
    }

    /// The last offset that is now in the lake.
    public let upTo: Int64
    /// Tables that got rows.
    public let tables: [Table]
    /// Time for writing files, in nanoseconds.
    public let writeNs: Int64
    /// Time for commits, in nanoseconds.
    public let commitNs: Int64
    /// Time for the step from hot tables to files in the views, in nanoseconds.
    public let swapNs: Int64

    /// Rows of all tables.
    public var rows: Int64 { tables.reduce(0) { $0 + $1.rows } }
    /// Bytes of all tables.
    public var bytes: Int64 { tables.reduce(0) { $0 + $1.bytes } }
}

/// Points that a flush passes, in this order for each table; a hook may stop it there, as a crash would.
public enum FlushStep: Sendable, Equatable {
    /// The path is relative to the table.
    case fileWritten(table: String, path: String)
    case fileNamed(table: String, path: String)
    /// All files of the table are there, none counts yet.
    case filesComplete(table: String)
    /// The files count.
    case committed(table: String)
    /// Every table is committed; the views still show the hot rows.
    case allCommitted
    /// The views show the files.
    case swapped
}

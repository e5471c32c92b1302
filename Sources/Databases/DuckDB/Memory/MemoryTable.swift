internal import CADBC
public import Market
public import Platform

/// Rows in this program's memory that SQL of an embedded DuckDB reads in place, through a table function.
///
/// Nothing is copied until a query asks for it, and of that only the columns it names.
public struct MemoryTable: Sendable {
    /// A run of rows. What the columns hold in these rows does not change any more; more rows may be appended behind
    /// them as long as no column moves its memory.
    public struct Part: Sendable {
        /// In the order of the table's columns.
        public let columns: [Values]
        public let rows: Range<Int>

        public init(columns: [Values], rows: Range<Int>) {
            self.columns = columns
            self.rows = rows
        }
    }

    /// What a query reads.
    public struct Snapshot: Sendable {
        public let parts: [Part]
        /// Kept as long as the query is planned or runs.
        public let owner: (any AnyObject & Sendable)?

        public init(_ parts: [Part], owner: (any AnyObject & Sendable)? = nil) {
            self.parts = parts
            self.owner = owner
        }
    }

    /// Where the values of a column come from.
    public enum Values: Sendable {
        case column(ArrowColumn)
        /// Timestamps in microseconds, of nanoseconds since 1970 UTC.
        case moments(Column<Int64>)
        /// UTC dates of nanoseconds since 1970.
        case dates(Column<Int64>)
    }

    /// The name of the table function.
    public let name: String
    public let columns: [(name: String, type: TableSchema.ColumnType)]
    /// Integers that the function takes.
    public let parameterCount: Int
    /// Called while a query that names the function is planned; the query reads what it returns.
    public let open: @Sendable (_ arguments: [Int64]) throws(DatabaseError) -> Snapshot

    public init(
        name: String, columns: [(name: String, type: TableSchema.ColumnType)], parameterCount: Int,
        open: @escaping @Sendable (_ arguments: [Int64]) throws(DatabaseError) -> Snapshot
    ) {
        self.name = name
        self.columns = columns
        self.parameterCount = parameterCount
        self.open = open
    }
}

extension Connection {
    /// Makes a table function known to all connections of this connection's database.
    ///
    /// - Throws: `unsupported` where the database is not the embedded DuckDB of the expected version.
    public func register(_ table: MemoryTable) throws(DatabaseError) {
        let library = try DuckDBLibrary.loadedFunctions()
        // The driver keeps the connection of the C interface as the first member of what it hides in `private_data`.
        guard let hidden = unsafe handle.pointee.private_data,
            let connection = unsafe hidden.load(as: DuckDBFunctions.Handle?.self)
        else { throw DatabaseError(.unsupported, "the connection is closed", operation: "register \(table.name)") }
        guard unsafe MemoryTableFunction.register(table, library, connection) else {
            throw DatabaseError(.database, "DuckDB refused the function", operation: "register \(table.name)")
        }
    }
}

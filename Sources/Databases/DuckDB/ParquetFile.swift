/// Parquet written by DuckDB.
public enum ParquetFile {
    /// Writes the rows of a query to a Parquet file, through a database that is allowed to write there.
    ///
    /// - Parameter level: of zstd; the database's own is 3.
    /// - Returns: the number of rows.
    public static func write(
        _ query: String, to path: String, on connection: Connection, level: Int = 3
    ) throws(DatabaseError) -> Int64 {
        var text = query
        while let last = text.last, last.isWhitespace || last == ";" { text.removeLast() }
        let copy =
            "COPY (\n\(text)\n) TO \(SQLText.literal(path)) (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL \(level), "
            + "PARQUET_VERSION v2)"
        let rows = try connection.query(copy).collect().rows
        guard case .integer(let count)? = rows.first?.first else { return 0 }
        return count
    }
}

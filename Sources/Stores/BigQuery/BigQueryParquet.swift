internal import Databases
internal import Delivery
internal import Market
internal import Platform

/// Makes the rows of a unit a Parquet file that BigQuery loads: columns by name, times in UTC with microseconds.
///
/// The rows go into a table of a small DuckDB of its own, which spills to disk what exceeds its bounds, and from there into a file
/// for the time that it takes to read it.
/// - Source: BigQuery documentation, "Loading Parquet data", "Type conversions".
/// - Threading: one thread at a time.
final class BigQueryParquet {
    private let database: Database
    private let connection: Connection
    private let path: String

    private static let memoryBytes: Int64 = 1 << 30
    private static let rows = "unit"

    /// - Parameter context: whose folder holds the file, and what does not fit into memory.
    init(_ context: SinkContext) throws(DeliveryError) {
        // A file that a killed program leaves behind is overwritten by the next one.
        path = "\(context.folder)/\(context.sink).unit.parquet"
        do {
            database = try Database.duckDB(
                DuckDBSettings(
                    memoryBytes: Self.memoryBytes, threads: 1, spillFolder: "\(context.folder)/\(context.sink).spill"))
            connection = try database.connect()
            // Rows are read in the order in which they came.
            try connection.execute("SET GLOBAL preserve_insertion_order = true")
        } catch {
            throw DeliveryError(.setup, error.message)
        }
    }

    /// The file and the number of its rows.
    func file(_ unit: DeliveryUnit, pipeline: String) throws(DeliveryError) -> (bytes: [UInt8], rows: Int64) {
        defer { try? Folder.removeFile(path) }
        do {
            try connection.execute("DROP TABLE IF EXISTS \(Self.rows)")
            let count = try connection.ingest(unit.rows, into: Self.rows, mode: .create)
            let columns = unit.table.columns.map { column in
                let name = SQLText.identifier(column.name)
                return "CAST(\(name) AS \(Self.type(column.type))) AS \(name)"
            }
            try connection.execute(
                "COPY (SELECT \(columns.joined(separator: ", ")), \(SQLText.literal(pipeline)) AS "
                    + "\(SQLText.identifier(BigQueryTables.pipeline)) FROM \(Self.rows)) TO \(SQLText.literal(path)) "
                    + "(FORMAT parquet, COMPRESSION zstd, PARQUET_VERSION v1)")
            try connection.execute("DROP TABLE \(Self.rows)")
            let file = try File(path, .read)
            return (try file.read(Int(file.size), at: 0), count)
        } catch let error as DatabaseError {
            throw DeliveryError(.unavailable, "the file for \(unit.table.name): \(error.message)")
        } catch {
            throw DeliveryError(.unavailable, "the file for \(unit.table.name): \(error)")
        }
    }

    private static func type(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp: "TIMESTAMP WITH TIME ZONE"
        case .date: "DATE"
        // BigQuery has one integer.
        case .int32, .int64: "BIGINT"
        case .float64: "DOUBLE"
        case .boolean: "BOOLEAN"
        case .string: "VARCHAR"
        case .binary: "BLOB"
        case .decimal(let scale): "DECIMAL(\(TableSchema.ColumnType.decimalDigits), \(scale))"
        }
    }
}

import Databases
import Market
import Platform

@testable import Lake

/// What DuckDB finds in a file, in the form of `ParquetSample`.
struct ParquetReading {
    private let connection: Connection

    init() throws { connection = try Database.duckDB(DuckDBSettings()).connect() }

    func query(_ sql: String) throws -> [[SQLValue]] { try connection.query(sql).collect().rows }

    /// The values of a column.
    func values(_ path: String, _ column: ParquetColumn) throws -> ParquetSample.Expected {
        try query(
            "SELECT \(Self.expression(column)) FROM read_parquet('\(path)', file_row_number = true) ORDER BY file_row_number"
        )
        .map { row in
            switch row[0] {
            case .null: nil
            case .text(let text): text.lowercased()
            case .integer(let number): "\(number)"
            case .double(let number): "\(number.bitPattern)"
            case .boolean(let flag): flag ? "1" : "0"
            default: "unexpected \(row[0])"
            }
        }
    }

    private static func expression(_ column: ParquetColumn) -> String {
        let name = "\"\(column.name)\""
        return switch column.type {
        case .string: "hex(encode(\(name)))"
        case .binary: "hex(\(name))"
        case .timestamp: "epoch_us(\(name))"
        case .date: "(\(name) - DATE '1970-01-01')::INTEGER"
        default: name
        }
    }
}

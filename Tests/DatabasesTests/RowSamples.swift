import Databases
import Market
import Platform
import TestKit

/// Rows with a column of each type that must have a value, and one that need not.
enum RowSamples {
    private static let types: [(name: String, type: TableSchema.ColumnType)] = [
        ("moment", .timestamp), ("day", .date), ("small", .int32), ("large", .int64), ("number", .float64),
        ("flag", .boolean), ("text", .string), ("raw", .binary), ("money", .decimal(scale: 8)),
    ]

    static let table = TableSchema(
        name: "samples", layer: .silver, summary: "sample", timeColumn: "moment", sortKey: [],
        columns: types.flatMap { name, type in
            [.init(name, type, "A value."), .init(name + "_or_null", type, nullable: true, "A value, or none.")]
        })

    /// SQL types of the columns.
    private static func name(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp: "TIMESTAMPTZ"
        case .date: "DATE"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .float64: "DOUBLE"
        case .boolean: "BOOLEAN"
        case .string: "VARCHAR"
        case .binary: "BLOB"
        case .decimal(let scale): "DECIMAL(18, \(scale))"
        }
    }

    /// Rows of which the columns' values are given, one behind the other; each value is what DuckDB reads as its type.
    static func query(_ rows: [[String]]) -> String {
        let selects = rows.map { row in
            let values = zip(table.columns, row).map { "CAST(\($1) AS \(name($0.type))) AS \"\($0.name)\"" }
            return "SELECT " + values.joined(separator: ", ")
        }
        return selects.joined(separator: " UNION ALL ")
    }

    /// Rows drawn from a seed, of numbers of any size, some special, and texts that are long now and then.
    static func query(_ count: Int, seed: UInt64) -> String {
        func drawn(_ salt: Int) -> String { "hash(n * 1000 + \(salt) + \(seed * 1_000_003))" }
        let values = table.columns.enumerated().map { place, column in
            let bits =
                "((\(drawn(place))::HUGEINT - 9223372036854775808)::BIGINT >> (\(drawn(place + 100)) % 64)::BIGINT)"
            let value =
                switch column.type {
                case .timestamp: "make_timestamptz(\(bits) % 4000000000000000)"
                case .date: "DATE '1970-01-01' + (\(bits) % 100000)::INTEGER"
                case .int32: "(\(bits) % 2147483648)::INTEGER"
                case .int64: bits
                case .float64:
                    "CASE \(drawn(place + 200)) % 6 WHEN 0 THEN 'nan'::DOUBLE WHEN 1 THEN '-inf'::DOUBLE WHEN 2 THEN -0.0::DOUBLE "
                        + "ELSE \(bits) / 7 END"
                case .boolean: "\(bits) % 2 = 0"
                case .string: "repeat('é\\', (abs(\(bits) % 9) * CASE WHEN n % 50 = 0 THEN 300 ELSE 1 END)::INTEGER)"
                case .binary: "encode(repeat('b' || chr(10), abs(\(bits) % 9)::INTEGER))"
                case .decimal:
                    "(CAST(\(bits) % 1000000000000000000 AS DECIMAL(19, 0)) * 0.00000001::DECIMAL(9, 8))::DECIMAL(18, 8)"
                }
            let missing =
                column.isNullable ? "CASE WHEN \(drawn(place + 300)) % 4 = 0 THEN NULL ELSE \(value) END" : value
            return "\(missing) AS \"\(column.name)\""
        }
        return "SELECT \(values.joined(separator: ", ")) FROM (SELECT range AS n FROM range(\(count)))"
    }

    /// Rows without any value.
    static let missing = query([table.columns.map { _ in "NULL" }])

    /// A value as the readers of TestKit write it.
    static func text(_ value: SQLValue) -> String {
        switch value {
        case .null: "null"
        case .boolean(let value): "\(value)"
        case .integer(let value): "\(value)"
        case .double(let value): "\(value.bitPattern)"
        case .decimal(let digits): Int64(digits.filter { $0 != "." }).map { "\($0)" } ?? digits
        case .text(let value): value
        case .binary(let bytes): "\(bytes)"
        case .date(let date): "\(date.daysSinceEpoch)"
        case .timestamp(let time, _): "\(time.nanoseconds / 1000)"
        default: "\(value)"
        }
    }
}

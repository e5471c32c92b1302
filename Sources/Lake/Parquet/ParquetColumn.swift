internal import Market

/// A column of a Parquet file.
struct ParquetColumn: Sendable {
    var name: String
    var type: TableSchema.ColumnType
    var isNullable: Bool

    init(name: String, type: TableSchema.ColumnType, isNullable: Bool = false) {
        self.name = name
        self.type = type
        self.isNullable = isNullable
    }

    init(_ column: TableSchema.Column) {
        self.init(name: column.name, type: column.type, isNullable: column.isNullable)
    }

    /// How the format stores it.
    var physicalType: ParquetType {
        switch type {
        case .timestamp, .int64, .decimal: .int64
        case .date, .int32: .int32
        case .float64: .double
        case .boolean: .boolean
        case .string, .binary: .byteArray
        }
    }

    /// Whether values of a shape can go to this column.
    func accepts(_ values: ArrowColumn.Values) -> Bool {
        switch (type, values) {
        case (.timestamp, .int64), (.int64, .int64), (.decimal, .int64), (.date, .int32), (.int32, .int32),
            (.float64, .float64),
            (.boolean, .boolean), (.string, .dictionary), (.string, .dictionary8), (.string, .text),
            (.binary, .binary):
            true
        default: false
        }
    }
}

/// Physical types of the format.
///
/// - Source: Apache Parquet format, `parquet.thrift`, `Type`.
enum ParquetType: Int, Sendable {
    case boolean = 0
    case int32 = 1
    case int64 = 2
    case double = 5
    case byteArray = 6
}

/// Encodings that are written.
///
/// - Source: Apache Parquet format, `parquet.thrift`, `Encoding`.
enum ParquetEncoding: Int, Sendable {
    case plain = 0
    case runLength = 3
    case deltaBinaryPacked = 5
    case deltaLengthByteArray = 6
    case runLengthDictionary = 8
}

/// What a file became.
struct ParquetFileReport: Sendable {
    var rows: Int64
    var bytes: Int64
    /// In the order of the columns.
    var columns: [ParquetStatistics]
}

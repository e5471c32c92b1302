internal import Market

/// What a server's release understands.
struct ClickHouseDialect: Equatable {
    /// Since 22.8: times with fractions from 1900 on, dates from 1900 on, codecs for columns, expiry, dictionaries of texts.
    /// Before: numbers and texts as they are.
    let hasModernTypes: Bool
    /// Since 20.10 a table is dropped later unless one waits; before, dropping waits for insertions that go on.
    let dropsLater: Bool

    /// - Parameter version: for example `18.16.1` or `26.9.2.1`.
    init(version: String) {
        let numbers = version.split(separator: ".").compactMap { Int($0) } + [0, 0]
        hasModernTypes = (numbers[0], numbers[1]) >= (22, 8)
        dropsLater = (numbers[0], numbers[1]) >= (20, 10)
    }

    /// The type of a column that is made.
    func typeName(_ column: TableSchema.Column) -> String {
        var name = Self.types(column.type)[hasModernTypes ? 0 : 1]
        if column.isNullable { name = "Nullable(\(name))" }
        // Free texts hardly repeat; others are few, and a number each is less than the text.
        if hasModernTypes, column.type == .string, !column.isFreeText { name = "LowCardinality(\(name))" }
        return name
    }

    /// Whether a column of a table that is there holds the same values, with the same bytes in a request.
    static func isSame(_ found: String, _ column: TableSchema.Column) -> Bool {
        var plain = found[...]
        if column.type == .string, plain.hasPrefix("LowCardinality("), plain.hasSuffix(")") {
            plain = plain.dropFirst("LowCardinality(".count).dropLast()
        }
        return types(column.type).contains { plain == (column.isNullable ? "Nullable(\($0))" : $0) }
    }

    /// The type of new servers, and that of old ones, whose bytes are the same.
    private static func types(_ type: TableSchema.ColumnType) -> [String] {
        switch type {
        case .timestamp: ["DateTime64(6, 'UTC')", "Int64"]
        case .date: ["Date32", "Int32"]
        case .int32: ["Int32", "Int32"]
        case .int64: ["Int64", "Int64"]
        case .float64: ["Float64", "Float64"]
        case .boolean: ["Bool", "UInt8"]
        case .string, .binary: ["String", "String"]
        case .decimal(let scale):
            Array(repeating: "Decimal(\(TableSchema.ColumnType.decimalDigits), \(scale))", count: 2)
        }
    }

    /// How a column is kept.
    ///
    /// Times and offsets rise within an instrument; what is left of differences is mostly zeros.
    func codec(_ column: TableSchema.Column, of table: TableSchema) -> String {
        guard hasModernTypes else { return "" }
        let isTime = column.type == .timestamp || column.name.hasSuffix("_ns")
        if isTime || ["journal_offset", "trade_id", "update_id"].contains(column.name) {
            // Bars begin at regular times: differences of differences are zeros.
            let isRegular = column.name == "start" || column.name == "start_ns"
            return isRegular ? " CODEC(DoubleDelta, ZSTD(1))" : " CODEC(Delta, ZSTD(1))"
        }
        // Prices come back to the same values of their grid: a dictionary coder does better than Gorilla and FPC
        // (docs/sinks/clickhouse.md).
        return " CODEC(ZSTD(1))"
    }

    /// The number of the month of a row, by which the server cuts tables into parts that never mix: 202611.
    func month(_ table: TableSchema) -> String {
        guard hasModernTypes else {
            // Its dates are those of 1970 to 2149.
            let day = "intDiv(\(ClickHouseSQL.identifier(table.timeColumn)), 86400000000000)"
            return "toYYYYMM(toDate(greatest(0, least(65000, \(day)))))"
        }
        return "toYYYYMM(\(ClickHouseSQL.identifier(table.moment)))"
    }
}

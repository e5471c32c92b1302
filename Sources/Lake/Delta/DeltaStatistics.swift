internal import Databases
internal import Market
internal import Platform

/// Statistics of a data file, as the log writes them.
///
/// - Source: Delta transaction log protocol, "Per-file Statistics".
struct DeltaStatistics {
    /// What the Parquet writer reports of one column, as text.
    struct Column {
        var minimum: String?
        var maximum: String?
        var nullCount: Int64?
        var hasNaN = false
    }

    let rows: Int64
    let columns: [String: Column]

    /// Reads a row of `COPY … (RETURN_STATS)`: file, rows, bytes, footer bytes, map from column to map of values.
    init(copyResult row: [SQLValue]) {
        var rows = Int64(0)
        var columns: [String: Column] = [:]
        if row.count > 1, case .integer(let count) = row[1] { rows = count }
        if row.count > 4, case .structure(let fields) = row[4] {
            for field in fields {
                guard case .structure(let values) = field.value else { continue }
                var column = Column()
                for value in values {
                    guard case .text(let text) = value.value else { continue }
                    switch value.name {
                    case "min": column.minimum = text
                    case "max": column.maximum = text
                    case "null_count": column.nullCount = Int64(text)
                    case "has_nan": column.hasNaN = text == "true"
                    default: continue
                    }
                }
                columns[Self.unquoted(field.name)] = column
            }
        }
        self.rows = rows
        self.columns = columns
    }

    private static func unquoted(_ name: String) -> String {
        guard name.count >= 2, name.first == "\"", name.last == "\"" else { return name }
        return String(name.dropFirst().dropLast()).replacing("\"\"", with: "\"")
    }

    /// The statistics as JSON text.
    func json(_ schema: TableSchema) -> String {
        var minima: [String] = [], maxima: [String] = [], nulls: [String] = []
        for column in schema.columns {
            guard let values = columns[column.name] else { continue }
            let name = JSONText.quoted(column.name) + ":"
            if let count = values.nullCount { nulls.append(name + "\(count)") }
            guard !values.hasNaN else { continue }
            if let value = values.minimum.flatMap({ Self.bound($0, column.type, isUpper: false) }) {
                minima.append(name + value)
            }
            if let value = values.maximum.flatMap({ Self.bound($0, column.type, isUpper: true) }) {
                maxima.append(name + value)
            }
        }
        func object(_ members: [String]) -> String { "{\(members.joined(separator: ","))}" }
        return "{\"numRecords\":\(rows),\"minValues\":\(object(minima)),\"maxValues\":\(object(maxima)),"
            + "\"nullCount\":\(object(nulls))}"
    }

    /// A bound as JSON; nil for what has no useful one.
    static func bound(_ text: String, _ type: TableSchema.ColumnType, isUpper: Bool) -> String? {
        switch type {
        case .int32, .int64: Int64(text).map { "\($0)" }
        case .float64: Double(text).flatMap { $0.isFinite ? JSONText.number($0) : nil }
        case .date: CivilDate(text).map { "\"\($0)\"" }
        case .timestamp: moment(text)
        case .string: string(text, isUpper: isUpper)
        case .boolean, .binary: nil
        }
    }

    /// `2026-01-01 00:00:09.123456+00` becomes `2026-01-01T00:00:09.123456Z`.
    private static func moment(_ text: String) -> String? {
        guard text.hasSuffix("+00"), let moment = Timestamp(rfc3339: text.dropLast(3) + "Z") else { return nil }
        let micros = moment.nanoseconds / 1000 % 1_000_000
        let digits = String(micros + 1_000_000).dropFirst()
        let seconds = Timestamp(nanoseconds: moment.nanoseconds - micros * 1000)
        return "\"\(seconds.description.dropLast()).\(digits)Z\""
    }

    /// At most 32 characters; a cut upper bound ends in the last of all characters, so that it stays one.
    private static func string(_ text: String, isUpper: Bool) -> String? {
        let scalars = text.unicodeScalars
        guard scalars.count > 32 else { return JSONText.quoted(text) }
        let kept = String(String.UnicodeScalarView(scalars.prefix(32)))
        return JSONText.quoted(isUpper ? kept + "\u{10FFFF}" : kept)
    }
}

internal import Market
internal import Platform

/// Statistics of a data file, as the log writes them.
///
/// - Source: Delta transaction log protocol, "Per-file Statistics".
struct DeltaStatistics {
    let report: ParquetFileReport
    let schema: TableSchema

    /// The statistics as JSON text.
    var json: String {
        var minima: [String] = [], maxima: [String] = [], nulls: [String] = []
        for (column, values) in zip(schema.columns, report.columns) {
            let name = JSONText.quoted(column.name) + ":"
            nulls.append(name + "\(values.nullCount)")
            guard !values.hasNaN else { continue }
            if let bound = values.minimum.flatMap({ Self.text($0, column.type, isUpper: false) }) {
                minima.append(name + bound)
            }
            if let bound = values.maximum.flatMap({ Self.text($0, column.type, isUpper: true) }) {
                maxima.append(name + bound)
            }
        }
        func object(_ members: [String]) -> String { "{\(members.joined(separator: ","))}" }
        return "{\"numRecords\":\(report.rows),\"minValues\":\(object(minima)),\"maxValues\":\(object(maxima)),"
            + "\"nullCount\":\(object(nulls))}"
    }

    /// A bound as JSON; nil for what has no useful one.
    static func text(_ bound: ParquetBound, _ type: TableSchema.ColumnType, isUpper: Bool) -> String? {
        switch (bound, type) {
        case (.integer(let micros), .timestamp): moment(micros)
        case (.integer(let days), .date): "\"\(CivilDate(daysSinceEpoch: days))\""
        case (.integer(let value), .decimal(let scale)): DecimalText.text(value, scale: scale)
        case (.integer(let value), _): "\(value)"
        case (.double(let value), _): value.isFinite ? JSONText.number(value) : nil
        case (.text(let text), .string): string(text, isUpper: isUpper)
        case (.text, _), (.boolean, _): nil
        }
    }

    /// Microseconds since 1970 as `2026-01-01T00:00:09.123456Z`.
    private static func moment(_ micros: Int64) -> String {
        let fraction = ((micros % 1_000_000) + 1_000_000) % 1_000_000
        let digits = String(fraction + 1_000_000).dropFirst()
        let seconds = Timestamp(nanoseconds: (micros - fraction) * 1000)
        return "\"\(seconds.description.dropLast()).\(digits)Z\""
    }

    /// At most 32 characters; a cut upper bound ends in the last of all characters, so that it stays one.
    private static func string(_ text: String, isUpper: Bool) -> String {
        let scalars = text.unicodeScalars
        guard scalars.count > 32 else { return JSONText.quoted(text) }
        let kept = String(String.UnicodeScalarView(scalars.prefix(32)))
        return JSONText.quoted(isUpper ? kept + "\u{10FFFF}" : kept)
    }
}

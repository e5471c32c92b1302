internal import Market
internal import Platform

/// How tables are made in BigQuery, and what of those that are there does not fit.
///
/// - Source: BigQuery documentation, "Data types", "Partitioned tables", "Clustered tables".
enum BigQueryTables {
    /// What the service did not take.
    static let rejected = "tapedeck_rejected"
    /// The column that says whose rows they are.
    static let pipeline = "pipeline"

    private static let clusterColumnsMax = 4

    /// The type of a column, as tables show it.
    static func type(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp: "TIMESTAMP"
        case .date: "DATE"
        case .int32, .int64: "INTEGER"
        case .float64: "FLOAT"
        case .boolean: "BOOLEAN"
        case .string: "STRING"
        case .binary: "BYTES"
        // At most 29 digits before the point and 9 behind it.
        case .decimal: "NUMERIC"
        }
    }

    /// The members of a table's resource.
    ///
    /// No column is `REQUIRED`: a Parquet file's columns may all be null, and a load job that would relax a table's is refused.
    static func resource(_ table: TableSchema) -> String {
        var fields = table.columns.map { field($0.name, type($0.type), $0.summary) }
        fields.append(field(pipeline, "STRING", "The pipeline that delivered the row."))
        // Tables that grow slowly, or that a vendor fills with decades at once, would have too many days.
        let partition = table.partition == .date ? "DAY" : "MONTH"
        let cluster = clusterColumns(table).map(JSONText.quoted).joined(separator: ",")
        return """
            "description":\(JSONText.quoted("One row per \(table.summary).")),\
            "schema":{"fields":[\(fields.joined(separator: ","))]},\
            "timePartitioning":{"type":"\(partition)","field":\(JSONText.quoted(table.moment))},\
            "clustering":{"fields":[\(cluster)]}
            """
    }

    /// What questions are about: the symbol first, then the other texts by which files are sorted.
    static func clusterColumns(_ table: TableSchema) -> [String] {
        let texts = Set(table.columns.filter { $0.type == .string && !$0.isFreeText }.map(\.name))
        var columns: [String] = []
        for name in ["symbol"] + table.sortKey + ["feed"] where texts.contains(name) && !columns.contains(name) {
            columns.append(name)
        }
        return Array(columns.prefix(clusterColumnsMax))
    }

    static let rejectedResource: String = {
        let fields = [
            field("pipeline", "STRING", ""), field("table_name", "STRING", ""), field("journal_offset", "INTEGER", ""),
            field("reason", "STRING", ""), field("rejected", "TIMESTAMP", ""),
        ]
        return "\"schema\":{\"fields\":[\(fields.joined(separator: ","))]}"
    }()

    private static func field(_ name: String, _ type: String, _ description: String) -> String {
        "{\"name\":\(JSONText.quoted(name)),\"type\":\"\(type)\",\"mode\":\"NULLABLE\""
            + (description.isEmpty ? "" : ",\"description\":\(JSONText.quoted(description))") + "}"
    }

    /// What of a table that is there does not fit; nil where all does. Columns that others added may stay.
    ///
    /// - Parameters:
    ///   - found: types by name.
    ///   - place: name of the table with its dataset.
    static func difference(_ table: TableSchema, _ found: [String: String], _ place: String) -> String? {
        let wanted = table.columns.map { ($0.name, type($0.type)) } + [(pipeline, "STRING")]
        // Names of columns differ by more than case.
        let known = Dictionary(found.map { ($0.lowercased(), $1) }) { first, _ in first }
        for (name, type) in wanted {
            guard let there = known[name] else {
                return
                    "\(place) has no column \(name); add it: ALTER TABLE `\(place)` ADD COLUMN `\(name)` \(standard(type))"
            }
            guard there == type || there == standard(type) else {
                return
                    "\(place): column \(name) is \(there), not \(standard(type)); rename the table or use another `dataset`"
            }
        }
        return nil
    }

    /// The name of a type in SQL.
    private static func standard(_ type: String) -> String {
        ["INTEGER": "INT64", "FLOAT": "FLOAT64", "BOOLEAN": "BOOL"][type] ?? type
    }
}

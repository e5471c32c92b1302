internal import Databases
internal import Market

/// The SQL that a table's schema becomes: hot table, view, rows of a file.
struct TableSQL {
    let schema: TableSchema

    /// The rows in memory whose offset is above `after`; all tables of a transaction show the same state.
    func hotRows(after offset: Int64) -> String {
        "\(HotRows.functionName(schema.name))(\(offset)::BIGINT, txid_current()::BIGINT)"
    }

    private var columnNames: String { schema.columns.map { SQLText.identifier($0.name) }.joined(separator: ", ") }

    /// The view of the table's name: rows in memory, then rows of files.
    ///
    /// - Parameters:
    ///   - after: the offset up to which files have the rows; nil where there is no memory to look at.
    ///   - lackColumns: whether some of the files may lack columns, whose values are missing then.
    func view(after: Int64?, files: [String], lackColumns: Bool = false) -> String {
        "CREATE OR REPLACE VIEW main.\(SQLText.identifier(schema.name)) AS "
            + rows(after: after, files: files, lackColumns: lackColumns)
    }

    /// What the view selects.
    func rows(after: Int64?, files: [String], lackColumns: Bool) -> String {
        let partition = SQLText.identifier(schema.partition.column)
        var parts: [String] = []
        if let after {
            // Rows in memory have their date.
            let value = schema.partition == .date ? partition : "date_trunc('month', date)::DATE AS \(partition)"
            parts.append("SELECT \(columnNames), \(value) FROM \(hotRows(after: after))")
        }
        if !files.isEmpty {
            parts.append("SELECT \(columnNames), \(partition) FROM \(fileRows(files, lackColumns: lackColumns))")
        }
        if parts.isEmpty { parts.append(emptyRows) }
        return parts.joined(separator: " UNION ALL ")
    }

    /// Begins what such a view says.
    static let unreachable = "the archive of"

    /// The view of the table's name where what it is made of cannot be read: rows in memory cannot be had alone, since nobody would
    /// know that others are missing.
    func failingView(after: Int64?, _ reason: String) -> String {
        let reason = "\(Self.unreachable) \(schema.name) cannot be reached: \(reason)"
        // Whatever a query asks for, it comes upon it: any column, any condition, or only how many rows there are.
        let failure = "error(\(SQLText.literal(reason)))"
        return view(after: after, files: []) + " UNION ALL " + rows(of: failure, "\(failure) IS NULL")
    }

    /// The rows of files, to select from.
    ///
    /// - Parameter lackColumns: whether some of the files may lack columns, whose values are missing then.
    func fileRows(_ files: [String], lackColumns: Bool) -> String {
        let list = files.map(SQLText.literal).joined(separator: ", ")
        let rows =
            "read_parquet([\(list)], hive_partitioning = true, "
            + "hive_types = {\(SQLText.literal(schema.partition.column)): 'DATE'}, union_by_name = \(lackColumns))"
        return lackColumns ? "(FROM \(rows) UNION ALL BY NAME \(emptyRows))" : rows
    }

    /// No rows, with all columns.
    private var emptyRows: String { rows(of: "NULL", "false") }

    /// A row of which all columns are made of an expression, where a condition holds.
    private func rows(of expression: String, _ condition: String) -> String {
        let partition = "\(expression)::DATE AS \(SQLText.identifier(schema.partition.column))"
        let columns = schema.columns.map {
            "\(expression)::\(Self.typeName($0.type)) AS \(SQLText.identifier($0.name))"
        }
        return "SELECT \((columns + [partition]).joined(separator: ", ")) WHERE \(condition)"
    }

    static func typeName(_ type: TableSchema.ColumnType) -> String {
        switch type {
        case .timestamp: "TIMESTAMPTZ"
        case .date: "DATE"
        case .int32: "INTEGER"
        case .int64: "BIGINT"
        case .float64: "DOUBLE"
        case .boolean: "BOOLEAN"
        case .string: "VARCHAR"
        case .binary: "BLOB"
        case .decimal(let scale): "DECIMAL(\(TableSchema.ColumnType.decimalDigits), \(scale))"
        }
    }
}

extension TableSQL {
    /// Bars that are open and stretches of coverage that go on are shown, and replaced.
    static func isFinal(_ table: TableSchema) -> String {
        switch table.name {
        case Tables.bars.name: " AND (final OR source <> 'tapedeck')"
        case Tables.coverage.name: " AND NOT ongoing"
        default: ""
        }
    }
}

internal import Databases
internal import Market

/// Cuts the rows of a group into chunks that fit into memory, one behind the other in the order of the table.
struct CompactionChunks {
    private let schema: TableSchema
    private let connection: Connection
    /// What rows are selected from.
    private let source: String
    private let rowsMax: Int64

    init(_ schema: TableSchema, _ connection: Connection, source: String, memoryBytes: Int64) throws(LakeError) {
        self.schema = schema
        self.connection = connection
        self.source = source
        // Eight bytes for each column, order and sorting, and what wide values take.
        var bytes = Int64(schema.storedColumns.count) * 8 + 40
        let wide = schema.storedColumns.filter(\.isWide)
        if !wide.isEmpty {
            let sizes = wide.map { column in
                let size = column.type == .binary ? "octet_length" : "strlen"
                return "coalesce(avg(\(size)(\(SQLText.identifier(column.name)))), 0)"
            }
            let row = try onDatabase(schema.name) { () throws(DatabaseError) in
                try connection.query(
                    "SELECT CAST(\(sizes.joined(separator: " + ")) AS BIGINT) FROM (FROM \(source) LIMIT 10000)"
                ).collect().rows
            }
            if case .integer(let average)? = row.first?.first { bytes += average * 5 / 4 }
        }
        rowsMax = max(1, memoryBytes / bytes)
    }

    /// Conditions on rows, in rising order; a single nil where all rows fit.
    func conditions(rows: Int64?) throws(LakeError) -> [String?] {
        if let rows, rows <= rowsMax { return [nil] }
        let names = keyExpressions
        guard !names.isEmpty else {
            let rows = if let rows { rows } else { try count() }
            return try timeConditions("true", rows: rows)
        }
        let keys = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query(
                "SELECT \(names.joined(separator: ", ")), count(*) FROM \(source) GROUP BY ALL ORDER BY ALL"
            ).collect().rows
        }
        var conditions: [String?] = []
        var open: (first: [String], last: [String], rows: Int64)?
        func close() {
            if let open {
                conditions.append(
                    "\(Self.comparison(names[...], ">", open.first[...])) AND \(Self.comparison(names[...], "<", open.last[...]))"
                )
            }
            open = nil
        }
        for row in keys {
            guard case .integer(let count)? = row.last else { continue }
            let tuple = row.dropLast().map { SQLText.literal($0.text) }
            if (open?.rows ?? 0) + count > rowsMax { close() }
            if count > rowsMax {
                let isKey = zip(names, tuple).map { "\($0) = \($1)" }.joined(separator: " AND ")
                conditions += try timeConditions(isKey, rows: count)
            } else {
                open = (open?.first ?? tuple, tuple, (open?.rows ?? 0) + count)
            }
        }
        close()
        return conditions
    }

    /// The texts that the table is sorted by first; missing ones come last.
    private var keyExpressions: [String] {
        let texts = schema.storedColumns.filter { $0.type == .string }
        return schema.sortKey.prefix { name in texts.contains { $0.name == name } }.map { name in
            let isNullable = texts.contains { $0.name == name && $0.isNullable }
            let column = SQLText.identifier(name)
            return isNullable ? "coalesce(\(column), chr(1114111))" : column
        }
    }

    /// The condition that a tuple is behind (`>`) or before (`<`) another, or equal to it.
    private static func comparison(
        _ names: ArraySlice<String>, _ sign: String, _ values: ArraySlice<String>
    ) -> String {
        guard let name = names.first, let value = values.first else { return "true" }
        if names.count == 1 { return "\(name) \(sign)= \(value)" }
        return "(\(name) \(sign) \(value) OR (\(name) = \(value) AND "
            + "\(comparison(names.dropFirst(), sign, values.dropFirst()))))"
    }

    private func count() throws(LakeError) -> Int64 {
        let rows = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query("SELECT count(*) FROM \(source)").collect().rows
        }
        guard case .integer(let count)? = rows.first?.first else { return 0 }
        return count
    }

    /// Cuts the rows of a condition by time.
    private func timeConditions(_ condition: String, rows: Int64) throws(LakeError) -> [String] {
        let count = (rows + rowsMax - 1) / rowsMax
        guard count > 1 else { return [condition] }
        let time = SQLText.identifier(schema.timeColumn)
        let parts = (1..<count).map { "\(Double($0) / Double(count))" }.joined(separator: ", ")
        let found = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query(
                "SELECT unnest(approx_quantile(\(time), [\(parts)])) FROM \(source) WHERE \(condition)"
            ).collect().rows
        }
        let bounds = Set(found.compactMap { row in if case .integer(let time)? = row.first { time } else { nil } })
        let sorted = bounds.sorted()
        return zip([nil] + sorted.map(Optional.some), sorted.map(Optional.some) + [nil]).map { low, high in
            condition + (low.map { " AND \(time) >= \($0)" } ?? "") + (high.map { " AND \(time) < \($0)" } ?? "")
        }
    }
}

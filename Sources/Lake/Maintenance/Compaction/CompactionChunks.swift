internal import Databases
internal import Market

/// Cuts the rows of a group into chunks that fit into memory, one behind the other in the order of the table.
struct CompactionChunks {
    private let schema: TableSchema
    /// Connects to a database once it is needed.
    private let connect: () throws(LakeError) -> Connection
    /// What rows are selected from.
    private let source: String
    private let rowsMax: Int64

    /// - Parameter wideBytes: of the values that have no fixed width, in a row; nil where that is not known.
    init(
        _ schema: TableSchema, source: String, memoryBytes: Int64, wideBytes: Int64? = nil,
        _ connect: @escaping () throws(LakeError) -> Connection
    ) throws(LakeError) {
        self.schema = schema
        self.connect = connect
        self.source = source
        // Order and sorting, then the values.
        var bytes: Int64 = 32
        for column in schema.storedColumns {
            switch column.type {
            case .boolean: bytes += 1
            case .int32, .date: bytes += 4
            case .string where !column.isFreeText: bytes += 4
            default: bytes += 8
            }
        }
        let wide = schema.storedColumns.filter(\.isWide)
        if let wideBytes {
            bytes += wideBytes * 5 / 4
        } else if !wide.isEmpty {
            let sizes = wide.map { column in
                let size = column.type == .binary ? "octet_length" : "strlen"
                return "coalesce(avg(\(size)(\(SQLText.identifier(column.name)))), 0)"
            }
            let connection = try connect()
            let row = try onDatabase(schema.name) { () throws(DatabaseError) in
                try connection.query(
                    "SELECT CAST(\(sizes.joined(separator: " + ")) AS BIGINT) FROM (FROM \(source) LIMIT 10000)"
                ).collect().rows
            }
            if case .integer(let average)? = row.first?.first { bytes += average * 5 / 4 }
        }
        rowsMax = max(1, memoryBytes / bytes)
    }

    /// Chunks in rising order; a single one of everything where all rows fit.
    func chunks(rows: Int64?) throws(LakeError) -> [CompactionChunk] {
        let whole = CompactionChunk(schema)
        if let rows, rows <= rowsMax { return [whole] }
        let connection = try connect()
        let names = whole.keyExpressions
        guard !names.isEmpty else {
            let rows = if let rows { rows } else { try count(connection) }
            return try cutByTime(whole, rows: rows, connection)
        }
        let keys = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query(
                "SELECT \(names.joined(separator: ", ")), count(*) FROM \(source) GROUP BY ALL ORDER BY ALL"
            ).collect().rows
        }
        var chunks: [CompactionChunk] = []
        var open: (first: [String], last: [String], rows: Int64)?
        func close() {
            if let open { chunks.append(CompactionChunk(schema, keys: (open.first, open.last))) }
            open = nil
        }
        for row in keys {
            guard case .integer(let count)? = row.last else { continue }
            let key = row.dropLast().map(\.text)
            if (open?.rows ?? 0) + count > rowsMax { close() }
            if count > rowsMax {
                chunks += try cutByTime(CompactionChunk(schema, keys: (key, key)), rows: count, connection)
            } else {
                open = (open?.first ?? key, key, (open?.rows ?? 0) + count)
            }
        }
        close()
        return chunks
    }

    private func count(_ connection: Connection) throws(LakeError) -> Int64 {
        let rows = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query("SELECT count(*) FROM \(source)").collect().rows
        }
        guard case .integer(let count)? = rows.first?.first else { return 0 }
        return count
    }

    /// Cuts a chunk by time.
    private func cutByTime(
        _ chunk: CompactionChunk, rows: Int64, _ connection: Connection
    ) throws(LakeError) -> [CompactionChunk] {
        let count = (rows + rowsMax - 1) / rowsMax
        guard count > 1 else { return [chunk] }
        let time = SQLText.identifier(schema.timeColumn)
        let parts = (1..<count).map { "\(Double($0) / Double(count))" }.joined(separator: ", ")
        let found = try onDatabase(schema.name) { () throws(DatabaseError) in
            try connection.query(
                "SELECT unnest(approx_quantile(\(time), [\(parts)])) FROM \(source)\(chunk.filter)"
            ).collect().rows
        }
        let bounds = Set(found.compactMap { row in if case .integer(let time)? = row.first { time } else { nil } })
        let sorted = bounds.sorted()
        return zip([nil] + sorted.map(Optional.some), sorted.map(Optional.some) + [nil]).map { low, high in
            chunk.cut(from: low, to: high)
        }
    }
}

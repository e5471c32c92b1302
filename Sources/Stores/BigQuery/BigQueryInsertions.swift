internal import Databases
internal import Delivery
internal import Market
internal import Platform

/// Makes the rows of a unit bodies of `tabledata.insertAll`, each with an identity by which BigQuery drops what comes twice shortly.
///
/// - Source: BigQuery documentation, "Quotas and limits", "Streaming inserts": 10 MB and 50,000 rows a request at most.
/// - Threading: one thread at a time.
struct BigQueryInsertions {
    /// Bytes of a body, as near as whole rows come to it.
    var bytesMax = 4 << 20
    /// Rows of a body.
    var rowsMax = 5000

    /// Bytes that a row is billed as at least.
    ///
    /// - Source: BigQuery pricing, "Streaming inserts".
    private static let billedMin = 1000

    /// Gives `send` one body after the other, and how many bytes it is billed as, about.
    ///
    /// - Returns: rows.
    func encode(
        _ unit: DeliveryUnit, pipeline: String, _ send: ([UInt8], Int64) throws(DeliveryError) -> Void
    ) throws(DeliveryError) -> Int64 {
        guard let offset = unit.table.columns.firstIndex(where: { $0.name == "journal_offset" }) else {
            preconditionFailure("every table has a journal offset")
        }
        let json = JSONRows(unit.rows.columns)
        let row = Column<UInt8>()
        let end = Array(",\(JSONText.quoted(BigQueryTables.pipeline)):\(JSONText.quoted(pipeline))}}".utf8)
        var body: [UInt8] = []
        var rows = 0
        var billed: Int64 = 0
        var count: Int64 = 0
        func flush() throws(DeliveryError) {
            guard rows > 0 else { return }
            try send(Array("{\"rows\":[".utf8) + body + Array("]}".utf8), billed)
            body.removeAll(keepingCapacity: true)
            rows = 0
            billed = 0
        }
        while let batch = try next(unit.rows) {
            json.open(batch)
            for place in 0..<batch.count {
                row.removeAll()
                json.write(place, to: row)
                let bytes = unsafe [UInt8](row.buffer.prefix(row.count))
                let identity = BigQueryNames.insertion(
                    offset: batch.integer(row: place, column: offset), bytes)
                if rows > 0, rows == rowsMax || body.count + bytes.count > bytesMax { try flush() }
                if rows > 0 { body.append(UInt8(ascii: ",")) }
                body += Array("{\"insertId\":\"\(identity)\",\"json\":".utf8)
                // The row's own brace is closed behind one more column.
                body += bytes.dropLast()
                body += end
                rows += 1
                billed += Int64(max(bytes.count, Self.billedMin))
                count += 1
            }
        }
        try flush()
        return count
    }

    private func next(_ rows: ResultStream) throws(DeliveryError) -> ResultBatch? {
        do { return try rows.next() } catch { throw DeliveryError(.unavailable, error.message) }
    }
}

public import Databases
public import Market

extension RowDigests {
    /// What to select from a table in a database, so that `add` understands it: the columns that are compared, as integers,
    /// doubles, texts and bytes.
    ///
    /// Integers are of 64 bits; decimals are multiplied up to their smallest unit.
    public static func selection(_ table: TableSchema) -> String {
        columns(table).map { column in
            let name = SQLText.identifier(column.name)
            return switch column.type {
            case .timestamp: preconditionFailure("the moment `\(column.name)` has no column of nanoseconds")
            case .date: "CAST(\(name) - DATE '1970-01-01' AS BIGINT)"
            case .int64, .float64, .string, .binary: name
            case .int32: "CAST(\(name) AS BIGINT)"
            case .boolean: "CAST(CAST(\(name) AS INTEGER) AS BIGINT)"
            case .decimal(let scale):
                "CAST(CAST(\(name) AS DECIMAL(38, \(scale))) * 1\(String(repeating: "0", count: scale)) AS BIGINT)"
            }
        }.joined(separator: ", ")
    }

    /// Counts rows of a `selection`.
    ///
    /// - Parameter goesOn: told how many rows were counted; false ends the counting.
    /// - Throws: what reading throws; `unsupported` where a column has another type than was asked for.
    public mutating func add(
        _ rows: ResultStream, of table: TableSchema, goesOn: (Int64) -> Bool = { _ in true }
    ) throws(DatabaseError) {
        let columns = Self.columns(table)
        guard let time = columns.firstIndex(where: { $0.name == table.timeColumn }),
            let offset = columns.firstIndex(where: { $0.name == "journal_offset" })
        else { preconditionFailure("every table has a time and a place in the journal") }
        while let batch = try rows.next() {
            let memory = columns.indices.map { batch.memory($0) }
            guard !memory.contains(where: { $0 == nil }) else {
                throw DatabaseError(
                    .unsupported, "\(table.name) has columns of other types", operation: "compare \(table.name)")
            }
            let values = memory.compactMap { $0 }
            for row in 0..<batch.count {
                var digest = RowDigest()
                for column in values { column.add(row, to: &digest) }
                add(
                    timeNs: batch.integer(row: row, column: time), offset: batch.integer(row: row, column: offset),
                    digest)
            }
            guard goesOn(Int64(batch.count)) else { return }
        }
    }
}

extension ColumnMemory {
    /// Adds a value of a column.
    fileprivate func add(_ row: Int, to digest: inout RowDigest) {
        let place = first + row
        if let validity = unsafe validity,
            unsafe validity.load(fromByteOffset: place / 8, as: UInt8.self) >> (place % 8) & 1 == 0
        {
            digest.addMissing()
            return
        }
        guard let values = unsafe values else { return digest.addMissing() }
        switch form {
        case .int64: unsafe digest.add(values.loadUnaligned(fromByteOffset: 8 * place, as: Int64.self))
        case .float64: unsafe digest.add(values.loadUnaligned(fromByteOffset: 8 * place, as: Double.self))
        case .bytes(let isLarge):
            let start = unsafe end(values, place, isLarge)
            let count = unsafe end(values, place + 1, isLarge) - start
            unsafe digest.add(UnsafeRawBufferPointer(start: content.map { unsafe $0 + start }, count: count))
        case .int32, .boolean, .decimal: preconditionFailure("a selection has none of these")
        }
    }

    private func end(_ offsets: UnsafeRawPointer, _ place: Int, _ isLarge: Bool) -> Int {
        isLarge
            ? unsafe Int(offsets.loadUnaligned(fromByteOffset: 8 * place, as: Int64.self))
            : unsafe Int(offsets.loadUnaligned(fromByteOffset: 4 * place, as: Int32.self))
    }
}

internal import Databases
internal import Market
internal import Platform

/// Rows of files in memory, in the form in which a flush has its rows, so that they are sorted and encoded the same way.
///
/// - Threading: one thread at a time.
final class StoredParts {
    /// A row's place in its part fits 16 bits.
    private static let partRows = HotSegment.rowsMax

    private let columns: [TableSchema.Column]
    private let texts: [NumberedTexts]
    private var parts: [[StoredColumn]] = []
    private var lastRows = 0

    init(_ schema: TableSchema) {
        columns = schema.storedColumns
        texts = columns.map { _ in NumberedTexts() }
    }

    /// The columns that a query must give, in this order.
    var selection: String { columns.map { SQLText.identifier($0.name) }.joined(separator: ", ") }

    /// Appends the rows of a batch.
    func append(_ batch: ResultBatch) throws(LakeError) {
        var memories: [ColumnMemory] = []
        for (place, column) in columns.enumerated() {
            guard let memory = batch.memory(place) else {
                throw LakeError(.unsupported, "a column of files has an unknown type", operation: column.name)
            }
            memories.append(memory)
        }
        var first = 0
        while first < batch.count {
            if parts.isEmpty || lastRows == Self.partRows {
                parts.append(columns.map { StoredColumn($0, rows: Self.partRows) })
                lastRows = 0
            }
            let rows = first..<min(batch.count, first + Self.partRows - lastRows)
            for (place, column) in parts[parts.count - 1].enumerated() {
                column.append(memories[place], rows, texts[place])
            }
            lastRows += rows.count
            first = rows.upperBound
        }
    }

    /// All rows, in the order in which they came.
    func hotParts() -> [HotPart] {
        let dictionaries = zip(columns, texts).map { column, texts in
            column.type == .string && !column.isFreeText ? texts.dictionary() : nil
        }
        return parts.enumerated().map { place, part in
            HotPart(
                columns: zip(part, dictionaries).map { $0.arrowColumn($1) },
                rows: 0..<(place == parts.count - 1 ? lastRows : Self.partRows))
        }
    }
}

internal import Databases
internal import Market
internal import Platform

/// Rows of files in memory, in the form in which a flush has its rows, so that they are sorted and encoded the same way.
///
/// - Threading: one thread at a time; only the texts are shared.
final class StoredParts: @unchecked Sendable {  // one thread at a time, by contract
    /// A row's place in its part fits 16 bits.
    static let partRows = HotSegment.rowsMax

    let columns: [TableSchema.Column]
    /// By column, those of columns of few texts.
    let texts: [NumberedTexts]
    private var parts: [[StoredColumn]] = []
    /// Rows of each column.
    private var filled: [Int]
    private let rowsExpected: Int

    /// - Parameters:
    ///   - texts: numbers those of the columns; shared by parts that are sorted together.
    ///   - rowsExpected: how many there will be about.
    init(_ schema: TableSchema, _ texts: [NumberedTexts], rowsExpected: Int = .max) {
        columns = schema.storedColumns
        self.texts = texts
        self.rowsExpected = rowsExpected
        filled = columns.map { _ in 0 }
    }

    /// A numbering for all parts that are sorted together.
    static func texts(_ schema: TableSchema) -> [NumberedTexts] { schema.storedColumns.map { _ in NumberedTexts() } }

    /// Rows of all columns.
    var rows: Int { filled[0] }

    /// The columns that a query must give, in this order.
    static func selection(_ schema: TableSchema) -> String {
        schema.storedColumns.map { SQLText.identifier($0.name) }.joined(separator: ", ")
    }

    /// Appends values to a column; the others get theirs before or after.
    ///
    /// - Parameter body: appends a range of the values to a part of the column.
    func append(_ column: Int, count: Int, _ body: (StoredColumn, Range<Int>) -> Void) {
        var first = 0
        while first < count {
            let (part, row) = filled[column].quotientAndRemainder(dividingBy: Self.partRows)
            if part == parts.count {
                let rows = min(Self.partRows, max(rowsExpected - part * Self.partRows, 16))
                parts.append(columns.map { StoredColumn($0, rows: rows) })
            }
            let range = first..<min(count, first + Self.partRows - row)
            body(parts[part][column], range)
            filled[column] += range.count
            first = range.upperBound
        }
    }

    /// Appends the rows of a batch.
    func append(_ batch: ResultBatch) throws(LakeError) {
        for (place, column) in columns.enumerated() {
            guard let memory = batch.memory(place) else {
                throw LakeError(.unsupported, "a column of files has an unknown type", operation: column.name)
            }
            append(place, count: batch.count) { part, rows in part.append(memory, rows, texts[place]) }
        }
    }

    /// All rows, in the order in which they came.
    ///
    /// - Parameter dictionaries: by column, the texts that indices mean.
    func hotParts(_ dictionaries: [StringDictionary?]) -> [HotPart] {
        precondition(filled.allSatisfy { $0 == rows }, "all columns have the same rows")
        return parts.enumerated().map { place, part in
            HotPart(
                columns: zip(part, dictionaries).map { $0.arrowColumn($1) },
                rows: 0..<min(Self.partRows, rows - place * Self.partRows))
        }
    }
}

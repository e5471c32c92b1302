internal import Databases
internal import Market

/// Rows of a group that are neighbours in the order of the table: of some keys, and of some time.
struct CompactionChunk: Sendable {
    /// What a missing text is compared as: behind all others.
    static let missing = "\u{10FFFF}"

    /// The text columns that the table is sorted by first.
    let keyColumns: [TableSchema.Column]
    let timeColumn: String
    /// The first and the last key; nil for all.
    private let keys: (first: [String], last: [String])?
    /// Of the time column, the lower bound included and the upper one not; nil for none.
    private var from: Int64?
    private var to: Int64?

    init(_ schema: TableSchema, keys: (first: [String], last: [String])? = nil) {
        let texts = schema.storedColumns.filter { $0.type == .string }
        keyColumns = schema.sortKey.map { name in texts.first { $0.name == name } }.prefix { $0 != nil }.compactMap(
            \.self)
        timeColumn = schema.timeColumn
        self.keys = keys
    }

    func cut(from: Int64?, to: Int64?) -> CompactionChunk {
        var chunk = self
        (chunk.from, chunk.to) = (from, to)
        return chunk
    }

    var isWhole: Bool { keys == nil && !hasTimes }
    var hasTimes: Bool { from != nil || to != nil }

    func contains(time: Int64) -> Bool { time >= from ?? .min && (to.map { time < $0 } ?? true) }

    /// Whether a key is between the first and the last, by bytes.
    func contains(key: [String]) -> Bool {
        guard let keys else { return true }
        return !Self.precedes(key, keys.first) && !Self.precedes(keys.last, key)
    }

    private static func precedes(_ left: [String], _ right: [String]) -> Bool {
        for (left, right) in zip(left, right) {
            if left.utf8.lexicographicallyPrecedes(right.utf8) { return true }
            if right.utf8.lexicographicallyPrecedes(left.utf8) { return false }
        }
        return false
    }

    // MARK: SQL

    /// The key columns; missing texts come last.
    var keyExpressions: [String] {
        keyColumns.map { column in
            let name = SQLText.identifier(column.name)
            return column.isNullable ? "coalesce(\(name), chr(1114111))" : name
        }
    }

    /// What follows a source of rows; empty for all.
    var filter: String {
        let (names, time) = (keyExpressions[...], SQLText.identifier(timeColumn))
        var conditions: [String] = []
        if let keys {
            conditions.append(Self.comparison(names, ">", keys.first.map(SQLText.literal)[...]))
            conditions.append(Self.comparison(names, "<", keys.last.map(SQLText.literal)[...]))
        }
        if let from { conditions.append("\(time) >= \(from)") }
        if let to { conditions.append("\(time) < \(to)") }
        return conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
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
}

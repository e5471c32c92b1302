internal import Databases
internal import Delivery

/// Reads an answer in the format `TabSeparatedWithNamesAndTypes`, which servers of all ages write alike.
///
/// - Source: ClickHouse documentation, "Formats for input and output data", "TabSeparated".
struct ClickHouseAnswer {
    static let format = "TabSeparatedWithNamesAndTypes"

    let columns: [ResultColumn]
    let rows: [[SQLValue]]

    /// - Parameter text: empty for statements that have no answer.
    /// - Throws: `setup` where it is in another format.
    init(_ text: String) throws(DeliveryError) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false)
        }
        guard let names = lines.first else {
            columns = []
            rows = []
            return
        }
        let types = lines.count > 1 ? lines[1].map { Self.plain(ClickHouseSQL.unescaped($0)) } : []
        guard types.count == names.count, types.allSatisfy({ $0.first?.isUppercase == true }) else {
            throw DeliveryError(
                .setup, "the answer is not in the format \(Self.format): leave FORMAT out of the statement")
        }
        columns = zip(names, types).map { ResultColumn(name: ClickHouseSQL.unescaped($0), type: Self.kind($1)) }
        rows = lines.dropFirst(2).map { line in zip(line, types).map { Self.value($0, Self.kind($1), $1) } }
    }

    /// A type without what does not change how its values are written.
    private static func plain(_ type: String) -> String {
        for wrapper in ["Nullable(", "LowCardinality("] where type.hasPrefix(wrapper) && type.hasSuffix(")") {
            return plain(String(type.dropFirst(wrapper.count).dropLast()))
        }
        return type
    }

    private static func kind(_ type: String) -> SQLType {
        if type == "Bool" { return .boolean }
        if type.hasPrefix("Int") || type.hasPrefix("UInt") { return type.hasPrefix("Interval") ? .text : .integer }
        if type.hasPrefix("Float") { return .float }
        return type.hasPrefix("Decimal") ? .decimal : .text
    }

    private static func value(_ field: Substring, _ kind: SQLType, _ type: String) -> SQLValue {
        if field == "\\N" { return .null }
        let text = ClickHouseSQL.unescaped(field)
        switch kind {
        case .boolean: return .boolean(text == "true")
        case .integer: return Int64(text).map { .integer($0) } ?? UInt64(text).map { .unsigned($0) } ?? .decimal(text)
        case .float: return Double(text).map { .double($0) } ?? .text(text)
        case .decimal: return .decimal(text)
        default: return .text(text)
        }
    }
}

extension ClickHouseServer {
    /// Runs a statement of a user.
    ///
    /// - Parameter database: where tables are that are named without one.
    func answer(_ sql: String, database: String) throws(DeliveryError) -> ClickHouseAnswer {
        let parameters = [
            ("wait_end_of_query", "1"), ("database", database), ("default_format", ClickHouseAnswer.format),
        ]
        return try ClickHouseAnswer(ask(Array(sql.utf8), parameters))
    }
}

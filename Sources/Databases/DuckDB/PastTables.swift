/// Tables of a statement as they were: `FROM trades AT (VERSION => 12)`, `FROM trades t AT (TIMESTAMP => '2026-01-31 12:00:00')`.
///
/// DuckDB's parser knows the clause and says where it stands, but only catalogs of its own can serve it. So the table is replaced by
/// the rows that it had, and the clause is left out.
public enum PastTables {
    /// Which state of a table is meant.
    public enum Version: Sendable, Equatable {
        case number(Int64)
        /// Nanoseconds since 1970 UTC.
        case time(Int64)
    }

    /// Gives the rows of a table at a version, as a SELECT statement.
    public typealias Rows = @Sendable (_ table: String, Version) throws(DatabaseError) -> String

    /// A table in a statement's tree.
    struct Reference {
        let table: String
        let hasAlias: Bool
        let isTime: Bool
        /// Byte of the statement at which its name begins.
        let place: Int
    }

    /// The statement with the rows in the place of the tables; itself where it has none of the past.
    ///
    /// - Throws: `syntax` where it does not parse, `notPermitted` where it could do more than read, and what `rows` throws.
    public static func resolve(
        _ sql: String, on connection: Connection, _ rows: Rows
    ) throws(DatabaseError) -> String {
        let (inner, references) = try ReadOnlySQL.pastTables(sql, on: connection)
        guard !references.isEmpty else { return sql }
        var text = Array(inner.utf8)
        // From the back, so that places before stay what they are; what stands inside of a clause is read with it.
        for reference in references.sorted(by: { $0.place > $1.place }) {
            guard let span = Span(text, from: reference.place) else {
                throw DatabaseError(.syntax, "the AT clause of \(reference.table) cannot be read", operation: sql)
            }
            let expression = String(decoding: text[span.expression], as: UTF8.self)
            let version = try value(expression, isTime: reference.isTime, connection)
            let alias = reference.hasAlias ? "" : " AS \(SQLText.identifier(reference.table))"
            text.removeSubrange(span.clause)
            text.replaceSubrange(span.name, with: Array("(\(try rows(reference.table, version)))\(alias)".utf8))
        }
        let resolved = String(sql.prefix(sql.count - inner.count)) + String(decoding: text, as: UTF8.self)
        // Whatever was made of the text, it only reads.
        try ReadOnlySQL.check(resolved, on: connection)
        return resolved
    }

    private static func value(
        _ expression: String, isTime: Bool, _ connection: Connection
    ) throws(DatabaseError) -> Version {
        let sql =
            isTime
            ? "SELECT epoch_us(CAST((\(expression)) AS TIMESTAMPTZ))" : "SELECT CAST((\(expression)) AS BIGINT)"
        try ReadOnlySQL.check(sql, on: connection)
        guard case .integer(let value)? = try connection.query(sql).collect().rows.first?.first, isTime || value >= 0
        else {
            throw DatabaseError(
                .syntax, "AT wants VERSION => a number that `tapedeck lake history` shows, or TIMESTAMP => a time",
                operation: expression)
        }
        guard isTime else { return .number(value) }
        // Later than nanoseconds reach is as late as there is.
        let (ns, isOver) = value.multipliedReportingOverflow(by: 1000)
        return .time(isOver ? (value < 0 ? .min : .max) : ns)
    }

    /// Where a table's name, its AT clause and what the clause says are in a statement.
    private struct Span {
        let name: Range<Int>
        let clause: Range<Int>
        let expression: Range<Int>

        init?(_ text: [UInt8], from place: Int) {
            var tokens = SQLTokens(text, from: place)
            guard let first = tokens.next() else { return nil }
            var end = first.upperBound
            var next = tokens.next()
            while let dot = next, text[dot] == ".", let part = tokens.next() {
                end = part.upperBound
                next = tokens.next()
            }
            name = place..<end
            // An alias may stand between.
            while let word = next {
                if text[word].lowercased() == "at", let open = tokens.next(), text[open] == "(" {
                    _ = tokens.next()
                    guard let arrow = tokens.next(), text[arrow] == "=>" else { return nil }
                    var depth = 1
                    while depth > 0, let token = tokens.next() {
                        if text[token] == "(" { depth += 1 }
                        if text[token] == ")" { depth -= 1 }
                        if depth == 0 {
                            clause = word.lowerBound..<token.upperBound
                            expression = arrow.upperBound..<token.lowerBound
                            return
                        }
                    }
                    return nil
                }
                next = tokens.next()
            }
            return nil
        }
    }
}

extension [UInt8] {
    fileprivate subscript(range: Range<Int>) -> String {
        String(decoding: self[range] as ArraySlice<UInt8>, as: UTF8.self)
    }
}

internal import Foundation

/// Decides whether SQL from a user only reads.
///
/// DuckDB's own parser makes a tree of the text; only one statement of the SELECT family passes (SELECT, FROM, VALUES,
/// TABLE, DESCRIBE, SHOW, SUMMARIZE, and EXPLAIN of these), which calls only table functions of a list and no
/// function that acts. It is one of three walls: such SQL also runs in a read-only transaction of a confined database.
public enum ReadOnlySQL {
    /// Passes where `sql` only reads.
    ///
    /// - Throws: `syntax` where it does not parse, `notPermitted` where it could do more than read.
    public static func check(_ sql: String, on connection: Connection) throws(DatabaseError) {
        _ = try tree(sql, withoutExplain(sql), on: connection)
    }

    /// The names, in small letters, of the tables that a statement asks for as they are now, whether or not there are such tables.
    ///
    /// - Throws: as `check`.
    public static func tables(_ sql: String, on connection: Connection) throws(DatabaseError) -> Set<String> {
        Set(tables(in: try tree(sql, withoutExplain(sql), on: connection)))
    }

    private static func tables(in node: Any) -> [String] {
        if let list = node as? [Any] { return list.flatMap(tables) }
        guard let object = node as? [String: Any] else { return [] }
        let found = object.values.flatMap(tables)
        guard object["type"] as? String == "BASE_TABLE", !(object["at_clause"] is [String: Any]),
            let table = object["table_name"] as? String
        else { return found }
        return found + [table.lowercased()]
    }

    /// The tables of the past that a statement names, and the part of its text, without EXPLAIN, that their places are in.
    static func pastTables(
        _ sql: String, on connection: Connection
    ) throws(DatabaseError) -> (inner: String, tables: [PastTables.Reference]) {
        let inner = withoutExplain(sql)
        return (inner, references(in: try tree(sql, inner, on: connection)))
    }

    private static func references(in node: Any) -> [PastTables.Reference] {
        if let list = node as? [Any] { return list.flatMap(references) }
        guard let object = node as? [String: Any] else { return [] }
        var found = object.values.flatMap(references)
        if let clause = object["at_clause"] as? [String: Any], let table = object["table_name"] as? String,
            let place = object["query_location"] as? Int
        {
            found.append(
                PastTables.Reference(
                    table: table, hasAlias: object["alias"] as? String != "",
                    isTime: (clause["unit"] as? String)?.lowercased() == "timestamp", place: place))
        }
        return found
    }

    /// What the parser makes of a statement that only reads.
    private static func tree(
        _ sql: String, _ inner: String, on connection: Connection
    ) throws(DatabaseError) -> Any {
        let rows = try connection.query("SELECT json_serialize_sql(?::VARCHAR)", parameters: [.text(inner)]).collect()
            .rows
        guard case .text(let json)? = rows.first?.first else {
            throw DatabaseError(.database, "the parser gave no tree", operation: sql)
        }
        guard let tree = try? JSONSerialization.jsonObject(with: Data(finite(json).utf8)) as? [String: Any] else {
            throw DatabaseError(.notPermitted, "the statement is nested too deeply", operation: sql)
        }
        if tree["error"] as? Bool == true { throw refusal(tree, sql) }
        guard let statements = tree["statements"] as? [Any], statements.count == 1 else {
            throw DatabaseError(.notPermitted, "exactly one statement is allowed", operation: sql)
        }
        for name in functions(in: statements[0]) where !isHarmless(name) {
            throw DatabaseError(.notPermitted, "function \(name.name) is not allowed here", operation: sql)
        }
        return statements[0]
    }

    /// A tree without numbers that JSON does not have but DuckDB writes. Inside of texts a backslash stands before each
    /// quote, so that none of them is changed.
    private static func finite(_ json: String) -> String {
        ["Infinity", "-Infinity", "NaN"].reduce(json) { $0.replacing("\"value\":\($1)", with: "\"value\":null") }
    }

    private static func refusal(_ tree: [String: Any], _ sql: String) -> DatabaseError {
        let message = tree["error_message"] as? String ?? "cannot be parsed"
        if tree["error_type"] as? String == "not implemented" {
            return DatabaseError(
                .notPermitted, "only statements that read are allowed: SELECT, DESCRIBE, SHOW, SUMMARIZE, EXPLAIN",
                operation: sql)
        }
        return DatabaseError(.syntax, "Parser Error: \(message)", operation: sql)
    }

    /// The text behind `EXPLAIN` and `EXPLAIN ANALYZE`, which the tree has no form for.
    private static func withoutExplain(_ sql: String) -> String {
        var rest = sql.drop(while: \.isWhitespace)
        for word in ["explain", "analyze"] {
            let next = rest.dropFirst(word.count)
            guard rest.prefix(word.count).lowercased() == word, next.first?.isWhitespace == true else { break }
            rest = next.drop(while: \.isWhitespace)
        }
        return String(rest)
    }

    private struct Function {
        let name: String
        let isTable: Bool
    }

    /// Every function that the tree names, wherever it stands.
    private static func functions(in node: Any) -> [Function] {
        if let list = node as? [Any] { return list.flatMap(functions) }
        guard let object = node as? [String: Any] else { return [] }
        var found: [Function] = []
        var rest = object
        if object["type"] as? String == "TABLE_FUNCTION", let call = object["function"] as? [String: Any] {
            found.append(Function(name: (call["function_name"] as? String ?? "?").lowercased(), isTable: true))
            found += (call["children"] as? [Any] ?? []).flatMap(functions)
            rest["function"] = nil
        } else if let name = object["function_name"] as? String {
            found.append(Function(name: name.lowercased(), isTable: false))
        }
        return found + rest.values.flatMap(functions)
    }

    private static func isHarmless(_ function: Function) -> Bool {
        function.isTable ? tableFunctions.contains(function.name) : !actingFunctions.contains(function.name)
    }

    /// Table functions that only read, and only what the database may reach. Others can run SQL given as text, read
    /// memory by address, or switch logging to a file.
    private static let tableFunctions: Set<String> = [
        "duckdb_columns", "duckdb_functions", "duckdb_keywords", "duckdb_schemas", "duckdb_tables", "duckdb_types",
        "duckdb_views", "generate_series", "glob", "histogram", "histogram_values", "json_each", "json_tree",
        "parquet_file_metadata", "parquet_metadata", "parquet_scan", "parquet_schema", "pragma_table_info",
        "pragma_version", "range", "read_csv", "read_csv_auto", "read_json", "read_json_auto", "read_ndjson",
        "read_ndjson_auto", "read_parquet", "repeat", "repeat_row", "summary", "unnest",
    ]
    private static let actingFunctions: Set<String> = [
        "currval", "getenv", "nextval", "setseed", "sleep_ms", "write_log",
    ]
}

extension Connection {
    /// Runs SQL from a user: refused unless it only reads, and in a transaction that cannot write.
    ///
    /// The transaction ends when `body` returns.
    /// - Parameter past: gives tables as they were; nil where there are none.
    /// - Throws: `notPermitted`, `syntax`, `timeout`, or what the database reports.
    public func readOnly<T>(
        _ sql: String, timeoutNs: Int64? = nil, past: PastTables.Rows? = nil,
        _ body: (ResultStream) throws(DatabaseError) -> T
    ) throws(DatabaseError) -> T {
        if past == nil { try ReadOnlySQL.check(sql, on: self) }
        try execute("BEGIN TRANSACTION READ ONLY")
        defer { try? execute("ROLLBACK") }
        let text = if let past { try PastTables.resolve(sql, on: self, past) } else { sql }
        return try body(query(text, timeoutNs: timeoutNs))
    }
}

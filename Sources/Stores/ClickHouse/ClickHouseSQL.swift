/// Names and texts as ClickHouse reads them.
///
/// - Source: ClickHouse documentation, "Syntax": identifiers in backquotes, literals in quotes, both with backslash escapes.
enum ClickHouseSQL {
    static func identifier(_ name: String) -> String { "`" + escaped(name, "`") + "`" }

    static func literal(_ text: String) -> String { "'" + escaped(text, "'") + "'" }

    private static func escaped(_ text: String, _ quote: Character) -> String {
        text.reduce(into: "") { escaped, character in
            if character == quote || character == "\\" { escaped.append("\\") }
            if character == "\0" { escaped.append("\\0") } else { escaped.append(character) }
        }
    }

    /// The rows of an answer in the format `TabSeparated`.
    static func rows(_ answer: String) -> [[String]] {
        answer.split(separator: "\n").map { line in
            line.split(separator: "\t", omittingEmptySubsequences: false).map(unescaped)
        }
    }

    static func unescaped(_ field: Substring) -> String {
        guard field.contains("\\") else { return String(field) }
        var text = ""
        var isEscape = false
        for character in field {
            if isEscape {
                text.append(
                    ["t": "\t", "n": "\n", "r": "\r", "0": "\0", "b": "\u{8}", "f": "\u{c}"][character] ?? character)
            } else if character != "\\" {
                text.append(character)
            }
            isEscape = !isEscape && character == "\\"
        }
        return text
    }
}

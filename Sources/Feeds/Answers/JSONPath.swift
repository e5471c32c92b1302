/// Where a value stands in a JSON text: `chart.result[0].meta.currency`.
///
/// Names are separated by points, places in lists stand in brackets; a name with other characters than letters, digits,
/// `_` and `-` stands in quotes: `'Time Series (Daily)'.'1. open'`. Inside a row, `@name` is the name under which the
/// row stands in its object, `@value` the row itself where it is a plain value. The empty path is the whole text.
struct JSONPath: Equatable, Sendable, CustomStringConvertible {
    enum Step: Equatable, Sendable {
        case key(String)
        case index(Int)
        case rowName
        case rowValue
    }

    let steps: [Step]
    /// As it was written.
    let description: String

    /// Longest name; the reader looks that far ahead.
    static let longestName = 60

    /// Reads a path; nil where the text is none.
    init?(_ text: String) {
        description = text
        var steps: [Step] = []
        var rest = Substring(text)
        while !rest.isEmpty {
            if rest.first == "[" {
                guard let end = rest.firstIndex(of: "]"), let index = Int32(rest[..<end].dropFirst()), index >= 0 else {
                    return nil
                }
                steps.append(.index(Int(index)))
                rest = rest[rest.index(after: end)...]
            } else {
                guard let step = Self.name(&rest) else { return nil }
                steps.append(step)
            }
            if rest.first == "." {
                rest = rest.dropFirst()
                guard let next = rest.first, next != "[", next != "." else { return nil }
            } else {
                guard rest.isEmpty || rest.first == "[" else { return nil }
            }
        }
        self.steps = steps
    }

    private static func name(_ rest: inout Substring) -> Step? {
        let name: Substring
        if let quote = rest.first, quote == "'" || quote == "\"" {
            rest = rest.dropFirst()
            guard let end = rest.firstIndex(of: quote) else { return nil }
            name = rest[..<end]
            rest = rest[rest.index(after: end)...]
        } else if rest.first == "@" {
            let word = rest.prefix { $0 == "@" || $0.isLetter }
            rest = rest.dropFirst(word.count)
            return word == "@name" ? .rowName : word == "@value" ? .rowValue : nil
        } else {
            name = rest.prefix { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "-" }
            rest = rest.dropFirst(name.count)
        }
        // Names are compared as they stand in the text, where these two would be escaped.
        guard !name.isEmpty, name.utf8.count <= longestName, !name.contains("\""), !name.contains("\\") else {
            return nil
        }
        return .key(String(name))
    }
}

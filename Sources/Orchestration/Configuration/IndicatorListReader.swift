internal import Platform

/// Reads the list behind `indicators`: calls such as `sma(20)` or mappings such as `sma: { period: 20 }`.
struct IndicatorListReader {
    private let specs: [Spec]
    private let file: String?
    private let references: References
    private(set) var errors: [ConfigError] = []
    private var seen: Set<String> = []

    init(specs: [Spec], file: String?, references: References) {
        self.specs = specs
        self.file = file
        self.references = references
    }

    /// Indicators from texts alone.
    mutating func indicators(calls: [String]) -> [ConfiguredComponent] {
        calls.compactMap { indicator(call: $0, line: nil) }
    }

    /// The indicators of a list; null is an empty list.
    mutating func indicators(_ node: YAMLNode) -> [ConfiguredComponent] {
        if node.isNull { return [] }
        guard let elements = node.sequence else {
            fail(node.line, "`indicators` is \(node.kindName), but takes a list", "write `indicators: [sma(20)]`")
            return []
        }
        return elements.compactMap { indicator($0) }
    }

    private mutating func indicator(_ element: YAMLNode) -> ConfiguredComponent? {
        if let text = element.text, !element.isNull { return indicator(call: text, line: element.line) }
        guard let entries = element.mapping, entries.count == 1, let entry = entries.first else {
            fail(element.line, "an entry of `indicators` is \(element.kindName)", "write `- sma(20)`")
            return nil
        }
        guard let spec = spec(entry.key, line: entry.line) else { return nil }
        let options = Options.read(
            spec, entry.value, file: file, line: entry.line, references: references, errors: &errors)
        return options.flatMap { named($0, line: entry.line) }
    }

    private mutating func indicator(call text: String, line: Int?) -> ConfiguredComponent? {
        let opening = text.firstIndex(of: "(")
        let name = text[..<(opening ?? text.endIndex)].filter { $0 != " " }
        if opening != nil, text.last != ")" {
            fail(line, "`\(text)` has no closing parenthesis", "quote a call with commas: `\"\(text), …)\"`")
            return nil
        }
        if opening == nil, text.contains(")") {
            fail(line, "`\(text)` is the end of a call", "quote a call with commas: `\"name(1, 2)\"`")
            return nil
        }
        guard let spec = spec(String(name), line: line) else { return nil }
        let inner = opening.map { text[text.index(after: $0)...].dropLast() } ?? ""
        let arguments = inner.split(separator: ",", omittingEmptySubsequences: !inner.contains(","))
            .map { String($0.filter { $0 != " " }) }
        do {
            return named(
                try Options(spec, arguments: arguments, file: file, line: line, references: references), line: line)
        } catch {
            errors.append(error)
            return nil
        }
    }

    private mutating func spec(_ name: String, line: Int?) -> Spec? {
        if let spec = specs.first(where: { $0.name == name }) { return spec }
        fail(line, "unknown indicator `\(name)`", Suggestion.sentence(for: name, among: specs.map(\.name)))
        return nil
    }

    /// Gives an indicator the one name that its values have whatever way it was written: `sma(20)`.
    private mutating func named(_ options: Options, line: Int?) -> ConfiguredComponent? {
        let name = options.callText
        guard seen.insert(name).inserted else {
            fail(line, "`\(name)` is there twice", "remove one")
            return nil
        }
        return ConfiguredComponent(name: name, options: options)
    }

    private mutating func fail(_ line: Int?, _ message: String, _ suggestion: String?) {
        errors.append(ConfigError(file: file, line: line, message, suggestion: suggestion))
    }
}

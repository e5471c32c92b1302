internal import Platform

/// Reads the list behind `feeds` or `sinks`.
struct ComponentListReader {
    private let key: String
    private let kind: ComponentKind
    private let specs: [Spec]
    private let file: String?
    private let references: References
    private(set) var errors: [ConfigError] = []
    private var lines: [String: Int] = [:]

    init(key: String, kind: ComponentKind, components: ComponentSpecs, file: String?, references: References) {
        self.key = key
        self.kind = kind
        self.specs = components[kind]
        self.file = file
        self.references = references
    }

    /// Components with all defaults.
    mutating func components(named names: [String]) -> [ConfiguredComponent] {
        names.compactMap { component($0, line: nil, options: nil) }
    }

    /// The components of a list; null is an empty list.
    mutating func components(_ node: YAMLNode) -> [ConfiguredComponent] {
        if node.isNull { return [] }
        guard let elements = node.sequence else {
            let first = node.mapping?.first?.key ?? node.text ?? specs.first?.name ?? "name"
            fail(
                node.line, "`\(key)` is \(node.kindName), but takes a list", "write `- \(first): …`, one entry per line"
            )
            return []
        }
        return elements.compactMap { component($0) }
    }

    private mutating func component(_ element: YAMLNode) -> ConfiguredComponent? {
        if let name = element.text, !element.isNull { return component(name, line: element.line, options: nil) }
        guard let entries = element.mapping, let entry = entries.first else {
            fail(element.line, "an entry of `\(key)` is \(element.kindName)", "write `- name` or `- name: { options }`")
            return nil
        }
        guard entries.count == 1 else {
            let advice =
                entry.value.isNull
                ? "indent the options of `\(entry.key)` further than its name" : "write `- ` before `\(entries[1].key)`"
            fail(entries[1].line, "`\(entries[1].key)` is not part of `\(entry.key)`", advice)
            return nil
        }
        return component(entry.key, line: entry.line, options: entry.value)
    }

    private mutating func component(_ kind: String, line: Int?, options node: YAMLNode?) -> ConfiguredComponent? {
        guard let spec = specs.first(where: { $0.name == kind }) else {
            fail(
                line, "unknown \(self.kind.rawValue) `\(kind)`",
                Suggestion.sentence(for: kind, among: specs.map(\.name)))
            return nil
        }
        var name = kind
        var rest = node
        if let entries = node?.mapping, let node, !spec.options.contains(where: { $0.name == "name" }),
            let given = entries.first(where: { $0.key == "name" })
        {
            guard let text = given.value.text, ConfiguredComponent.isName(text) else {
                fail(given.line, "`name` of `\(kind)` is not a name", "use letters, digits, `-` and `_`")
                return nil
            }
            name = text
            rest = YAMLNode(.mapping(entries.filter { $0.key != "name" }), line: node.line, column: node.column)
        }
        if let first = lines[name] {
            fail(
                line, "`\(name)` is there twice (first in line \(first))", "add `name: …` to the options of one of them"
            )
            return nil
        }
        lines[name] = line
        let options = Options.read(spec, rest, file: file, line: line, references: references, errors: &errors)
        return options.map { ConfiguredComponent(name: name, options: $0) }
    }

    private mutating func fail(_ line: Int?, _ message: String, _ suggestion: String?) {
        errors.append(ConfigError(file: file, line: line, message, suggestion: suggestion))
    }
}

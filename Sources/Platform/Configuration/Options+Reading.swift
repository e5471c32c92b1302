extension Options {
    /// Reads the options of a component from its mapping; nothing (nil or null) means all defaults.
    ///
    /// - Throws: the first error; `read` collects all of them.
    public init(
        _ spec: Spec, _ node: YAMLNode?, file: String? = nil, references: References = .process
    ) throws(ConfigError) {
        var errors: [ConfigError] = []
        let options = Self.read(spec, node, file: file, references: references, errors: &errors)
        guard let options else { throw errors[0] }
        self = options
    }

    /// Reads options from `key=value` texts (elements of a list separated by commas).
    ///
    /// - Throws: the first error.
    public init(
        _ spec: Spec, assignments: [String], references: References = .process
    ) throws(ConfigError) {
        var reader = OptionsReader(spec: spec, file: nil, line: nil, references: references)
        for text in assignments {
            guard let mark = text.firstIndex(of: "=") else {
                throw ConfigError("\(spec.name): `\(text)` is not `key=value`", suggestion: "write `\(text)=…`")
            }
            reader.take(String(text[..<mark]), String(text[text.index(after: mark)...]))
        }
        guard let options = reader.finish() else { throw reader.errors[0] }
        self = options
    }

    /// Reads options from a call such as `macd(12, 26, signal=9)`: values by place first, then by name.
    ///
    /// - Throws: the first error, with `file` and `line`.
    public init(
        _ spec: Spec, arguments: [String], file: String? = nil, line: Int? = nil, references: References = .process
    ) throws(ConfigError) {
        var reader = OptionsReader(spec: spec, file: file, line: line, references: references)
        for (place, text) in arguments.enumerated() {
            if let mark = text.firstIndex(of: "=") {
                reader.take(String(text[..<mark]), String(text[text.index(after: mark)...]))
            } else if place < spec.options.count {
                reader.take(spec.options[place].name, text)
            } else {
                let most = spec.options.count == 1 ? "one value" : "\(spec.options.count) values"
                throw ConfigError(file: file, line: line, "`\(spec.name)` takes at most \(most)")
            }
        }
        guard let options = reader.finish() else { throw reader.errors[0] }
        self = options
    }

    /// Reads the options of a component from its mapping and appends everything that is wrong to `errors`.
    ///
    /// - Returns: nil where something is wrong.
    public static func read(
        _ spec: Spec, _ node: YAMLNode?, file: String? = nil, line: Int? = nil, references: References = .process,
        errors: inout [ConfigError]
    ) -> Options? {
        var reader = OptionsReader(spec: spec, file: file, line: line ?? node?.line, references: references)
        if let node, !node.isNull {
            if let entries = node.mapping {
                for entry in entries { reader.take(entry) }
            } else {
                reader.expectedMapping(node)
            }
        }
        let options = reader.finish()
        errors += reader.errors
        return options
    }
}

/// Collects the values of one component and everything that is wrong with them.
struct OptionsReader {
    let spec: Spec
    let file: String?
    let line: Int?
    let references: References
    private(set) var errors: [ConfigError] = []
    private var values: [String: OptionValue] = [:]
    private var given: [String: Options.Given] = [:]
    /// Options whose value is wrong, so that they are not reported as missing as well.
    private var wrong: Set<String> = []

    init(spec: Spec, file: String?, line: Int?, references: References) {
        self.spec = spec
        self.file = file
        self.line = line
        self.references = references
    }

    /// An entry of the component's mapping.
    mutating func take(_ entry: YAMLNode.Entry) {
        guard let option = option(entry.key, line: entry.line) else { return }
        // A key without value says "the default".
        if entry.value.isNull { return }
        let place = entry.value.line
        switch (entry.value.content, option.kind) {
        case (.sequence(let elements), .list): takeList(option, elements, line: place)
        case (.scalar(let written, _, _), let kind) where kind != .list: takeScalar(option, written, line: place)
        default:
            fail(
                option, line: place, "is \(entry.value.kindName), but takes \(Self.form(option))",
                option.kind == .list ? "write `\(option.name): [\(entry.value.text ?? "…")]`" : nil, mark: "")
        }
    }

    /// A `key=value` text.
    mutating func take(_ key: String, _ value: String) {
        guard let option = option(key, line: line) else { return }
        guard option.kind == .list else {
            takeScalar(option, value, line: line)
            return
        }
        takeList(
            option, OptionValue.items(value).map { YAMLNode(.scalar($0, style: .quoted, tag: nil), line: line ?? 1) },
            line: line)
    }

    mutating func expectedMapping(_ node: YAMLNode) {
        let example = spec.options.first.map { "write `\(spec.name): { \($0.name): … }`" }
        errors.append(
            ConfigError(
                file: file, line: node.line, "`\(spec.name)` is \(node.kindName), but takes options",
                suggestion: example))
    }

    /// The options, once defaults stand in for what was not given; nil where something is wrong.
    mutating func finish() -> Options? {
        for option in spec.options where values[option.name] == nil && !wrong.contains(option.name) {
            do {
                if let value = try OptionValue.byDefault(option, references: references) {
                    values[option.name] = value
                } else {
                    errors.append(
                        ConfigError(
                            file: file, line: line, "\(spec.name): `\(option.name)` is missing",
                            suggestion: "add `\(option.name): …`, \(Self.form(option)). \(option.summary)"))
                }
            } catch {
                fail(option, line: line, error.message, error.suggestion)
            }
        }
        guard errors.isEmpty else { return nil }
        return Options(spec: spec, file: file, line: line, values: values, given: given)
    }

    private mutating func option(_ name: String, line: Int?) -> Spec.Option? {
        if let option = spec.options.first(where: { $0.name == name }) { return option }
        errors.append(
            ConfigError(
                file: file, line: line, "\(spec.name): unknown option `\(name)`",
                suggestion: spec.options.isEmpty
                    ? "`\(spec.name)` takes no options"
                    : Suggestion.sentence(for: name, among: spec.options.map(\.name))))
        return nil
    }

    private mutating func takeScalar(_ option: Spec.Option, _ written: String, line: Int?) {
        guard let text = resolve(option, written, line: line) else { return }
        do {
            values[option.name] = try OptionValue(option, written: written, text: text)
            if option.kind == .secret { Log.conceal(text) }
            given[option.name] = Options.Given(line: line, written: written)
        } catch {
            fail(option, line: line, error.message, error.suggestion)
        }
    }

    private mutating func takeList(_ option: Spec.Option, _ elements: [YAMLNode], line: Int?) {
        var texts: [String] = []
        for element in elements {
            guard let written = element.text else {
                fail(
                    option, line: element.line, "holds \(element.kindName), but takes \(Self.form(option))", nil,
                    mark: "")
                return
            }
            guard let text = resolve(option, written, line: element.line) else { return }
            texts.append(text)
        }
        let written = "[\(elements.compactMap(\.text).joined(separator: ", "))]"
        let value = OptionValue.list(texts)
        do {
            try value.checkChoices(option, written: written)
            values[option.name] = value
            given[option.name] = Options.Given(line: line, written: written, elementLines: elements.map(\.line))
        } catch {
            fail(option, line: line, error.message, error.suggestion)
        }
    }

    private mutating func resolve(_ option: Spec.Option, _ written: String, line: Int?) -> String? {
        do {
            return try references.resolve(written)
        } catch {
            fail(option, line: line, error.message, error.suggestion)
            return nil
        }
    }

    private mutating func fail(
        _ option: Spec.Option, line: Int?, _ message: String, _ suggestion: String?, mark: String = ":"
    ) {
        wrong.insert(option.name)
        let text = "\(spec.name): `\(option.name)`\(mark) \(message)"
        errors.append(ConfigError(file: file, line: line, text, suggestion: suggestion))
    }

    /// What an option takes, in words.
    static func form(_ option: Spec.Option) -> String {
        if !option.choices.isEmpty {
            let choices = option.choices.map { "`\($0)`" }.joined(separator: ", ")
            return option.kind == .list ? "a list of \(choices)" : "one of \(choices)"
        }
        return switch option.kind {
        case .text, .secret: "a text"
        case .integer: "a whole number"
        case .number: "a number"
        case .boolean: "`true` or `false`"
        case .duration: DurationText.form
        case .bytes: SizeText.form
        case .list: "a list of texts"
        }
    }
}

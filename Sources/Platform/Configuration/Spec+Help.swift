extension Spec.Option {
    /// How its value is written, in a word for tables: `text`, `duration`, `list of trade|bid|ask`.
    public var form: String {
        let word = kind.rawValue
        guard !choices.isEmpty else { return word }
        let words = choices.joined(separator: "|")
        return kind == .list ? "list of \(words)" : words
    }

    /// Its default in words: `required` where there is none, `not set` where the default is empty.
    public var defaultForm: String {
        guard let defaultText else { return "required" }
        if defaultText.isEmpty { return kind == .list ? "empty" : "not set" }
        return kind == .list ? "[\(OptionValue.items(defaultText).joined(separator: ", "))]" : defaultText
    }
}

extension Spec {
    /// What the component is, its options and an example, for a terminal.
    public var helpText: String {
        var lines = ["\(name): \(summary)"]
        if !options.isEmpty {
            lines += ["", "Options:"]
            let names = options.map { "\($0.name)  \($0.form)" }
            let width = names.map(\.count).max() ?? 0
            for (option, name) in zip(options, names) {
                let gap = String(repeating: " ", count: width - name.count + 2)
                let mark = option.defaultText == nil ? "required" : "default \(option.defaultForm)"
                lines.append(
                    "  \(name)\(gap)\(option.summary) (\(option.defaultText == "" ? option.defaultForm : mark))")
            }
        }
        if !example.isEmpty {
            lines += ["", "Example:"]
            lines += example.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
        }
        return lines.joined(separator: "\n")
    }
}

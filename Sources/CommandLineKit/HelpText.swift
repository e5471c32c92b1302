/// The text that `--help` prints.
enum HelpText {
    private static let width = 100

    /// - Parameter path: program and subcommands, as typed.
    static func text(_ spec: CommandSpec, path: [String]) -> String {
        let command = path.joined(separator: " ")
        var blocks = [spec.summary, "Usage: " + usage(spec, command)]
        if !spec.discussion.isEmpty { blocks.append(wrapped(spec.discussion, indent: 0)) }
        if !spec.subcommands.isEmpty {
            blocks.append(list("Commands:", spec.subcommands.map { ($0.name, $0.summary) }))
        }
        if !spec.positionals.isEmpty {
            blocks.append(list("Arguments:", spec.positionals.map { ($0.name, $0.summary) }))
        }
        let help = ("--help", "Show this.")
        blocks.append(list("Options:", spec.options.map { (heading($0), detail($0)) } + [help]))
        if !spec.examples.isEmpty {
            let lines = spec.examples.map { "  \($0.command)\n      \($0.summary)" }
            blocks.append((["Examples:"] + lines).joined(separator: "\n"))
        }
        if !spec.subcommands.isEmpty { blocks.append("`\(command) COMMAND --help` tells more about one of them.") }
        return blocks.joined(separator: "\n\n")
    }

    private static func usage(_ spec: CommandSpec, _ command: String) -> String {
        if !spec.subcommands.isEmpty { return command + " COMMAND …" }
        let positionals = spec.positionals.map { positional in
            let name = positional.name + (positional.repeats ? " …" : "")
            return positional.isRequired ? name : "[\(name)]"
        }
        let options = spec.options.isEmpty ? [] : ["[options]"]
        return ([command] + positionals + options).joined(separator: " ")
    }

    private static func heading(_ option: CommandSpec.Option) -> String {
        "--" + option.name + (option.valueName.map { " " + $0 } ?? "")
    }

    private static func detail(_ option: CommandSpec.Option) -> String {
        var notes: [String] = []
        if !option.choices.isEmpty { notes.append(option.choices.joined(separator: ", ")) }
        if let text = option.defaultText, !text.isEmpty { notes.append("default \(text)") }
        if option.repeats { notes.append("may be repeated") }
        return option.summary + (notes.isEmpty ? "" : " (\(notes.joined(separator: "; ")))")
    }

    private static func list(_ title: String, _ rows: [(name: String, text: String)]) -> String {
        let names = rows.map { $0.name.count }.max() ?? 0
        let lines = rows.map { row in
            let gap = String(repeating: " ", count: names - row.name.count + 2)
            let text = wrapped(row.text, indent: names + 4)
            return "  \(row.name)\(gap)\(text.drop { $0 == " " })"
        }
        return ([title] + lines).joined(separator: "\n")
    }

    /// Breaks paragraphs at spaces; every line is indented.
    private static func wrapped(_ text: String, indent: Int) -> String {
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
            var line = ""
            for word in paragraph.split(separator: " ") {
                if !line.isEmpty, indent + line.count + 1 + word.count > width {
                    lines.append(margin + line)
                    line = ""
                }
                line += (line.isEmpty ? "" : " ") + word
            }
            lines.append(line.isEmpty ? "" : margin + line)
        }
        return lines.joined(separator: "\n")
    }
}

internal import Platform

/// Reads command lines: subcommands, `--name value`, `--name=value`, flags and positionals in any order; `--` ends
/// the options.
public struct ArgumentParser: Sendable {
    /// What a command line asks for.
    public enum Outcome: Sendable {
        case command(ParsedCommand)
        /// Help was asked for; this is its text.
        case help(String)
    }

    private let root: CommandSpec

    /// A parser for the program itself.
    public init(_ root: CommandSpec) { self.root = root }

    /// Reads arguments, the program's own name left out.
    ///
    /// - Throws: where they do not fit.
    public func parse(_ arguments: [String]) throws(UsageError) -> Outcome {
        var spec = root
        var path: [String] = []
        var rest = arguments[...]
        while !spec.subcommands.isEmpty {
            guard let word = rest.popFirst() else {
                throw UsageError("no command", suggestion: choices(spec), command: path)
            }
            if word == "--help" || word == "-h" || (word == "help" && rest.isEmpty) {
                return .help(HelpText.text(spec, path: [root.name] + path))
            }
            if word == "help", let next = rest.first {
                // `help replay` reads as `replay --help`.
                rest = [next, "--help"]
                continue
            }
            guard let next = spec.subcommands.first(where: { $0.name == word }) else {
                let names = spec.subcommands.map(\.name)
                let kind = word.hasPrefix("-") ? "option" : "command"
                throw UsageError(
                    "unknown \(kind) `\(word)`", suggestion: Suggestion.sentence(for: word, among: names), command: path
                )
            }
            spec = next
            path.append(word)
        }
        var line = CommandLineReader(spec: spec, path: path)
        guard try line.read(rest) else { return .help(HelpText.text(spec, path: [root.name] + path)) }
        return .command(try line.finish())
    }

    private func choices(_ spec: CommandSpec) -> String {
        "write one of " + spec.subcommands.map { "`\($0.name)`" }.joined(separator: ", ")
    }
}

/// Reads the arguments of one command.
private struct CommandLineReader {
    let spec: CommandSpec
    let path: [String]
    private var flags: Set<String> = []
    private var values: [String: [String]] = [:]
    private var words: [String] = []

    init(spec: CommandSpec, path: [String]) {
        self.spec = spec
        self.path = path
    }

    /// - Returns: false where help is asked for.
    mutating func read(_ arguments: ArraySlice<String>) throws(UsageError) -> Bool {
        var rest = arguments
        while let argument = rest.popFirst() {
            if argument == "--" {
                words += rest
                return true
            }
            if argument == "--help" || argument == "-h" { return false }
            if argument.hasPrefix("--") {
                try readOption(argument.dropFirst(2), &rest)
            } else if argument.hasPrefix("-"), argument.count > 1, Double(argument) == nil {
                let name = String(argument.dropFirst())
                let known = spec.options.contains { $0.name == name }
                throw error(
                    "unknown option `\(argument)`",
                    known ? "write `--\(name)`" : "options start with two hyphens; see `--help`")
            } else {
                words.append(argument)
            }
        }
        return true
    }

    private mutating func readOption(_ text: Substring, _ rest: inout ArraySlice<String>) throws(UsageError) {
        let mark = text.firstIndex(of: "=")
        let name = String(text[..<(mark ?? text.endIndex)])
        guard let option = spec.options.first(where: { $0.name == name }) else {
            let names = spec.options.map { "--" + $0.name } + ["--help"]
            throw error("unknown option `--\(name)`", Suggestion.sentence(for: "--" + name, among: names))
        }
        var value = mark.map { String(text[text.index(after: $0)...]) }
        guard let valueName = option.valueName else {
            guard value == nil else { throw error("`--\(name)` takes no value", "write `--\(name)` alone") }
            flags.insert(name)
            return
        }
        if value == nil, let next = rest.first, !next.hasPrefix("--") { value = rest.popFirst() }
        guard let value else { throw error("`--\(name)` lacks its value", "write `--\(name) \(valueName)`") }
        guard option.choices.isEmpty || option.choices.contains(value) else {
            throw error(
                "`\(value)` is no choice for `--\(name)`", Suggestion.sentence(for: value, among: option.choices))
        }
        guard option.repeats || values[name] == nil else { throw error("`--\(name)` is given twice", "keep one") }
        values[name, default: []].append(value)
    }

    func finish() throws(UsageError) -> ParsedCommand {
        var positionals: [String: [String]] = [:]
        var rest = words[...]
        for positional in spec.positionals {
            if positional.repeats {
                positionals[positional.name] = Array(rest)
                rest = []
            } else if let word = rest.popFirst() {
                positionals[positional.name] = [word]
            }
            if positional.isRequired, positionals[positional.name]?.isEmpty ?? true {
                throw error("\(positional.name) is missing", "add it: \(positional.summary)")
            }
        }
        if let extra = rest.first {
            throw error("`\(extra)` is one argument too many", "quote arguments that contain spaces")
        }
        return ParsedCommand(path: path, spec: spec, flags: flags, optionValues: values, positionalValues: positionals)
    }

    private func error(_ message: String, _ suggestion: String?) -> UsageError {
        UsageError(message, suggestion: suggestion, command: path)
    }
}

/// What somebody asked for on the command line, checked against a `CommandSpec`.
///
/// Asking for a name that the spec does not have is a bug and stops the program.
public struct ParsedCommand: Sendable {
    /// Names of the subcommands, outermost first, without the program's own.
    public let path: [String]
    /// The spec of the innermost subcommand.
    public let spec: CommandSpec
    let flags: Set<String>
    let optionValues: [String: [String]]
    let positionalValues: [String: [String]]

    /// True where the flag was given.
    public func flag(_ name: String) -> Bool {
        precondition(option(name).valueName == nil, "--\(name) takes a value")
        return flags.contains(name)
    }

    /// The value given, the last where there are several, or the default; nil where there is neither.
    public func value(_ name: String) -> String? { optionValues[name]?.last ?? option(name).defaultText }

    /// The values given, in order, or the default alone.
    public func values(_ name: String) -> [String] {
        optionValues[name] ?? option(name).defaultText.map { [$0] } ?? []
    }

    /// True where the option was given.
    public func isGiven(_ name: String) -> Bool {
        _ = option(name)
        return flags.contains(name) || optionValues[name] != nil
    }

    /// The value of a positional; nil where an optional one is absent.
    public func positional(_ name: String) -> String? { positionals(name).first }

    /// The values of a positional.
    public func positionals(_ name: String) -> [String] {
        precondition(spec.positionals.contains { $0.name == name }, "\(spec.name) has no positional \(name)")
        return positionalValues[name] ?? []
    }

    /// The value of an option as something else.
    ///
    /// - Throws: `UsageError` naming the option and `form`, where `read` returns nil.
    public func value<T>(_ name: String, form: String, _ read: (String) -> T?) throws(UsageError) -> T? {
        guard let text = value(name) else { return nil }
        guard let value = read(text) else {
            throw UsageError("`\(text)` is no value for --\(name)", suggestion: "write \(form)", command: path)
        }
        return value
    }

    private func option(_ name: String) -> CommandSpec.Option {
        guard let option = spec.options.first(where: { $0.name == name }) else {
            preconditionFailure("\(spec.name) has no option --\(name)")
        }
        return option
    }
}

/// The command line does not fit what the program takes.
public struct UsageError: Error, Sendable, CustomStringConvertible {
    /// What is wrong.
    public let message: String
    /// What to write instead.
    public let suggestion: String?
    /// The subcommands whose `--help` tells more.
    public let command: [String]

    public init(_ message: String, suggestion: String? = nil, command: [String] = []) {
        self.message = message
        self.suggestion = suggestion
        self.command = command
    }

    public var description: String { message + (suggestion.map { "; \($0)" } ?? "") }
}

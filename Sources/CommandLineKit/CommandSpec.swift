/// A command or subcommand: the one source of parsing and `--help`.
public struct CommandSpec: Sendable {
    /// Word on the command line.
    public let name: String
    /// One sentence.
    public let summary: String
    /// More about it, in paragraphs; may be empty.
    public let discussion: String
    public let positionals: [Positional]
    public let options: [Option]
    /// Where there are some, one of them must be named.
    public let subcommands: [CommandSpec]
    public let examples: [Example]

    public init(
        _ name: String, _ summary: String, discussion: String = "", positionals: [Positional] = [],
        options: [Option] = [], subcommands: [CommandSpec] = [], examples: [Example] = []
    ) {
        precondition(subcommands.isEmpty || positionals.isEmpty, "\(name) has subcommands and positionals")
        precondition(positionals.dropLast().allSatisfy { !$0.repeats }, "only the last positional repeats")
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.positionals = positionals
        self.options = options
        self.subcommands = subcommands
        self.examples = examples
    }

    /// A value known by its place.
    public struct Positional: Sendable {
        /// In capitals in `--help`, for example `FILE`.
        public let name: String
        public let summary: String
        public let isRequired: Bool
        public let repeats: Bool

        public init(_ name: String, _ summary: String, required: Bool = true, repeats: Bool = false) {
            self.name = name
            self.summary = summary
            self.isRequired = required
            self.repeats = repeats
        }
    }

    /// A value or flag known by its name.
    public struct Option: Sendable {
        /// Without the two hyphens.
        public let name: String
        /// For example `PATH`; nil for a flag.
        public let valueName: String?
        /// What holds where it is not given, for `--help` and `ParsedCommand.value`.
        public let defaultText: String?
        /// The values allowed, where only some are.
        public let choices: [String]
        public let repeats: Bool
        public let summary: String

        /// An option with a value.
        public init(
            _ name: String, _ valueName: String, default defaultText: String? = nil, choices: [String] = [],
            repeats: Bool = false, _ summary: String
        ) {
            self.name = name
            self.valueName = valueName
            self.defaultText = defaultText
            self.choices = choices
            self.repeats = repeats
            self.summary = summary
        }

        /// A flag.
        public init(flag name: String, _ summary: String) {
            self.name = name
            valueName = nil
            defaultText = nil
            choices = []
            repeats = false
            self.summary = summary
        }
    }

    /// A command line that works, and what it does.
    public struct Example: Sendable {
        public let command: String
        public let summary: String

        public init(_ command: String, _ summary: String) {
            self.command = command
            self.summary = summary
        }
    }
}

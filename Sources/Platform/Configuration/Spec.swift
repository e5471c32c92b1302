/// What a component (feed, sink, indicator) is and which options it takes: the one source of `--help`, of
/// configuration checks and of the reference pages.
public struct Spec: Sendable {
    /// Name in configuration, for example `finnhub`.
    public let name: String
    /// One sentence.
    public let summary: String
    public let options: [Option]
    /// A configuration example, in YAML, that a test runs.
    public let example: String

    public init(_ name: String, _ summary: String, options: [Option], example: String = "") {
        self.name = name
        self.summary = summary
        self.options = options
        self.example = example
    }

    /// One option of a component.
    public struct Option: Sendable {
        /// What values it takes.
        public enum Kind: String, Sendable {
            case text
            /// Text that never appears in logs, errors or the API.
            case secret
            case integer
            case number
            case boolean
            /// A time span such as `250ms`, `5s`, `2m`, `7d`.
            case duration
            /// A size such as `64MiB`.
            case bytes
            /// A list of texts.
            case list
        }
        public let name: String
        public let kind: Kind
        /// The default as written in YAML; nil where the option is required.
        public let defaultText: String?
        /// The values allowed, where only some are.
        public let choices: [String]
        public let summary: String

        public init(
            _ name: String, _ kind: Kind, default defaultText: String?, choices: [String] = [], _ summary: String
        ) {
            self.name = name
            self.kind = kind
            self.defaultText = defaultText
            self.choices = choices
            self.summary = summary
        }
    }
}

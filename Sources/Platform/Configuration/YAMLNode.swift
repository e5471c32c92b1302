/// A part of a YAML document, with the place where it is written.
public struct YAMLNode: Sendable {
    /// How a scalar is written.
    public enum Style: Sendable { case plain, quoted, block }

    /// What a node holds.
    public indirect enum Content: Sendable {
        /// Text; a tag only where the document writes one.
        case scalar(String, style: Style, tag: String?)
        case sequence([YAMLNode])
        /// Entries in the order of the document, no key twice.
        case mapping([Entry])
    }

    /// A key and its value.
    public struct Entry: Sendable {
        public let key: String
        /// Line of the key, from 1.
        public let line: Int
        /// Column of the key, from 1.
        public let column: Int
        public let value: YAMLNode

        public init(key: String, line: Int, column: Int, value: YAMLNode) {
            self.key = key
            self.line = line
            self.column = column
            self.value = value
        }
    }

    public let content: Content
    /// Line of the first character, from 1; for an alias the line of the alias.
    public let line: Int
    /// Column of the first character, from 1.
    public let column: Int

    public init(_ content: Content, line: Int, column: Int = 1) {
        self.content = content
        self.line = line
        self.column = column
    }

    /// The text of a scalar; nil for a sequence or mapping.
    public var text: String? {
        if case .scalar(let text, _, _) = content { text } else { nil }
    }

    /// The elements of a sequence; nil for anything else.
    public var sequence: [YAMLNode]? {
        if case .sequence(let elements) = content { elements } else { nil }
    }

    /// The entries of a mapping; nil for anything else.
    public var mapping: [Entry]? {
        if case .mapping(let entries) = content { entries } else { nil }
    }

    /// True for nothing at all, `~` or `null`.
    public var isNull: Bool {
        guard case .scalar(let text, .plain, nil) = content else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(text)
    }

    /// The value of a key of a mapping; nil where this is not a mapping or has no such key.
    public subscript(key: String) -> YAMLNode? { mapping?.first { $0.key == key }?.value }

    /// What it is, in words for messages.
    public var kindName: String {
        switch content {
        case .scalar: isNull ? "nothing" : "text"
        case .sequence: "a list"
        case .mapping: "a mapping"
        }
    }
}

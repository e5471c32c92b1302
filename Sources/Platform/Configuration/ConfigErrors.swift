/// Everything that is wrong in a configuration, in the order of its lines.
public struct ConfigErrors: Error, Sendable, CustomStringConvertible {
    /// - Shape: at least one.
    public let errors: [ConfigError]

    public init(_ errors: [ConfigError]) {
        precondition(!errors.isEmpty)
        // Errors without a place (what is missing) come last.
        self.errors = errors.enumerated().sorted { left, right in
            (left.element.line ?? .max, left.offset) < (right.element.line ?? .max, right.offset)
        }.map(\.element)
    }

    /// One error per line.
    public var description: String { errors.map(\.description).joined(separator: "\n") }
}

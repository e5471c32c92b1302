/// Reads YAML documents into `YAMLNode` trees.
///
/// One document per file, text keys only, no merge keys; a key that appears twice in a mapping is an error.
/// Braces of references such as `${TOKEN}` may stand unquoted inside `{…}` and `[…]`, where plain YAML would
/// take them for the end of the mapping.
///
/// - Source: YAML 1.1 as libyaml reads it.
public enum YAML {
    /// What a document may cost, so that a hostile file is refused instead of filling memory.
    public struct Limits: Sendable {
        /// Size of the text in bytes.
        public var bytes = 1 << 20
        /// Nesting of sequences and mappings.
        public var depth = 32
        /// Nodes of the tree, with every alias counted as what it stands for.
        public var nodes = 100_000

        public init() {}
    }

    /// The root of a document; a null scalar where it is empty.
    ///
    /// - Throws: `ConfigError` with the line.
    public static func parse(
        _ text: String, file: String? = nil, limits: Limits = Limits()
    ) throws(ConfigError) -> YAMLNode {
        guard text.utf8.count <= limits.bytes else {
            throw ConfigError(
                file: file, "the file has \(text.utf8.count) bytes, more than the \(limits.bytes) that are read",
                suggestion: "split it")
        }
        let masked = try YAMLReferences.mask(text, file: file)
        var builder = YAMLTreeBuilder(reader: YAMLEventReader(masked, file: file), file: file, limits: limits)
        return try builder.document()
    }
}

/// Hides `${…}` from the YAML scanner.
///
/// Each character of a reference is moved into a private-use plane, which libyaml takes as ordinary text; as one
/// character stays one character, columns stay right.
enum YAMLReferences {
    private static let plane: UInt32 = 0xF_0000

    /// The text with its references hidden.
    ///
    /// - Throws: `ConfigError` where the text itself uses the private-use characters.
    static func mask(_ text: String, file: String?) throws(ConfigError) -> String {
        var result = String.UnicodeScalarView()
        let scalars = Array(text.unicodeScalars)
        var index = 0
        var line = 1
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "\n" { line += 1 }
            guard scalar.value & ~0xFF != plane else {
                throw ConfigError(file: file, line: line, "a private-use character (U+F0000 to U+F00FF) is not allowed")
            }
            if scalar == "$", index + 1 < scalars.count, scalars[index + 1] == "{",
                let end = referenceEnd(scalars, from: index + 2)
            {
                for hidden in scalars[index...end] {
                    result.append(Unicode.Scalar(plane + hidden.value) ?? hidden)
                }
                index = end + 1
            } else {
                result.append(scalar)
                index += 1
            }
        }
        return String(result)
    }

    /// The text with its references shown again.
    static func unmask(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { $0.value & ~0xFF == plane }) else { return text }
        var result = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            let shown = scalar.value & ~0xFF == plane ? Unicode.Scalar(scalar.value & 0xFF) : scalar
            result.append(shown ?? scalar)
        }
        return String(result)
    }

    /// Index of the closing brace of a reference that a scanner need not see the inside of.
    private static func referenceEnd(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var index = start
        while index < scalars.count {
            let scalar = scalars[index]
            if scalar == "}" { return index }
            // Quotes and backslashes end or escape quoted scalars: hiding them would change what the file says.
            guard scalar.isASCII, scalar.value >= 0x20, !"{\"'\\".unicodeScalars.contains(scalar) else { return nil }
            index += 1
        }
        return nil
    }
}

/// Something is wrong in a configuration; says where and what to write instead.
public struct ConfigError: Error, Sendable, CustomStringConvertible {
    /// File name, where there is a file.
    public let file: String?
    /// Line (from 1), where it is known.
    public let line: Int?
    /// What is wrong.
    public let message: String
    /// What to do.
    public let suggestion: String?

    public init(file: String? = nil, line: Int? = nil, _ message: String, suggestion: String? = nil) {
        self.file = file
        self.line = line
        self.message = message
        self.suggestion = suggestion
    }

    public var description: String {
        var place = ""
        if let file { place += file + ":" }
        if let line { place += "\(line):" }
        return (place.isEmpty ? "" : place + " ") + message + (suggestion.map { "; \($0)" } ?? "")
    }
}

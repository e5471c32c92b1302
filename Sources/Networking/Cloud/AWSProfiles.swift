internal import Platform

/// The profiles of a file of Amazon's tools: sections of `name = value` lines.
///
/// - Source: AWS Command Line Interface User Guide, "Configuration and credential file settings".
struct AWSProfiles {
    private var sections: [String: [String: String]] = [:]

    /// Reads the text of `~/.aws/credentials`, whose sections are profiles, or of `~/.aws/config`, where all but the
    /// default one are called `profile NAME`.
    init(_ text: String) {
        var section = ""
        for line in text.split(whereSeparator: \.isNewline) {
            let isIndented = line.first?.isWhitespace == true
            let line = trimmed(line)
            if line.isEmpty || line.hasPrefix("#") || line.hasPrefix(";") { continue }
            if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
                let name = trimmed(line[line.index(after: line.startIndex)..<end])
                section = name.hasPrefix("profile ") ? trimmed(name.dropFirst(8)) : name
            } else if !isIndented, let mark = line.firstIndex(of: "=") {  // indented lines belong to the one above
                let value = trimmed(line[line.index(after: mark)...])
                sections[section, default: [:]][trimmed(line[..<mark]).lowercased()] = value
            }
        }
    }

    /// The profiles of a file; none where it cannot be read.
    init(file path: String) {
        let bytes: [UInt8]
        do throws(FileError) {
            let file = try File(path, .read)
            bytes = try file.read(Int(min(file.size, Self.bytesMax)), at: 0)
        } catch { bytes = [] }
        self.init(String(decoding: bytes, as: UTF8.self))
    }

    private static let bytesMax: Int64 = 1 << 20

    /// The settings of a profile; nil where there is none.
    subscript(profile: String) -> [String: String]? { sections[profile] }
}

internal import Platform

/// A family of files that is known by name: how to tell its files, and how to read them.
struct ReplayPreset: Sendable {
    /// What is known about a file.
    enum Match: Sendable {
        case columns(CSVMapping)
        /// Frames of a decoder, recorded or plain, with the decoder's settings.
        case frames(decoder: String, values: [String: String])
        /// Of this family, and not to be played.
        case skip(String)
    }

    /// Name that `--format` takes.
    let name: String
    /// One sentence.
    let summary: String
    /// What the file is; nil where it is not of this family.
    let match: @Sendable (FileSample) -> Match?

    /// All that are known, asked in this order.
    static let all: [ReplayPreset] = leanPresets + framePresets + columnPresets

    /// Names and summaries, for help.
    static func named(_ name: String) -> ReplayPreset? { all.first { $0.name == name } }
}

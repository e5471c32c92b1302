internal import Platform

/// A family of files that is known by name: how to tell its files, and how to read them.
struct ReplayPreset: Sendable {
    /// What is known about a file.
    enum Match: Sendable {
        case columns(CSVMapping, Series? = nil)
        /// Frames of a decoder, recorded or plain, with the decoder's settings.
        case frames(decoder: String, values: [String: String])
        /// Records of a fixed length, with the decoder that reads frames of them and its settings.
        case records(FixedRecords, decoder: String, values: [String: String], Series)
        /// One frame: the whole file, such as an answer of a vendor, with the decoder that reads it and its settings.
        case document(decoder: String, values: [String: String], Series? = nil)
        /// Of this family, and not to be played.
        case skip(String)
    }

    /// Where a file belongs, if its path and the date in its name do not say so.
    struct Series: Sendable {
        /// The last part of the series' name, in place of the file's.
        var name: String
        /// How many folders over the file are part of its own name, such as those of a date.
        var folders = 0
        /// The file's place among those of the series: its earliest moment, in nanoseconds since 1970 UTC.
        var startNs: Int64?
        /// Files that tell the same in more or less detail.
        var detail: Detail?
    }

    /// One of several forms of the same data, of which only the finest is played.
    struct Detail: Sendable {
        /// What it tells of; the same text in all forms.
        let subject: String
        /// 0 for the finest.
        let rank: Int
        /// Why it is left out where a finer one is there.
        let reason: String
    }

    /// Name that `--format` takes.
    let name: String
    /// One sentence.
    let summary: String
    /// What the file is; nil where it is not of this family.
    let match: @Sendable (FileSample) -> Match?

    /// All that are known, asked in this order.
    static let all: [ReplayPreset] =
        dukascopyPresets + leanReferencePresets + leanPresets + framePresets + binancePresets + histDataPresets
        + trueFXPresets
        + tardisPresets + metaTraderPresets + vendorPresets + [header]

    /// Names and summaries, for help.
    static func named(_ name: String) -> ReplayPreset? { all.first { $0.name == name } }
}

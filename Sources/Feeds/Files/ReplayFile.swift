internal import Platform

/// One file (or member of a zip file) that is played, and how.
public struct ReplayFile: Sendable {
    /// How its bytes become frames.
    enum Reading: Sendable, Equatable {
        /// A receive time in nanoseconds, a space, and the frame: one line each.
        case recordedLines
        /// What a client wrote down of a connection; see `ConnectionLogReader`.
        case connectionLog
        /// One frame per line, received now.
        case frameLines
        /// Lines with columns, several to a frame; from the last line to the first where the file is newest first.
        case columns(CSVMapping, isNewestFirst: Bool)
        /// The whole file as one frame.
        case document
        /// Binary records, several to a frame.
        case records(FixedRecords)
        /// Made into lines with columns when it is opened.
        case parquet
    }

    /// How the bytes on disk are packed.
    public enum Container: Sendable, Equatable {
        case plain
        case gzip
        /// `.xz` or `.lzma`, which is what `.bi5` is.
        case lzma
        case zip(member: String)
    }

    public let path: String
    public let container: Container
    let reading: Reading
    /// Name of the feed; files of one series share it and are played one after the other.
    public let feed: String
    /// Name of the format, as `--format` takes it.
    public let format: String
    /// The text of the `begin` record; empty where it is only known once the file is open.
    public let settings: String
    /// Bytes on disk.
    public let bytes: Int64

    /// The path, with the member in a zip file behind an exclamation mark.
    public var label: String {
        if case .zip(let member) = container { return "\(path)!\(member)" }
        return path
    }

    /// The unpacked content.
    func open() throws(StreamError) -> any ByteStream {
        switch container {
        case .plain: return try FileStream(path: path)
        case .gzip: return try InflateStream(try FileStream(path: path), .gzip, path: path)
        case .lzma: return try LZMAStream(try FileStream(path: path), path: path)
        case .zip(let name):
            let archive = try ZipArchive(path: path)
            guard let member = archive.members.first(where: { $0.name == name }) else {
                throw StreamError(path: label, "the member is gone")
            }
            return try archive.open(member)
        }
    }
}

/// What a replay will do: made and shown before anything is played.
public struct ReplayPlan: Sendable {
    /// A file that is not played.
    public struct Skipped: Sendable {
        public let path: String
        /// Why, in words.
        public let reason: String
    }

    /// The file or folder that was asked for.
    public let root: String
    /// In the order of their feeds and, within one, of their dates.
    public let files: [ReplayFile]
    public let skipped: [Skipped]

    /// Bytes on disk of everything that is played.
    public var bytes: Int64 { files.reduce(0) { $0 + $1.bytes } }
    /// Names of the feeds, in the order of the files.
    public var feeds: [String] {
        var seen = Set<String>()
        return files.map(\.feed).filter { seen.insert($0).inserted }
    }
}

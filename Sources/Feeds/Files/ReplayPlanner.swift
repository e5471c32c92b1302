internal import Foundation

/// What is asked of a replay.
public struct ReplayOptions: Sendable {
    /// `auto`, or the name of a preset (`ReplayFormats.names`).
    public var format = "auto"
    /// How to read text files that no preset and no header explains; beats both.
    public var mapping: CSVMapping?
    /// The instrument's symbol, where the files do not tell.
    public var symbol = ""
    /// The venue, in place of what the files or presets say.
    public var venue = ""
    /// The zone of times that do not say theirs, in place of what presets say; what `ZoneClock` reads.
    public var zone = ""
    /// The length of bars, where neither name nor lines tell.
    public var interval = ""
    /// What prices in the files are divided by, in place of what presets say.
    public var priceScale: Double?
    /// Times as fast as recorded; nil for as fast as possible.
    public var speed: Double?
    /// Lateness that the engine allows; files are interleaved in slices of at most half of it.
    public var latenessNs: Int64 = 2_000_000_000
    /// Makes a Parquet file into a text file with the header `event_time_ns,venue,symbol,price,size,side,trade_id` or
    /// `event_time_ns,venue,symbol,bid,bid_size,ask,ask_size`, and returns its path.
    public var convertParquet: (@Sendable (_ path: String) throws -> String)?

    /// Where packed files are unpacked that are read from their end.
    public var temporaryFolder = FileManager.default.temporaryDirectory.path

    public init() {}
}

/// The formats that a replay knows by name.
public enum ReplayFormats {
    /// Names and summaries, for help.
    public static var all: [(name: String, summary: String)] { ReplayPreset.all.map { ($0.name, $0.summary) } }
}

/// Finds the files of a replay and tells their formats, reading only their beginnings.
public enum ReplayPlanner {
    /// - Parameter path: a file, or a folder, which is searched with all folders in it.
    /// - Throws: `FeedError` where there is nothing there, or nothing that can be played.
    public static func plan(_ path: String, _ options: ReplayOptions) throws(FeedError) -> ReplayPlan {
        let root = URL(filePath: path).standardizedFileURL.path
        guard options.format == "auto" || ReplayPreset.named(options.format) != nil else {
            let names = ReplayPreset.all.map(\.name).joined(separator: ", ")
            throw FeedError(.format, "unknown format `\(options.format)`; known are auto, \(names)")
        }
        var isFolder: ObjCBool = false
        guard unsafe FileManager.default.fileExists(atPath: root, isDirectory: &isFolder) else {
            throw FeedError(.file, "no such file or folder", operation: path)
        }
        var search = ReplaySearch(root: root, isFolder: isFolder.boolValue, options: options)
        for file in isFolder.boolValue ? files(in: root) : [root] { search.add(file) }
        let plan = search.plan
        if plan.files.isEmpty {
            let reasons = Set(plan.skipped.map(\.reason)).sorted().prefix(3).joined(separator: "; ")
            throw FeedError(
                .format, "nothing to play: \(reasons.isEmpty ? "the folder has no files" : reasons)", operation: path)
        }
        return plan
    }

    /// Every file below a folder, by path, hidden ones left out.
    private static func files(in folder: String) -> [String] {
        let keys: [URLResourceKey] = [.isRegularFileKey]
        let found = FileManager.default.enumerator(
            at: URL(filePath: folder), includingPropertiesForKeys: keys, options: [.skipsHiddenFiles])
        var paths: [String] = []
        while let url = found?.nextObject() as? URL {
            if (try? url.resourceValues(forKeys: [.isRegularFileKey]))?.isRegularFile == true { paths.append(url.path) }
        }
        return paths.sorted()
    }
}

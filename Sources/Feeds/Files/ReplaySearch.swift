internal import Foundation
internal import Platform

/// Collects the files of a replay, one by one.
struct ReplaySearch {
    let root: String
    let isFolder: Bool
    let options: ReplayOptions
    private var found: [(file: ReplayFile, date: CivilDate?)] = []
    private var skipped: [ReplayPlan.Skipped] = []

    init(root: String, isFolder: Bool, options: ReplayOptions) {
        self.root = root
        self.isFolder = isFolder
        self.options = options
    }

    /// The files in the order of their feeds and dates.
    var plan: ReplayPlan {
        let ordered = found.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.file.feed != b.file.feed { return a.file.feed < b.file.feed }
            if let day = a.date, let other = b.date, day != other { return day < other }
            return left.offset < right.offset
        }
        return ReplayPlan(root: root, files: ordered.map(\.element.file), skipped: skipped)
    }

    /// Looks at one file.
    mutating func add(_ path: String) {
        do {
            let size = try FileStatus.bytes(path)
            switch try FileStatus.packing(path) {
            case .parquet: addParquet(path, bytes: size)
            case .zip:
                let members = try ZipArchive(path: path).members.filter { !$0.isFolder }
                for member in members {
                    try add(
                        path, .zip(member: member.name), bytes: member.compressedBytes, ofSeveral: members.count > 1)
                }
            case .gzip: try add(path, .gzip, bytes: size)
            case .plain: try add(path, .plain, bytes: size)
            }
        } catch {
            skip(path, (error as? StreamError)?.message ?? "\(error)")
        }
    }

    private mutating func add(
        _ path: String, _ container: ReplayFile.Container, bytes: Int64, ofSeveral: Bool = false
    ) throws {
        let probe = ReplayFile(
            path: path, container: container, reading: .frameLines, feed: "", format: "", settings: "", bytes: bytes)
        let sample = FileSample(path: path, lines: try Self.firstLines(probe))
        guard let (format, match) = match(sample) else {
            return skip(probe.label, "not recognised; give `--format` or a mapping of columns")
        }
        var member = ""
        if ofSeveral, case .zip(let name) = container { member = "/" + FileSample.stem(name) }
        let (feed, date) = feedName(path, member)
        let reading: ReplayFile.Reading
        var settings: SessionSettings
        switch match {
        case .skip(let reason): return skip(probe.label, reason)
        case .frames(let decoder, let values):
            reading = sample.lines.contains(where: ReplayPreset.isRecorded) ? .recordedLines : .frameLines
            settings = SessionSettings(decoder: decoder, values: values)
            if !options.venue.isEmpty { settings.values["venue"] = options.venue }
        case .columns(var mapping):
            if !options.symbol.isEmpty {
                mapping.symbol = options.symbol
                mapping.symbolColumn = nil
            }
            if !options.venue.isEmpty {
                mapping.venue = options.venue
                mapping.venueColumn = nil
            }
            if mapping.venue.isEmpty && mapping.venueColumn == nil { mapping.venue = "FILE" }
            do throws(FeedError) {
                if mapping.hasHeader, let header = sample.lines.first {
                    mapping = try mapping.resolved(header: HeaderDetector.fields(header, mapping.delimiter))
                }
                try mapping.check()
            } catch {
                return skip(probe.label, error.message)
            }
            reading = .columns(mapping)
            settings = SessionSettings(decoder: "csv", values: mapping.values)
        }
        let file = ReplayFile(
            path: path, container: container, reading: reading, feed: feed, format: format, settings: settings.text,
            bytes: bytes)
        found.append((file, date))
    }

    private mutating func addParquet(_ path: String, bytes: Int64) {
        guard options.convertParquet != nil else { return skip(path, "Parquet files need the embedded database") }
        let (feed, date) = feedName(path, "")
        let file = ReplayFile(
            path: path, container: .plain, reading: .parquet, feed: feed, format: "parquet", settings: "", bytes: bytes)
        found.append((file, date))
    }

    private mutating func skip(_ path: String, _ reason: String) { skipped.append(.init(path: path, reason: reason)) }

    /// The first preset that knows the file, or what the options say.
    private func match(_ sample: FileSample) -> (format: String, ReplayPreset.Match)? {
        guard !sample.lines.isEmpty else { return ("", .skip("the file is empty")) }
        if let mapping = options.mapping { return ("csv", .columns(mapping)) }
        for preset in ReplayPreset.all {
            let isAsked = options.format == "auto" || options.format == preset.name
            guard let match = preset.match(sample) else { continue }
            if isAsked { return (preset.name, match) }
            if case .skip = match { return (preset.name, match) }
        }
        if options.format != "auto" { return (options.format, .skip("not a file of format \(options.format)")) }
        return nil
    }

    /// The name of the series: the path below the root, the root's own name before it, without date and endings.
    private func feedName(_ path: String, _ member: String) -> (feed: String, date: CivilDate?) {
        let base = isFolder ? root : URL(filePath: root).deletingLastPathComponent().path
        var parts = path.dropFirst(base.count).split(separator: "/").map(String.init)
        let stem = FileSample.stem(parts.removeLast())
        let dated = FileSample.date(in: stem)
        let name = dated?.rest ?? stem
        parts.insert(URL(filePath: base).lastPathComponent, at: 0)
        if !name.isEmpty { parts.append(name) }
        return (parts.joined(separator: "/") + member, dated?.date)
    }

    /// Up to 50 lines from the first 64 KiB.
    private static func firstLines(_ file: ReplayFile) throws -> [String] {
        let stream = try file.open()
        var bytes = [UInt8](repeating: 0, count: 64 << 10)
        var count = 0
        while count < bytes.count {
            let start = count
            let more = unsafe try bytes.withUnsafeMutableBytes { buffer in
                unsafe try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[start...]))
            }
            if more == 0 { break }
            count += more
        }
        var text = bytes[..<count]
        if text.starts(with: [0xef, 0xbb, 0xbf]) { text = text.dropFirst(3) }
        // Text of another kind is no text of ours.
        guard !text.contains(0) else { return [] }
        let lines = text.split(separator: 10, maxSplits: 50, omittingEmptySubsequences: true)
        return lines.prefix(50).map { line in
            String(decoding: line.last == 13 ? line.dropLast() : line, as: UTF8.self)
        }
    }
}

/// What the beginning of a file says about how it is packed.
enum FileStatus {
    enum Packing { case plain, gzip, zip, parquet }

    static func bytes(_ path: String) throws -> Int64 { try File(path, .read).size }

    static func packing(_ path: String) throws -> Packing {
        var magic = [UInt8](repeating: 0, count: 4)
        let count = unsafe try magic.withUnsafeMutableBytes { unsafe try File(path, .read).read(into: $0, at: 0) }
        let start = magic[..<count]
        if start.starts(with: [0x1f, 0x8b]) { return .gzip }
        if start.starts(with: Array("PK".utf8)) { return .zip }
        return start.elementsEqual("PAR1".utf8) ? .parquet : .plain
    }
}

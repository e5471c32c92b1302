internal import Foundation
internal import Market
internal import Platform

/// Collects the files of a replay, one by one.
struct ReplaySearch {
    let root: String
    let isFolder: Bool
    let options: ReplayOptions
    /// What presets remember from file to file.
    private let memory = SampleMemory()
    private var found: [Found] = []
    private var skipped: [ReplayPlan.Skipped] = []

    /// A file that can be played.
    private struct Found {
        let file: ReplayFile
        /// Its place in its series, where path or name tell.
        let startNs: Int64?
        let detail: ReplayPreset.Detail?
    }

    init(root: String, isFolder: Bool, options: ReplayOptions) {
        self.root = root
        self.isFolder = isFolder
        self.options = options
    }

    /// The files in the order of their feeds and dates; of several forms of the same data only the finest.
    var plan: ReplayPlan {
        var finest: [String: Int] = [:]
        for detail in found.compactMap(\.detail) {
            finest[detail.subject] = min(finest[detail.subject] ?? .max, detail.rank)
        }
        var played: [Found] = []
        var skipped = skipped
        for item in found {
            if let detail = item.detail, let best = finest[detail.subject], detail.rank > best {
                skipped.append(.init(path: item.file.label, reason: detail.reason))
            } else {
                played.append(item)
            }
        }
        let ordered = played.enumerated().sorted { left, right in
            let (a, b) = (left.element, right.element)
            if a.file.feed != b.file.feed { return a.file.feed < b.file.feed }
            if let start = a.startNs, let other = b.startNs, start != other { return start < other }
            return left.offset < right.offset
        }
        return ReplayPlan(root: root, files: ordered.map(\.element.file), skipped: skipped)
    }

    /// Looks at one file.
    mutating func add(_ path: String) {
        do {
            let size = try FileStatus.bytes(path)
            guard size > 0 else { return skip(path, "the file is empty") }
            switch try FileStatus.packing(path) {
            case .parquet: addParquet(path, bytes: size)
            case .zip:
                let members = try ZipArchive(path: path).members.filter { !$0.isFolder }
                for member in members {
                    try add(
                        path, .zip(member: member.name), bytes: member.compressedBytes, ofSeveral: members.count > 1)
                }
            case .gzip: try add(path, .gzip, bytes: size)
            case .lzma: try add(path, .lzma, bytes: size)
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
        let sample = FileSample(path: path, head: try FileStatus.head(probe), memory: memory)
        guard let (format, match) = match(sample) else {
            return skip(probe.label, "not recognised; give `--format` or a mapping of columns")
        }
        do throws(FeedError) {
            guard let (reading, settings, series) = try reading(match, sample) else {
                if case .skip(let reason) = match { skip(probe.label, reason) }
                return
            }
            var member = ""
            if ofSeveral, case .zip(let name) = container { member = "/" + FileSample.stem(name) }
            let (feed, startNs) = feedName(path, member, series)
            let file = ReplayFile(
                path: path, container: container, reading: reading, feed: feed, format: format,
                settings: settings.text, bytes: bytes)
            found.append(Found(file: file, startNs: startNs, detail: series?.detail))
        } catch {
            skip(probe.label, error.message)
        }
    }

    /// How a file is read, and the settings of its session; nil where it is not played.
    private func reading(
        _ match: ReplayPreset.Match, _ sample: FileSample
    ) throws(FeedError) -> (ReplayFile.Reading, SessionSettings, ReplayPreset.Series?)? {
        switch match {
        case .skip: return nil
        case .frames(let decoder, let values):
            var settings = SessionSettings(decoder: decoder, values: values)
            if !options.venue.isEmpty { settings.values["venue"] = options.venue }
            return (ReplayPreset.reading(sample.lines), settings, nil)
        case .records(let layout, let decoder, let values, let series):
            var settings = SessionSettings(decoder: decoder, values: values)
            if !options.venue.isEmpty { settings.values["venue"] = options.venue }
            if !options.symbol.isEmpty { settings.values["symbol"] = options.symbol }
            if let scale = options.priceScale { settings.values["price_scale"] = JSONText.number(scale) }
            // What is wrong with the settings is said now, not by dead letters.
            _ = try FrameDecoders.make(
                DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0),
                settings: settings.text)
            return (.records(layout), settings, series)
        case .document(let decoder, let values, let series):
            var settings = SessionSettings(decoder: decoder, values: values)
            if !options.venue.isEmpty { settings.values["venue"] = options.venue }
            return (.document, settings, series)
        case .columns(let mapping, let series):
            let mapping = try completed(mapping, sample)
            return (
                .columns(mapping, isNewestFirst: SampleTimes(sample, mapping).areNewestFirst),
                SessionSettings(decoder: "csv", values: mapping.values), series
            )
        }
    }

    /// A mapping with what the options say, and with positions in place of names.
    private func completed(_ mapping: CSVMapping, _ sample: FileSample) throws(FeedError) -> CSVMapping {
        var mapping = mapping
        if !options.symbol.isEmpty {
            mapping.symbol = options.symbol
            mapping.symbolColumn = nil
        }
        if !options.venue.isEmpty {
            mapping.venue = options.venue
            mapping.venueColumn = nil
        }
        if mapping.venue.isEmpty && mapping.venueColumn == nil { mapping.venue = "FILE" }
        if !options.zone.isEmpty { mapping.zone = options.zone }
        if let scale = options.priceScale { mapping.priceScale = scale }
        if mapping.hasHeader, let header = sample.lines.first {
            mapping = try mapping.resolved(header: HeaderDetector.fields(header, mapping.delimiter))
        }
        if mapping.kind == .bars {
            if !options.interval.isEmpty { mapping.bars.interval = options.interval }
            if mapping.bars.interval.isEmpty, ZoneClock(mapping.zone) != nil {
                mapping.bars.interval =
                    BarName.split(sample.stem)?.length ?? SampleTimes(sample, mapping).barLength ?? ""
            }
        }
        try mapping.check()
        return mapping
    }

    private mutating func addParquet(_ path: String, bytes: Int64) {
        guard options.convertParquet != nil else { return skip(path, "Parquet files need the embedded database") }
        let (feed, startNs) = feedName(path, "", nil)
        let file = ReplayFile(
            path: path, container: .plain, reading: .parquet, feed: feed, format: "parquet", settings: "", bytes: bytes)
        found.append(Found(file: file, startNs: startNs, detail: nil))
    }

    private mutating func skip(_ path: String, _ reason: String) { skipped.append(.init(path: path, reason: reason)) }

    /// The first preset that knows the file, or what the options say.
    private func match(_ sample: FileSample) -> (format: String, ReplayPreset.Match)? {
        guard !sample.head.isEmpty else { return ("", .skip("the file is empty")) }
        if let mapping = options.mapping { return ("csv", .columns(mapping)) }
        for preset in ReplayPreset.all {
            let isAsked = options.format == "auto" || options.format == preset.name
            guard let match = preset.match(sample) else { continue }
            if isAsked { return (preset.name, match) }
            if case .skip = match { return (preset.name, match) }
        }
        if options.format != "auto" { return (options.format, .skip("not a file of format \(options.format)")) }
        return sample.lines.isEmpty ? ("", .skip("not text, and of no known format")) : nil
    }

    /// The name of the series: the path below the root, the root's own name before it, without date and endings, or
    /// with the name that the preset gives.
    private func feedName(
        _ path: String, _ member: String, _ series: ReplayPreset.Series?
    ) -> (feed: String, startNs: Int64?) {
        let base = isFolder ? root : URL(filePath: root).deletingLastPathComponent().path
        var parts = path.dropFirst(base.count).split(separator: "/").map(String.init)
        let stem = FileSample.stem(parts.removeLast())
        let dated = FileSample.date(in: stem)
        let name = series?.name ?? dated?.rest ?? stem
        parts.removeLast(min(parts.count, series?.folders ?? 0))
        parts.insert(URL(filePath: base).lastPathComponent, at: 0)
        if !name.isEmpty { parts.append(name) }
        return (parts.joined(separator: "/") + member, series?.startNs ?? dated?.date.start.nanoseconds)
    }
}

/// What the beginning of a file says about how it is packed.
enum FileStatus {
    enum Packing { case plain, gzip, lzma, zip, parquet }

    static func bytes(_ path: String) throws -> Int64 { try File(path, .read).size }

    static func packing(_ path: String) throws -> Packing {
        let start = try File(path, .read).read(6, at: 0)
        if start.starts(with: [0x1f, 0x8b]) { return .gzip }
        if start.starts(with: Array("PK".utf8)) { return .zip }
        if start.starts(with: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0]) { return .lzma }
        // LZMA alone has no mark of its own; this is how every encoder's default begins, and no text does.
        if start.starts(with: [0x5d, 0, 0]) { return .lzma }
        return start.starts(with: Array("PAR1".utf8)) ? .parquet : .plain
    }

    /// The first bytes of a file's content.
    static func head(_ file: ReplayFile) throws(StreamError) -> [UInt8] {
        let stream = try file.open()
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: FileSample.headBytes, alignment: 16)
        defer { unsafe buffer.deallocate() }
        var count = 0
        while count < buffer.count {
            let more = unsafe try stream.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[count...]))
            if more == 0 { break }
            count += more
        }
        return unsafe Array(buffer[..<count])
    }
}

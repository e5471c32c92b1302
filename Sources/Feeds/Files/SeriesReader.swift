internal import Platform

/// The files of one feed, one after the other; only the current one is open.
///
/// - Threading: one thread at a time.
final class SeriesReader {
    /// Name of the feed.
    let feed: String
    private var files: ArraySlice<ReplayFile>
    private let options: ReplayOptions
    private let sliceNs: Int64
    private var current: (any FrameReader)?
    private var finishedBytes: Int64 = 0
    private var currentFile: ReplayFile?
    /// Settings to be pushed before the frame: set where it is the first of its file.
    private(set) var settingsBeforeFrame: String?
    private var settingsOfFile = ""
    /// The frame that is due next; nil at the end of the series.
    private(set) var frame: FileFrame?

    init(feed: String, files: [ReplayFile], options: ReplayOptions, sliceNs: Int64) {
        self.feed = feed
        self.files = files[...]
        self.options = options
        self.sliceNs = sliceNs
    }

    /// Bytes on disk that were read so far.
    var bytesRead: Int64 { finishedBytes + (current?.fileBytesRead ?? 0) }
    /// The file that the frame is from.
    var label: String { currentFile?.label ?? feed }

    /// Reads the next frame.
    ///
    /// - Throws: `FeedError` naming the file that cannot be read.
    func advance() throws {
        settingsBeforeFrame = nil
        frame = nil
        do {
            while true {
                if let frame = try current?.next() {
                    self.frame = frame
                    return
                }
                if let currentFile { finishedBytes += currentFile.bytes }
                current = nil
                currentFile = nil
                guard let file = files.popFirst() else { return }
                current = try open(file)
                currentFile = file
                if let first = try current?.next() {
                    frame = first
                    settingsBeforeFrame = settingsOfFile
                    return
                }
            }
        } catch let error as StreamError {
            throw FeedError(.file, error.message, operation: error.path)
        } catch let error as FileError {
            throw FeedError(.file, error.reason, operation: error.path)
        }
    }

    private func open(_ file: ReplayFile) throws -> any FrameReader {
        settingsOfFile = file.settings
        switch file.reading {
        case .recordedLines: return LineFrameReader(try lines(file.open(), file), isRecorded: true)
        case .connectionLog: return ConnectionLogReader(try lines(file.open(), file))
        case .frameLines: return LineFrameReader(try lines(file.open(), file), isRecorded: false)
        case .columns(let mapping, let isNewestFirst):
            return isNewestFirst ? try reversed(file, mapping) : try columns(file.open(), file, mapping)
        case .document: return DocumentFrameReader(try file.open(), path: file.label)
        case .records(let layout): return RecordFrameReader(try file.open(), layout, sliceNs: sliceNs)
        case .parquet:
            guard let convert = options.convertParquet else {
                throw FeedError(.format, "Parquet files need the embedded database", operation: file.path)
            }
            let path = try convert(file.path)
            let mapping = try ConvertedColumns.mapping(path, symbol: options.symbol, venue: options.venue)
            settingsOfFile = SessionSettings(decoder: "csv", values: mapping.values).text
            return try columns(FileStream(path: path), file, mapping)
        }
    }

    private func columns(_ stream: any ByteStream, _ file: ReplayFile, _ mapping: CSVMapping) throws -> any FrameReader
    {
        let lines = try lines(stream, file)
        if mapping.hasHeader { _ = unsafe try lines.next() }
        return ColumnFrameReader(lines, mapping, sliceNs: sliceNs(mapping))
    }

    /// Bars of vendors do not move the time of the trades beside them on, so that their slices may be months: fewer
    /// frames.
    private func sliceNs(_ mapping: CSVMapping) -> Int64 {
        mapping.kind == .bars && options.speed == nil ? 30 * Timestamp.nanosecondsPerDay : sliceNs
    }

    /// Lines from the last to the first; a packed file is unpacked to disk before, since it only reads forwards.
    private func reversed(_ file: ReplayFile, _ mapping: CSVMapping) throws -> any FrameReader {
        var headerBytes = 0
        if mapping.hasHeader {
            let lines = LineReader(try file.open(), path: file.label)
            headerBytes = unsafe try lines.next()?.count ?? 0
        }
        let plain =
            file.container == .plain
            ? try File(file.path, .read)
            : try TemporaryCopy.make(of: file.open(), path: file.label, folder: options.temporaryFolder)
        return ColumnFrameReader(
            try BackwardLineReader(plain, from: Int64(headerBytes), fileBytes: file.bytes), mapping,
            sliceNs: sliceNs(mapping))
    }

    private func lines(_ stream: any ByteStream, _ file: ReplayFile) throws -> LineReader {
        LineReader(stream, path: file.label)
    }
}

/// The columns of a text file made from Parquet.
enum ConvertedColumns {
    /// By the header that the conversion writes: trades where there is a price, otherwise quotes.
    static func mapping(_ path: String, symbol: String, venue: String) throws -> CSVMapping {
        let lines = LineReader(try FileStream(path: path), path: path)
        let line = unsafe try lines.next().map { unsafe String(decoding: $0, as: UTF8.self) }
        withExtendedLifetime(lines) {}
        guard let line else { throw FeedError(.format, "the converted file is empty", operation: path) }
        let header = line.split { $0.isNewline || $0 == "," }.map(String.init)
        func column(_ name: String) -> CSVMapping.Column? {
            header.firstIndex(of: name).map(CSVMapping.Column.position)
        }
        guard let time = column("event_time_ns") else {
            throw FeedError(.format, "the converted file has no event_time_ns", operation: path)
        }
        var mapping = CSVMapping(
            kind: column("price") == nil ? .quotes : .trades, time: time, timeFormat: .nanoseconds)
        mapping.hasHeader = true
        mapping.symbol = symbol
        mapping.venue = venue
        if symbol.isEmpty { mapping.symbolColumn = column("symbol") }
        if venue.isEmpty { mapping.venueColumn = column("venue") }
        mapping.price = column("price")
        mapping.size = column("size")
        mapping.side = column("side")
        mapping.tradeID = column("trade_id")
        mapping.bid = column("bid")
        mapping.bidSize = column("bid_size")
        mapping.ask = column("ask")
        mapping.askSize = column("ask_size")
        try mapping.check()
        return mapping
    }
}

@testable import Feeds
import Foundation
import Market
import Platform

/// A file that a user plays, packed or not: its path in the first line, then its bytes.
final class ReplayFuzzer: FuzzTarget {
    static let name = "replay"
    private let folder = WorkFolder()
    /// What a user would add for files that do not say it themselves.
    private static let hints = {
        var options = ReplayOptions()
        (options.zone, options.symbol, options.interval, options.priceScale) = ("UTC+2", "S", "1m", 100)
        return options
    }()
    /// A damaged length may promise more than is sensible to read here.
    private static let mostFrames = 2000

    func run(_ input: [UInt8]) {
        guard let end = input.firstIndex(of: 10) else { return }
        let path = folder.write(input[(end + 1)...], Self.path(input[..<end]))
        defer { folder.clear() }
        for options in [ReplayOptions(), Self.hints] {
            var search = ReplaySearch(root: path, isFolder: false, options: options)
            search.add(path)
            for skipped in search.plan.skipped { require(!skipped.reason.isEmpty, "skipped without a reason") }
            require(!search.plan.files.isEmpty || !search.plan.skipped.isEmpty, "neither played nor skipped")
            for file in search.plan.files.prefix(4) { play(file, options) }
            if !search.plan.files.isEmpty { return }
        }
    }

    /// A path of at most six parts of letters, digits and marks, which stays in its folder.
    private static func path(_ bytes: ArraySlice<UInt8>) -> String {
        let letters = bytes.prefix(100).map { byte in
            byte > 0x20 && byte < 0x7f ? Character(Unicode.Scalar(byte)) : "_"
        }
        let parts = letters.split(separator: "/").map { String($0) }.filter { $0 != "." && $0 != ".." }
        return parts.isEmpty ? "x" : parts.suffix(6).joined(separator: "/")
    }

    private func play(_ file: ReplayFile, _ options: ReplayOptions) {
        let reader = SeriesReader(feed: file.feed, files: [file], options: options, sliceNs: 1_000_000_000)
        var decoded: DecodedInput?
        var frames: [[UInt8]] = []
        do {
            try reader.advance()
            while let frame = reader.frame, frames.count < Self.mostFrames {
                if let settings = reader.settingsBeforeFrame {
                    decoded = try DecodedInput { context throws(FeedError) in
                        try FrameDecoders.make(context, settings: settings)
                    }
                }
                frames.append(Array(frame.payload))
                try reader.advance()
            }
        } catch {
            let text = (error as? FeedError)?.description ?? "\(error)"
            require(error is FeedError && text.contains(folder.path), "no file is named: \(text)")
        }
        decoded?.decode(frames, asRun: false)
        decoded?.checkRows()
    }

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        let texts = [
            "time,symbol,price,size\n2013-10-07 08:00:00,A,1,2\n", "timestamp;bid;ask\n1381132800000;1.5;1.6\n",
            "1723161255342000000 {\"stream\":\"b@trade\",\"data\":{\"e\":\"trade\",\"s\":\"B\",\"t\":1}}\n",
            "{\"data\":[{\"p\":1,\"s\":\"A\",\"t\":1575526691134,\"v\":1}],\"type\":\"trade\"}\n",
            "date,open,high,low,close,volume\n2020-01-03,1,2,0.5,1.5,7\n2020-01-02,1,2,0.5,1.5,7\n",
        ]
        return try folder.contents("files") + texts.map { Array("data.csv\n\($0)".utf8) }
    }
}

/// A folder of this process in which a target writes its input.
final class WorkFolder {
    let path =
        FileManager.default.temporaryDirectory.path + "/tapedeck-fuzz-\(ProcessInfo.processInfo.processIdentifier)"

    init() { clear() }

    /// Writes a file and returns its path.
    @discardableResult
    func write(_ bytes: some Sequence<UInt8>, _ name: String) -> String {
        let file = "\(path)/\(name)"
        let parent = URL(filePath: file).deletingLastPathComponent()
        try? FileManager.default.createDirectory(at: parent, withIntermediateDirectories: true)
        require(FileManager.default.createFile(atPath: file, contents: Data(bytes)), "cannot write \(file)")
        return file
    }

    func read(_ name: String) -> [UInt8]? { FileManager.default.contents(atPath: "\(path)/\(name)").map(Array.init) }

    var names: [String] { (try? FileManager.default.contentsOfDirectory(atPath: path))?.sorted() ?? [] }

    /// Removes everything inside.
    func clear() {
        try? FileManager.default.removeItem(atPath: path)
        try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }
}

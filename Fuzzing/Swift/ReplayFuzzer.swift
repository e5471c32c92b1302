@testable import Feeds
import Foundation
import Market
import Platform

/// A file that a user plays: plain, gzip or zip, with frames or columns. The first byte chooses its name.
final class ReplayFuzzer: FuzzTarget {
    static let name = "replay"
    private let folder = WorkFolder()
    private static let names = ["data.csv", "20131007_trade.csv", "usdjpy-ticks.csv", "btcusdt.log"]
    /// A damaged length may promise more than is sensible to read here.
    private static let mostFrames = 2000

    func run(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let path = folder.write(input.dropFirst(), Self.names[Int(first) % Self.names.count])
        defer { folder.clear() }
        var search = ReplaySearch(root: path, isFolder: false, options: ReplayOptions())
        search.add(path)
        for skipped in search.plan.skipped { require(!skipped.reason.isEmpty, "skipped without a reason") }
        require(!search.plan.files.isEmpty || !search.plan.skipped.isEmpty, "neither played nor skipped")
        for file in search.plan.files.prefix(4) { play(file) }
    }

    private func play(_ file: ReplayFile) {
        let reader = SeriesReader(feed: file.feed, files: [file], options: ReplayOptions(), sliceNs: 1_000_000_000)
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
        let files = try folder.contents("files").filter { $0.count < 8192 }
        let texts = [
            "time,symbol,price,size\n2013-10-07 08:00:00,A,1,2\n", "timestamp;bid;ask\n1381132800000;1.5;1.6\n",
            "1723161255342000000 {\"stream\":\"b@trade\",\"data\":{\"e\":\"trade\",\"s\":\"B\",\"t\":1,\"p\":\"1\",\"q\":\"2\",\"T\":3,\"m\":true}}\n",
            "{\"data\":[{\"p\":1,\"s\":\"A\",\"t\":1575526691134,\"v\":1}],\"type\":\"trade\"}\n",
            "14400464,1814900,100,P,400,0\n14400465,1814900,100,P,400,0\n",
        ]
        return (files + texts.map { Array($0.utf8) }).enumerated().map { [UInt8($0.offset % 4)] + $0.element }
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

@testable import Feeds
import Market
import Platform

/// Lines of text: the first byte chooses a mapping, the rest are frames.
struct CSVFuzzer: FuzzTarget {
    static let name = "csv"

    private static let mappings: [[String: String]] = [
        ["time": "0", "time_format": "ms", "price": "1", "size": "2", "symbol": "A", "venue": "V"],
        ["time": "0", "time_format": "text", "price": "1", "size": "2", "symbol": "A"],
        ["time": "0", "time_format": "text", "zone": "America/New_York", "price": "1", "symbol": "A"],
        [
            "time": "0", "time_format": "s", "price": "1", "symbol_column": "2", "venue_column": "3", "side": "4",
            "trade_id": "5", "conditions": "6+7",
        ],
        ["time": "0", "time_format": "ns", "bid": "1", "bid_size": "2", "ask": "3", "ask_size": "4", "symbol": "A"],
        [
            "time": "0", "time_format": "ms_of_day", "date": "2013-10-07", "zone": "America/New_York", "price": "1",
            "size": "2", "price_scale": "10000", "symbol": "SPY",
        ],
        ["time": "0", "time_format": "us", "price": "1", "symbol_column": "2", "delimiter": ";", "side": "3"],
        [
            "time": "0", "time_format": "text", "zone": "UTC-5", "bid": "1", "ask": "2", "symbol_column": "3",
            "delimiter": "\\t",
        ],
    ]

    func run(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let values = Self.mappings[Int(first) % Self.mappings.count]
        let frames = Array(input.dropFirst()).records
        do throws(FeedError) {
            let mapping = try CSVMapping(values: values)
            let single = try DecodedInput { context throws(FeedError) in try FrameDecoders.csv(context, mapping) }
            let run = try DecodedInput { context throws(FeedError) in try FrameDecoders.csv(context, mapping) }
            single.decode(frames, asRun: false)
            run.decode(frames, asRun: true)
            single.checkRows()
            single.checkSame(run)
            checkLines(frames, single.events, isText: mapping.timeFormat == .text)
        } catch {
            require(false, "mapping \(values): \(error)")
        }
    }

    /// A line is a row or a dead letter unless it is empty, and a time that starts with a year lies in that year.
    private func checkLines(_ frames: [[UInt8]], _ events: EventBatch, isText: Bool) {
        var lines: [[Int32: ArraySlice<UInt8>]] = []
        for frame in frames {
            var places: [Int32: ArraySlice<UInt8>] = [:]
            for (place, line) in frame.split(separator: 10, omittingEmptySubsequences: false).enumerated() {
                let text = line.last == 13 ? line.dropLast() : line
                if !text.isEmpty { places[Int32(place)] = text }
            }
            lines.append(places)
        }
        let count = events.trades.count + events.quotes.count + events.deadLetters.count
        require(count == lines.reduce(0) { $0 + $1.count }, "\(count) outcomes of the lines")
        for row in 0..<events.trades.count where isText {
            let line = lines[Int(events.trades.journalOffset[row])][events.trades.frameIndex[row]]
            guard let year = line.flatMap({ Int(String(decoding: $0.prefix(4), as: UTF8.self)) }) else { continue }
            let ofRow = 1970 + Int(Double(events.trades.eventTimeNs[row]) / 1e9 / 86_400 / 365.2425)
            require(abs(ofRow - year) <= 1, "year \(year) became \(ofRow)")
        }
    }

    private static let lines = [
        "1381132800000,2.5,3\n\n2,4,5\r\n3,6,7", "2013-10-07 08:00:00.25,1,2",
        "20131007 080000123,1,2\n2013/10/07 10:00:00+02:00,5,1",
        "1.5,2,AAPL,X,buy,17,F,T\n2,2,MSFT,Y,SELL,18,,T", "1,5,6,0,0\n2,,,7,8\n3,5,6,5,8",
        "14400464,1814900,100,P,400,0", "\"1\";\"2.5\";\"A;B\"\n2;3;\"C\n3;4;\"\"", "2013-10-07\t1\t2\tEUR",
        "1,1,1,true\n1,1,1,False\u{1e}1,2,3",
    ]

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        let recorded = try folder.contents("lines")
        var seeds: [[UInt8]] = []
        for mapping in mappings.indices {
            seeds += lines.map { [UInt8(mapping)] + Array($0.utf8) }
            seeds += recorded.indices.filter { $0 % mappings.count == mapping }.map { [UInt8(mapping)] + recorded[$0] }
        }
        return seeds
    }
}

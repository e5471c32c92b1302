import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

@Suite struct DukascopyTests {
    private let folder = TemporaryFolder()
    private let settings = ["symbol": "GBPJPY", "hour": "2012-12-03T05:00:00Z", "price_scale": "1000"]

    private func record(
        _ ms: UInt32, ask: UInt32, bid: UInt32, _ askVolume: Float = 1.5, _ bidVolume: Float = 0.75
    )
        -> [UInt8]
    {
        [ms, ask, bid, askVolume.bitPattern, bidVolume.bitPattern].flatMap { value in
            withUnsafeBytes(of: value.bigEndian, Array.init)
        }
    }

    private func decoded(_ bytes: [UInt8]) throws -> DecodedFrames {
        try DecodedFrames { try DukascopyDecoder($0, values: settings) }.decode(bytes)
    }

    @Test func `a record is a quote of its hour, scaled, with sizes in whole units`() throws {
        let result = try decoded(
            record(1883, ask: 132_100, bid: 132_050) + record(3_599_999, ask: 132_110, bid: 132_110, 2.2, 1.13))
        let hour = try #require(Timestamp(rfc3339: "2012-12-03T05:00:00Z")).nanoseconds
        #expect(
            result.quotes == [
                "0/0 DUKASCOPY:GBPJPY \(hour + 1_883_000_000) 132.05 x 750000.0 / 132.1 x 1500000.0 flags 0",
                "0/1 DUKASCOPY:GBPJPY \(hour + 3_599_999_000_000) 132.11 x 1130000.0 / 132.11 x 2200000.0 flags 2",
            ])
        #expect(result.deadLetters.isEmpty)
    }

    @Test func `what a record cannot be is a dead letter, and the others are kept`() throws {
        let result = try decoded(
            record(3_600_000, ask: 2, bid: 1) + record(1, ask: 0, bid: 0) + record(2, ask: 0, bid: 5)
                + record(3, ask: 2, bid: 1, -1) + record(4, ask: 2, bid: 1, 1, .infinity)
                + record(5, ask: 1, bid: 2) + [1, 2, 3])
        #expect(result.quotes.map { $0.split(separator: " ").last } == ["4", "1"])
        #expect(
            result.reasons == [
                "time_out_of_range", "price_not_positive", "size_invalid", "size_invalid", "malformed",
            ])
        #expect(result.deadLetters[0].hasPrefix("0/0 time_out_of_range: 3600000 ms lie outside the hour |"))
        #expect(result.deadLetters[4].hasPrefix("0/6 malformed: 3 bytes are no whole record of 20 |"))
    }

    @Test(arguments: 0..<50)
    func `any bytes give one row or dead letter per record`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let bytes = (0..<Int.random(in: 0...500, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
        let result = try decoded(bytes)
        #expect(result.events.quotes.count + result.events.deadLetters.count == (bytes.count + 19) / 20)
    }

    @Test(arguments: [
        ("EURUSD", "100000"), ("USDJPY", "1000"), ("EURHUF", "1000"), ("USDCZK", "10000"), ("XAUUSD", "1000"),
        ("BTCUSD", "10"), ("USA500IDXUSD", "1000"), ("AAPLUSUSD", "1000"), ("ADAUSD", nil),
    ])
    func `prices are scaled by what the symbol is`(symbol: String, scale: String?) {
        #expect(DukascopyPlace.priceScale(symbol) == scale)
    }

    /// Compressed by Python's lzma, `FORMAT_ALONE`: the two records of 1.883 s and 3599.999 s.
    private let packed = "XQAAgAD//////////wAAYBs9nmE0TBx8GZDQ3oBVbkNYfqPpSE/1Zk7ZLylBIgUmSnE01/30TVwA"

    private func write(_ path: String) throws {
        let url = folder.url.appending(path: path)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try #require(Data(base64Encoded: packed)).write(to: url)
    }

    private func play(_ options: ReplayOptions = ReplayOptions()) throws -> (RecordingOutput, ReplayPlan) {
        let plan = try ReplayPlanner.plan(folder.path, options)
        let output = RecordingOutput()
        try ReplaySource(plan, options).run(into: output, status: FeedStatus(name: ""))
        return (output, plan)
    }

    @Test func `hours of a symbol are one series in order of time, and months count from zero`() throws {
        for path in [
            "GBPJPY/2013/00/01/00h", "GBPJPY/2012/11/31/23h", "GBPJPY/2012/11/31/05h", "EURUSD/2012/01/28/00h",
        ] {
            try write("\(path)_ticks.bi5")
        }
        try write("GBPJPY/2012/11/31/24h_ticks.bi5")
        try write("GBPJPY/2012/12/31/00h_ticks.bi5")
        try write("GBPJPY/2012/11/31/BID_candles_min_1.bi5")
        let (output, plan) = try play()
        let name = folder.url.lastPathComponent
        #expect(plan.feeds == ["\(name)/EURUSD", "\(name)/GBPJPY"])
        let quotes = output.events.quotes
        let times = (0..<quotes.count).map { Timestamp(nanoseconds: quotes.eventTimeNs[$0]).description.prefix(19) }
        #expect(
            times == [
                "2012-02-28T00:00:01", "2012-02-28T00:59:59", "2012-12-31T05:00:01", "2012-12-31T05:59:59",
                "2012-12-31T23:00:01", "2012-12-31T23:59:59", "2013-01-01T00:00:01", "2013-01-01T00:59:59",
            ])
        #expect(quotes.bid[0] == 1.3205 && quotes.bid[2] == 132.05)
        #expect(plan.skipped.count == 3 && plan.skipped.count { $0.reason.contains("months from 00") } == 2)
        // Each of the two records is in a slice of its own.
        #expect(output.frames == 8 && output.largestFrame == 20)
    }

    @Test func `a symbol whose scale is not known needs it`() throws {
        try write("ADAUSD/2020/00/01/00h_ticks.bi5")
        let error = #expect(throws: FeedError.self) { try play() }
        #expect(error?.message.contains("--price-scale") == true)
        var options = ReplayOptions()
        options.priceScale = 10
        #expect(try play(options).0.events.quotes.bid[0] == 13205)
    }

    @Test func `bytes behind the last record are rejected where all can see them`() throws {
        let bytes = record(1, ask: 2, bid: 1) + record(2, ask: 2, bid: 1) + record(5000, ask: 2, bid: 1) + [7, 7]
        let path = folder.path + "/x"
        try Data(bytes).write(to: URL(filePath: path))
        let layout = FixedRecords(bytes: 20, timeOffset: 0, timeUnitNs: 1_000_000, originNs: 0)
        let reader = RecordFrameReader(try FileStream(path: path), layout, sliceNs: 1_000_000_000)
        var lengths: [Int] = []
        var keys: [Int64] = []
        while let frame = try reader.next() {
            lengths.append(frame.payload.count)
            keys.append(frame.keyNs)
        }
        #expect(lengths == [40, 20, 2] && keys == [0, 5_000_000_000, 5_000_000_000])
    }
}

import Foundation
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Feeds

@Suite struct ReplayTests {
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws {
        let url = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func play(
        _ options: ReplayOptions = ReplayOptions(), name: String = "", limit: Int = .max, clock: Pacer.Clock = .system
    ) throws -> (output: RecordingOutput, status: FeedStatus.Snapshot, plan: ReplayPlan) {
        let plan = try ReplayPlanner.plan(name.isEmpty ? folder.path : folder.path + "/" + name, options)
        let output = RecordingOutput(limit: limit)
        let status = FeedStatus(name: "replay")
        try ReplaySource(plan, options, clock: clock).run(into: output, status: status)
        return (output, status.snapshot, plan)
    }

    private let spot =
        #"{"stream":"b@trade","data":{"e":"trade","E":5,"s":"B","t":1,"p":"2","q":"3","T":5,"m":true}}"#

    @Test func `recorded lines become frames with their receive times, exactly as received`() throws {
        try write(
            "spot/b_20240808",
            "1723161254087896568 \(spot)\r\n\n1723161254087896569 \(spot)\nbroken\n1723161254087896570 {")
        let (output, _, plan) = try play()
        #expect(plan.files.map(\.format) == ["binance"] && plan.feeds == ["\(folder.url.lastPathComponent)/spot/b"])
        #expect(output.texts == [spot, spot, "broken", "{"])
        #expect(output.records.count == 6)
        guard case .begin(_, let settings) = output.records[0] else { return #expect(Bool(false), "no begin") }
        #expect(settings == #"{"decoder":"binance","venue":"BINANCE"}"#)
        guard case .frame(_, _, let first) = output.records[1], case .frame(_, _, let third) = output.records[3] else {
            return #expect(Bool(false), "no frames")
        }
        #expect(first == 1_723_161_254_087_896_568 && third == 1_723_161_254_087_896_569)
        #expect(output.events.trades.count == 2 && output.events.deadLetters.count == 2)
    }

    @Test func `frames without a receive time are received now`() throws {
        try write("f.jsonl", "{\"data\":[{\"p\":1,\"s\":\"A\",\"t\":1,\"v\":1}],\"type\":\"trade\"}\n")
        let before = Timestamp.now().nanoseconds
        let (output, _, _) = try play()
        #expect(output.events.trades.count == 1 && output.events.trades.ingestTimeNs[0] >= before)
    }

    @Test func `lines of a slice make a frame, byte for byte, and files are interleaved by slice`() throws {
        try write("a_trades.csv", "time_ms,price,size\r\n1000,1,1\r\n1400,2,1\r\n1300,3,1\r\nx,9,9\r\n2500,4,1")
        try write("b_trades.csv", "time_ms,price,size\n1100,5,1\n2100,6,1\n9000,7,1\n")
        var options = ReplayOptions()
        options.symbol = "S"
        let (output, status, plan) = try play(options)
        #expect(plan.files.map(\.format) == ["csv", "csv"])
        #expect(
            output.texts == [
                "1000,1,1\r\n1400,2,1\r\n1300,3,1\r\nx,9,9\r\n", "1100,5,1\n", "2500,4,1", "2100,6,1\n", "9000,7,1\n",
            ])
        #expect(
            output.feedsOfFrames.map { $0.suffix(8) } == ["a_trades", "b_trades", "a_trades", "b_trades", "b_trades"])
        #expect(output.events.trades.count == 7 && output.events.deadLetters.count == 1)
        #expect(output.records.count { if case .end = $0 { true } else { false } } == 2)
        #expect(status.state == .finished && status.done == plan.bytes && status.total == plan.bytes)
    }

    @Test func `frames are cut at 64 KiB, and a longer line is a frame of its own`() throws {
        let lines = (0..<5000).map { "1000,\($0 + 1),1,\(String(repeating: "c", count: 20))\n" }
        let long = "1001,1,1,\(String(repeating: "c", count: 100_000))\n"
        try write("x.csv", "time,price,size,note\n" + lines.joined() + long + lines[0])
        var options = ReplayOptions()
        options.symbol = "S"
        let (output, _, _) = try play(options)
        #expect(output.texts.joined() == lines.joined() + long + lines[0])
        #expect(output.texts.filter { $0.utf8.count > 64 << 10 } == [long])
        #expect(output.events.trades.count == 5002)
    }

    @Test func `files of a series share a feed, which ends once`() throws {
        for day in ["20131008", "20131007", "20131009"] {
            try write("tick/spy/\(day)_trade.csv", "34200000,1815200,100,P,0,0\n")
        }
        let (output, _, plan) = try play()
        let feed = "\(folder.url.lastPathComponent)/tick/spy/trade"
        #expect(
            plan.files.map { $0.path.suffix(18) } == ["20131007_trade.csv", "20131008_trade.csv", "20131009_trade.csv"])
        #expect(Set(plan.files.map(\.format)) == ["lean-equity-trades"] && plan.feeds == [feed])
        let begins = output.records.compactMap { if case .begin(_, let settings) = $0 { settings } else { nil } }
        #expect(begins.count == 3 && begins[1].contains(#""date":"2013-10-08""#))
        #expect(output.records.last == .end(feed: feed) && output.records.count == 7)
        let times = (0..<3).map { Timestamp(nanoseconds: output.events.trades.eventTimeNs[$0]).description }
        #expect(times == ["2013-10-07T13:30:00Z", "2013-10-08T13:30:00Z", "2013-10-09T13:30:00Z"])
    }

    @Test func `what is not played is said with the reason`() throws {
        try write("ok.csv", "ts,px,qty,symbol\n1700000000,1,1,A\n")
        try write("bars.csv", "time,open,high,low,close\n1,1,1,1,1\n")
        try write("notes.txt", "hello\n")
        try write("empty.csv", "")
        try write("minute/spy/20131007_trade.csv", "1,1,1,1,1,1\n")
        try write(".hidden.csv", "time,price\n1,1\n")
        let plan = try ReplayPlanner.plan(folder.path, ReplayOptions())
        #expect(plan.files.map { URL(filePath: $0.path).lastPathComponent } == ["ok.csv"])
        let reasons = Dictionary(
            uniqueKeysWithValues: plan.skipped.map { (URL(filePath: $0.path).lastPathComponent, $0.reason) })
        #expect(reasons["bars.csv"]?.contains("--interval") == true)
        #expect(reasons["20131007_trade.csv"]?.hasPrefix("minute bars") == true)
        #expect(reasons["empty.csv"] == "the file is empty")
        #expect(reasons["notes.txt"]?.hasPrefix("not recognised") == true && reasons.count == 4)
    }

    @Test func `a mapping reads a file without header, and errors say what is missing`() throws {
        try write("x.txt", "A|2024-01-02 03:04:05|10\n")
        var options = ReplayOptions()
        options.mapping = try CSVMapping(values: ["time": "1", "price": "2", "symbol_column": "0", "delimiter": "|"])
        let (output, _, _) = try play(options)
        #expect(output.events.trades.count == 1 && output.instruments[0].description == "FILE:A")
        options.mapping?.symbolColumn = nil
        let error = #expect(throws: FeedError.self) { _ = try play(options) }
        #expect(error?.message.contains("no symbol") == true)
        #expect(throws: FeedError.self) { _ = try ReplayPlanner.plan("/no/such/place", ReplayOptions()) }
    }

    @Test(arguments: [
        ("1700000000", 1_700_000_000_000_000_000), ("1700000000123", 1_700_000_000_123_000_000),
        ("1700000000123456", 1_700_000_000_123_456_000), ("1700000000123456789", 1_700_000_000_123_456_789),
        ("2023-11-14T22:13:20Z", 1_700_000_000_000_000_000),
    ])
    func `the unit of a time is told by its digits`(text: String, expected: Int64) throws {
        try write("BTC-trades.csv", "Timestamp;Price;Quantity\n\(text);1.5;2\n")
        let (output, _, _) = try play()
        #expect(output.events.trades.eventTimeNs[0] == expected && output.instruments[0].symbol == "BTC")
    }

    @Test func `Parquet files are converted when they are opened`() throws {
        try write("q.parquet", "PAR1")
        try write("converted/t.tmp", "event_time_ns,venue,symbol,bid,bid_size,ask,ask_size\n5,V,S,1,2,3,4\n")
        var options = ReplayOptions()
        let converted = folder.path + "/converted/t.tmp"
        options.convertParquet = { path in
            #expect(path.hasSuffix("q.parquet"))
            return converted
        }
        let (output, _, plan) = try play(options, name: "q.parquet")
        #expect(plan.files.map(\.format) == ["parquet"] && output.events.quotes.count == 1)
        #expect(output.instruments[0].description == "V:S" && output.events.quotes.eventTimeNs[0] == 5)
    }

    @Test func `the pace is a multiple of the recorded one`() throws {
        let lines = (0..<10).map { "\(1_723_161_254_000_000_000 + $0 * 1_000_000_000) \(spot)\n" }
        try write("b.txt", lines.joined())
        let now = Mutex<Int64>(0)
        let clock = Pacer.Clock(now: { now.withLock { $0 } }, wait: { time in now.withLock { $0 += time } })
        var options = ReplayOptions()
        options.speed = 60
        let (output, _, _) = try play(options, clock: clock)
        #expect(output.frames == 10)
        #expect(now.withLock { $0 } == 150_000_000)
    }

    @Test func `a stop is noticed at once and leaves the session open`() throws {
        let lines = (0..<10).map { "\(1_723_161_254_000_000_000 + $0 * 3_600_000_000_000) \(spot)\n" }
        try write("b.txt", lines.joined())
        let (output, status, _) = try play(limit: 3)
        #expect(output.frames == 3 && status.state == .stopped)
        #expect(!output.records.contains { if case .end = $0 { true } else { false } })
    }

    @Test func `a damaged file is an error that names it`() throws {
        // `time,price,size,symbol` and one line, compressed with Python's gzip; the checksum is broken.
        var bytes = try #require(
            Data(base64Encoded: "H4sIAAAAAAACAyvJzE3VKSjKTE7VKc6sAhKVuUn5OVyG5gZQoGMIhI5cAELhfLgoAAAA"))
        bytes[bytes.count - 6] ^= 1
        try bytes.write(to: folder.url.appending(path: "x.gz"))
        #expect(throws: FeedError.self) { _ = try play() }
    }
}

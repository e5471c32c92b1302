import Feeds
import Journaling
import Platform
import TestKit

/// A record that a source pushes.
struct ScriptedRecord: Equatable {
    var feed: String
    var kind = RecordKind.data
    var ingestNs: Int64
    /// Frame, settings of a `begin`, or the loss that a heartbeat tells.
    var text = ""
}

/// Makes what several feeds deliver, with everything a feed may do wrong: disorder, repetitions, gaps, frames that do not
/// decode, sessions that end, break off or go on, silence.
struct FrameScript {
    static let settings = [
        "binance": #"{"decoder":"binance","venue":"BINANCE"}"#,
        "finnhub": #"{"decoder":"finnhub","continues":"true"}"#,
        "files/es":
            #"{"decoder":"csv","time":"0","time_format":"ms","price":"1","size":"2","conditions":"3","symbol":"ES"}"#,
    ]
    private static let feeds = settings.keys.sorted()

    private(set) var records: [ScriptedRecord] = []
    private var random: SeededGenerator
    private var clockNs: Int64 = 1_700_000_000_000_000_000
    private var begun: Set<String> = []
    private var nextTrade: [String: Int] = [:]
    private var nextUpdate = 1
    /// Times of trades by symbol and number; nil where a repeated number may come with another time.
    private var times: [String: Int64]?

    /// - Parameter keepsTimes: what is repeated has the time that it had before, as venues have it.
    init(seed: UInt64, count: Int, keepsTimes: Bool = false) {
        random = SeededGenerator(seed: seed)
        if keepsTimes { times = [:] }
        while records.count < count { step() }
        for feed in begun.sorted() { records.append(ScriptedRecord(feed: feed, kind: .end, ingestNs: clockNs)) }
    }

    private mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &random) < percent }

    private mutating func step() {
        // Every feed is there within the first records, so that names get the same numbers whatever is cut.
        let feed = Self.feeds[begun.count < Self.feeds.count ? begun.count : Int.random(in: 0..<3, using: &random)]
        clockNs += Int64.random(in: 0..<700_000_000, using: &random)
        let dice = Int.random(in: 0..<100, using: &random)
        if begun.insert(feed).inserted || dice == 0 {
            records.append(
                ScriptedRecord(feed: feed, kind: .begin, ingestNs: clockNs, text: Self.settings[feed] ?? ""))
        } else if dice == 1 {
            records.append(ScriptedRecord(feed: feed, kind: .end, ingestNs: clockNs))
        } else if dice < 5 {
            clockNs += Int64.random(in: 0..<9_000_000_000, using: &random)
            let loss = chance(40) ? ConnectionLoss(epoch: 0, reason: "the peer \"left\"").payload : ""
            records.append(ScriptedRecord(feed: feed, kind: .heartbeat, ingestNs: clockNs, text: loss))
        } else {
            records.append(ScriptedRecord(feed: feed, ingestNs: clockNs, text: frame(feed)))
        }
    }

    /// Milliseconds of an event: a little before its receipt, sometimes long before.
    private mutating func eventMs() -> Int64 {
        let lag = chance(4) ? Int64.random(in: 0..<20_000, using: &random) : Int64.random(in: 0..<1500, using: &random)
        return clockNs / 1_000_000 - lag
    }

    private mutating func eventMs(_ symbol: String, _ number: Int) -> Int64 {
        let time = eventMs()
        guard times != nil else { return time }
        let known = times?["\(symbol) \(number)"] ?? time
        times?["\(symbol) \(number)"] = known
        return known
    }

    private mutating func price() -> String {
        "\(Int.random(in: 800..<900, using: &random) / 8).\(chance(50) ? "125" : "5")"
    }

    private mutating func frame(_ feed: String) -> String {
        if chance(3) {
            return ["{\"type\":", "no frame at all", "", "[]", "{\"result\":null}", "1,2"].randomElement(
                using: &random)!
        }
        switch feed {
        case "binance":
            if chance(5) { return backfilledTrade() }
            return chance(60) ? binanceTrade() : bookTicker()
        case "finnhub":
            let events = (0..<Int.random(in: 1...3, using: &random)).map { _ in
                let symbol = chance(50) ? "AAPL" : "OANDA:EUR_USD"
                return
                    #"{"c":\#(chance(30) ? #"["1","12"]"# : "null"),"p":\#(price()),"s":"\#(symbol)","t":\#(eventMs()),"v":0.25}"#
            }
            return #"{"data":[\#(events.joined(separator: ","))],"type":"trade"}"#
        default:
            return (0..<Int.random(in: 1...4, using: &random))
                .map { _ in "\(eventMs()),\(chance(3) ? "-1" : price()),2,\(chance(50) ? "@ T" : "")\n" }.joined()
        }
    }

    private mutating func binanceTrade() -> String {
        let symbol = ["BTCUSDT", "ETHUSDT", "N\(Int.random(in: 0..<40, using: &random))"].randomElement(using: &random)!
        var number = nextTrade[symbol, default: 1000]
        if chance(10) {
            number = max(1000, number - Int.random(in: 1..<30, using: &random))
        } else {
            if chance(4) { number += 3 }
            nextTrade[symbol] = number + 1
        }
        let time = eventMs(symbol, number)
        return
            #"{"stream":"s@trade","data":{"e":"trade","E":\#(time),"s":"\#(symbol)","t":\#(number),"p":"\#(price())","#
            + #""q":"0.75","T":\#(time),"m":\#(chance(50)),"M":true}}"#
    }

    /// A page of the venue's history with a trade that may have been missed.
    private mutating func backfilledTrade() -> String {
        let number = max(1000, (nextTrade["BTCUSDT"] ?? 1000) - Int.random(in: 1..<30, using: &random))
        let time = eventMs("BTCUSDT", number)
        return
            #"{"backfill":"BTCUSDT","source":"https://api/page?fromId=\#(number)","data":[{"id":\#(number),"price":"\#(price())","#
            + #""qty":"0.75","quoteQty":"1","time":\#(time),"isBuyerMaker":true,"isBestMatch":true}]}"#
    }

    private mutating func bookTicker() -> String {
        nextUpdate += chance(5) && times == nil ? -1 : 1
        return #"{"u":\#(nextUpdate),"s":"BTCUSDT","b":"\#(price())","B":"1.5","a":"\#(price())","A":"2"}"#
    }
}

/// Pushes records from one to another, then ends; with `holds`, waits for the end of the pipeline instead.
struct ScriptSource: FeedSource {
    let records: [ScriptedRecord]
    var holds = false

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        status.set(.live)
        for record in records {
            let sink = try output.sink(feed: record.feed)
            let time = Timestamp(nanoseconds: record.ingestNs)
            switch record.kind {
            case .begin: try sink.begin(settings: record.text, ingestTime: time)
            case .end: try sink.end(ingestTime: time)
            case .heartbeat:
                if let loss = ConnectionLoss(payload: record.text) {
                    try sink.lost(loss, ingestTime: time)
                } else {
                    try sink.heartbeat(ingestTime: time)
                }
            case .data: try Array(record.text.utf8).withUnsafeBytes { try sink.frame($0, ingestTime: time) }
            case .define, .copy, .reached: break
            }
        }
        while holds, !output.isCancelled { Pause.wait(ns: 1_000_000) }
    }
}

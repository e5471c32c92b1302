import Analytics
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

@Suite struct ConnectionLogTests {
    private func entry(_ line: String) -> ConnectionLog.Entry {
        var line = line
        return line.withUTF8 { ConnectionLog.entry(UnsafeRawBufferPointer($0)) }
    }

    @Test(
        arguments: [
            ("", .none), ("wss://host/a?b=c <-> 1618677816.8434298", .none),
            ("wss://host <- 1618677817.020616: {\"type\":\"subscribe\"}", .none),
            ("1618677817.061845: {}", .frame(timeNs: 1_618_677_817_061_845_000, start: 19)),
            ("1618677817: []", .frame(timeNs: 1_618_677_817_000_000_000, start: 12)),
            ("1618677817.0618450001239: []", .frame(timeNs: 1_618_677_817_061_845_000, start: 26)),
            ("https://host/a -> 1618677817.5: {}", .frame(timeNs: 1_618_677_817_500_000_000, start: 32)),
            ("9999999999.5: {}", .unknown), ("161867781.5: {}", .unknown), ("16186778171.5: {}", .unknown),
            ("1618677817.5 {}", .unknown),
            ("{\"a\":1}", .unknown), ("wss://host -> x: {}", .unknown),
        ] as [(String, ConnectionLog.Entry)])
    func `a line is what it looks like`(line: String, expected: ConnectionLog.Entry) {
        #expect(entry(line) == expected)
    }
}

/// Replays of logged connections against what their manifest says.
@Suite(.enabled(if: Recordings.arePresent), .serialized) struct ConnectionLogRecordingTests {
    private func replay(_ path: String) throws -> (RecordingOutput, ReplayPlan) {
        let plan = try ReplayPlanner.plan(Recordings.path(path), ReplayOptions())
        let output = RecordingOutput(keepsRecords: true)
        try ReplaySource(plan, ReplayOptions()).run(into: output, status: FeedStatus(name: "replay"))
        var lastNs: Int64 = 0
        for case .frame(_, _, let ingestNs) in output.records {
            #expect(ingestNs >= lastNs, "receive times never go back")
            lastNs = ingestNs
        }
        return (output, plan)
    }

    @Test func `logged frames of Coinbase, Kraken and Binance are complete`() throws {
        let expected: [(file: String, format: String, frames: Int, trades: Int, quotes: Int)] = [
            ("COINBASE.ws.28.0.gz", "coinbase", 9946, 107, 107), ("KRAKEN.ws.48.0.gz", "kraken", 49, 10, 0),
            ("KRAKEN.ws.49.0.gz", "kraken", 60, 0, 18), ("KRAKEN.ws.50.0.gz", "kraken", 4321, 0, 0),
            ("BINANCE.ws.1.0.gz", "binance", 265, 2, 84), ("BINANCE_DELIVERY.ws.1.0.gz", "binance", 4371, 51, 2240),
        ]
        for (file, format, frames, trades, quotes) in expected {
            let (output, plan) = try replay("crypto_multi_ws/" + file)
            let events = output.events
            #expect(plan.files.map(\.format) == [format] && output.frames == frames, "\(file)")
            #expect(events.trades.count == trades && events.quotes.count == quotes, "\(file)")
            #expect(events.deadLetters.count == 0, "\(file)")
            let framesWithEvents = file.hasPrefix("KRAKEN.ws.48") ? 8 : trades + quotes
            #expect(events.ignored == frames - framesWithEvents, "\(file)")
        }
    }

    @Test func `Coinbase's own clock is ahead, and the first trades are older than the connection`() throws {
        let (output, _) = try replay("crypto_multi_ws/COINBASE.ws.28.0.gz")
        let trades = output.events.trades
        let lags = (0..<trades.count).map { trades.ingestTimeNs[$0] - trades.eventTimeNs[$0] }
        #expect(lags.count { $0 < 0 } > trades.count / 2 && lags.min()! >= -67_000_000)
        // Each product's `last_match` comes first; some are up to half a minute old and more.
        #expect(lags.count { $0 > 25_000_000_000 } > 0 && lags.max()! < 110_000_000_000)
        #expect(Set((0..<trades.count).map { trades.instrument[$0] }).count == 10)
        for row in 0..<trades.count { #expect(trades.side[row] <= 1 && trades.tradeID[row] > 0) }
        let quotes = output.events.quotes
        for row in 0..<quotes.count {
            #expect(quotes.bid[row] > 0 && quotes.ask[row] >= quotes.bid[row] && quotes.bidSize[row].isNaN)
        }
    }

    @Test func `Coinbase's trade numbers follow each other for every product`() throws {
        let (output, _) = try replay("crypto_multi_ws/COINBASE.ws.28.0.gz")
        let trades = output.events.trades
        var tracker = SequenceTracker(graceNs: 0)
        for row in 0..<trades.count {
            tracker.take(
                Int(trades.instrument[row]), number: trades.tradeID[row], timeNs: trades.eventTimeNs[row], nowNs: 0)
        }
        #expect(tracker.due(nowNs: 1).isEmpty)
    }

    @Test(arguments: [
        ("crypto_multi_ws/COINBASE.ws.28.0.gz", 107, 107), ("crypto_multi_ws/BINANCE_DELIVERY.ws.1.0.gz", 51, 2240),
        ("crypto_binance_ws/spot/ethusdt_20240808.gz", 6106, 24_077),
    ])
    func `a recording that is played twice is stored once, and what is late is counted`(
        path: String, trades: Int, quotes: Int
    ) throws {
        let output = try ConformanceOutput()
        let plan = try ReplayPlanner.plan(Recordings.path(path), ReplayOptions())
        for round in 1...2 {
            try ReplaySource(plan, ReplayOptions()).run(into: output, status: FeedStatus(name: "replay"))
            let counters = output.state.counters
            let (repeatedQuotes, late) = try reference(path)
            #expect(counters.trades == trades && counters.duplicateTrades == (round - 1) * trades)
            #expect(counters.quotes == quotes - repeatedQuotes, "\(path), round \(round)")
            #expect(counters.gapsOpened == 0 && counters.future == 0)
            if round == 1 { #expect(counters.late == late, "\(path)") }
        }
        let kept = Set(output.state.trades.filter { $0.number != .min })
        #expect(kept.count == trades && output.state.deadLetters.isEmpty)
    }

    /// Quotes whose number came before, and events more than two seconds behind the latest, from the decoded rows alone.
    private func reference(_ path: String) throws -> (repeatedQuotes: Int, late: Int) {
        let (output, _) = try replay(path)
        let (trades, quotes) = (output.events.trades, output.events.quotes)
        struct Event {
            let offset: Int64, timeNs: Int64
        }
        var seen = Set<[Int64]>()
        var events = (0..<trades.count).map { Event(offset: trades.journalOffset[$0], timeNs: trades.eventTimeNs[$0]) }
        for row in 0..<quotes.count where seen.insert([Int64(quotes.instrument[row]), quotes.updateID[row]]).inserted {
            events.append(Event(offset: quotes.journalOffset[row], timeNs: quotes.eventTimeNs[row]))
        }
        var latestNs = Int64.min
        var late = 0
        for event in events.sorted(by: { $0.offset < $1.offset }) {
            if latestNs != .min, event.timeNs < latestNs - 2_000_000_000 { late += 1 }
            latestNs = max(latestNs, event.timeNs)
        }
        return (quotes.count - seen.count, late)
    }

    @Test func `coin-margined futures are of their own venue, and their trades arrive seconds late`() throws {
        let (output, _) = try replay("crypto_multi_ws/BINANCE_DELIVERY.ws.1.0.gz")
        let trades = output.events.trades
        #expect((0..<output.instruments.count).allSatisfy { output.instruments[UInt32($0)].venue == "BINANCE_COINM" })
        let lags = (0..<trades.count).map { trades.ingestTimeNs[$0] - trades.eventTimeNs[$0] }
        #expect(lags.max()! > 4_700_000_000 && lags.max()! < 4_900_000_000)
    }

    @Test func `logs of other venues are passed over with a reason`() throws {
        let plan = try ReplayPlanner.plan(Recordings.path("crypto_multi_ws"), ReplayOptions())
        #expect(plan.files.count == 6 && plan.skipped.count == 12)
        #expect(plan.skipped.allSatisfy { $0.reason.contains("not recognised") })
        #expect(Set(plan.files.map(\.format)) == ["binance", "coinbase", "kraken"])
    }
}

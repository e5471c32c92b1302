import Feeds
import Foundation
import Market
import Platform
import TestKit
import Testing

/// Replays of real recordings against what their manifest says.
@Suite(.enabled(if: Recordings.arePresent), .serialized) struct RealRecordingsTests {
    /// One file of the manifest.
    private struct Entry {
        let path: String
        let rows: Int
        let notes: String
        /// The number behind a word in the notes.
        func note(_ word: String) -> Int? {
            guard let range = notes.range(of: word + " ") else { return nil }
            return Int(notes[range.upperBound...].prefix { $0.isNumber })
        }
    }

    private func manifest(_ folder: String) throws -> [Entry] {
        let text = try String(contentsOfFile: Recordings.path("MANIFEST.csv"), encoding: .utf8)
        return text.split(whereSeparator: \.isNewline).compactMap { line in
            let fields = line.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
            guard fields[0].hasPrefix(folder + "/"), let rows = Int(fields[4]) else { return nil }
            return Entry(path: fields[0], rows: rows, notes: fields.last ?? "")
        }
    }

    private func replay(_ path: String, keepsRecords: Bool = false) throws -> (RecordingOutput, ReplayPlan) {
        let options = ReplayOptions()
        let plan = try ReplayPlanner.plan(Recordings.path(path), options)
        let output = RecordingOutput(keepsRecords: keepsRecords)
        let status = FeedStatus(name: "replay")
        try ReplaySource(plan, options).run(into: output, status: status)
        #expect(status.snapshot.state == .finished)
        #expect(status.snapshot.done == plan.bytes)
        return (output, plan)
    }

    @Test func `trades of US equities have the rows and the volume of the manifest`() throws {
        for entry in try manifest("us_equity_ticks/tick") where entry.path.hasSuffix("_trade.zip") {
            let (output, plan) = try replay(entry.path)
            let trades = output.events.trades
            #expect(plan.files.map(\.format) == ["lean-equity-trades"])
            #expect(trades.count == entry.rows, "\(entry.path)")
            #expect(
                (0..<trades.count).reduce(0.0) { $0 + trades.size[$1] } == entry.note("volume").map(Double.init),
                "\(entry.path)")
            #expect(output.events.deadLetters.count == 0 && output.largestFrame <= 64 << 10)
        }
    }

    @Test func `equity trades have New York times, scaled prices and their conditions`() throws {
        let (output, _) = try replay("us_equity_ticks/tick/ibm/20131007_trade.zip")
        let trades = output.events.trades
        #expect(output.instruments[trades.instrument[0]] == Instrument(venue: "US", symbol: "IBM"))
        #expect(Timestamp(nanoseconds: trades.eventTimeNs[0]).description == "2013-10-07T08:00:30.270Z")
        #expect(trades.price[0] == 181.52 && trades.size[0] == 283)
        #expect(output.conditions[trades.conditions[0]] == "P 20002020 0")
    }

    @Test func `equity quotes are one-sided and complete`() throws {
        for entry in try manifest("us_equity_ticks/tick") where entry.path.hasSuffix("_quote.zip") {
            let (output, _) = try replay(entry.path)
            let quotes = output.events.quotes
            #expect(quotes.count == entry.rows, "\(entry.path)")
            #expect((0..<quotes.count).count { !quotes.bid[$0].isNaN } == entry.note("bid-only"), "\(entry.path)")
            #expect((0..<quotes.count).allSatisfy { quotes.flags[$0] == QuoteFlags.oneSided.rawValue })
        }
    }

    @Test func `forex quotes of two zones are complete, in UTC, and interleaved`() throws {
        let entries = try manifest("fx_ticks").filter { $0.path.contains("/tick/") }
        let (output, plan) = try replay("fx_ticks", keepsRecords: true)
        #expect(plan.feeds == ["fx_ticks/fxcm/tick/eurusd/quote", "fx_ticks/oanda/tick/eurusd/quote"])
        #expect(plan.files.count == 12 && plan.skipped.count == 24)
        let quotes = output.events.quotes
        #expect(quotes.count == entries.reduce(0) { $0 + $1.rows })
        let crossed = (0..<quotes.count).count { quotes.flags[$0] & QuoteFlags.crossed.rawValue != 0 }
        #expect(crossed == entries.reduce(0) { $0 + ($1.note("crossed") ?? 0) })
        let locked = (0..<quotes.count).count { quotes.flags[$0] & QuoteFlags.locked.rawValue != 0 }
        #expect(locked == entries.reduce(0) { $0 + ($1.note("locked") ?? 0) })
        let first = (0..<quotes.count).first { output.instruments[quotes.instrument[$0]].venue == "FXCM" }
        #expect(first.map { Timestamp(nanoseconds: quotes.eventTimeNs[$0]).description } == "2014-05-04T19:00:51.815Z")
        // Six sessions begin and one end comes for each feed.
        #expect(output.records.count { if case .begin = $0 { true } else { false } } == 12)
        #expect(output.records.count { if case .end = $0 { true } else { false } } == 2)
        // The feeds are interleaved to within a slice.
        var latestNs: Int64 = 0
        var worstNs: Int64 = 0
        for row in 0..<quotes.count {
            latestNs = max(latestNs, quotes.eventTimeNs[row])
            worstNs = max(worstNs, latestNs - quotes.eventTimeNs[row])
        }
        #expect(worstNs > 0 && worstNs < 1_000_000_000)
    }

    @Test func `a folder of ticks and bars plays the ticks`() throws {
        let plan = try ReplayPlanner.plan(Recordings.path("us_equity_ticks"), ReplayOptions())
        #expect(plan.files.count == 17 && plan.files.allSatisfy { $0.path.contains("/tick/") })
        #expect(plan.skipped.count == 34 && plan.skipped.allSatisfy { $0.reason.contains("bars") })
        #expect(plan.feeds.count == 6 && plan.feeds[0] == "us_equity_ticks/tick/aig/trade")
        #expect(throws: FeedError.self) {
            _ = try ReplayPlanner.plan(Recordings.path("us_equity_ticks/minute"), ReplayOptions())
        }
    }

    @Test func `recorded crypto frames have contiguous trade ids, and other streams are ignored`() throws {
        let expected: [(String, venue: String, symbol: String, trades: Int, quotes: Int, ignored: Int)] = [
            ("spot/btcusdt_20240808.gz", "BINANCE", "BTCUSDT", 9757, 28040, 3452),
            ("spot/ethusdt_20240808.gz", "BINANCE", "ETHUSDT", 6106, 24077, 3435),
            ("usdm/btcusdt_20240808.gz", "BINANCE_USDM", "BTCUSDT", 21313, 66089, 6552),
            ("cm/btcusd_perp_20240808.gz", "BINANCE_COINM", "BTCUSD_PERP", 2286, 19136, 26848),
        ]
        for (path, venue, symbol, tradeCount, quoteCount, ignored) in expected {
            let (output, _) = try replay("crypto_binance_ws/" + path)
            let trades = output.events.trades, quotes = output.events.quotes
            #expect(
                trades.count == tradeCount && quotes.count == quoteCount && output.events.ignored == ignored, "\(path)")
            #expect(output.events.deadLetters.count == 0 && output.instruments.count == 1)
            #expect(output.instruments[0] == Instrument(venue: venue, symbol: symbol))
            #expect((1..<trades.count).allSatisfy { trades.tradeID[$0] == trades.tradeID[$0 - 1] + 1 })
            let lag = trades.ingestTimeNs[0] - trades.eventTimeNs[0]
            #expect(lag < -1_200_000_000 && lag > -1_300_000_000, "the recorder's clock was slow")
        }
    }

    @Test func `a folder of recordings is played in the order of receive times`() throws {
        let (output, plan) = try replay("crypto_binance_ws", keepsRecords: true)
        #expect(
            plan.feeds
                == ["cm/btcusd_perp", "spot/btcusdt", "spot/ethusdt", "usdm/btcusdt"].map { "crypto_binance_ws/" + $0 })
        var lastNs: Int64 = 0
        for case .frame(_, _, let ingestTimeNs) in output.records {
            #expect(ingestTimeNs >= lastNs)
            lastNs = ingestTimeNs
        }
        #expect(output.frames == 41249 + 33618 + 93954 + 48270)
    }

    @Test func `a file without symbol is played once it is given`() throws {
        let path = Recordings.path("fx_quotes_histdata/quote_tick_data.csv.gz")
        #expect(throws: FeedError.self) { _ = try ReplayPlanner.plan(path, ReplayOptions()) }
        var options = ReplayOptions()
        options.symbol = "EURUSD"
        options.venue = "HISTDATA"
        let output = RecordingOutput(keepsRecords: false)
        try ReplaySource(try ReplayPlanner.plan(path, options), options).run(into: output, status: FeedStatus(name: ""))
        let quotes = output.events.quotes
        #expect(quotes.count == 9500 && output.events.deadLetters.count == 0)
        #expect((1..<9500).allSatisfy { quotes.eventTimeNs[$0] > quotes.eventTimeNs[$0 - 1] })
        #expect(Timestamp(nanoseconds: output.events.quotes.eventTimeNs[0]).description == "2020-01-01T22:00:00.065Z")
        #expect(output.events.quotes.eventTimeNs[9499] == Timestamp(rfc3339: "2020-01-02T04:00:52.125Z")?.nanoseconds)
    }
}

import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

private func text(_ path: String) throws -> String {
    try String(contentsOfFile: Recordings.path(path), encoding: .utf8)
}

@Suite(.enabled(if: Recordings.arePresent)) struct VendorRecordingTests {
    @Test func `Alpha Vantage intraday bars come in order, in the zone that the answer names`() throws {
        let answers = try DecodedAnswers(AlphaVantageFeed.self, ["token=k", "symbols=MSFT", "interval=1m"])
        answers.decode(try text("vendor_alphavantage/mock_time_series.json"), symbol: "MSFT")
        #expect(answers.bars.count == 100 && answers.deadLetters == [])
        #expect(answers.starts == answers.starts.sorted())
        // 13:17 to 14:56 in New York, in winter.
        #expect(answers.bars.first == "V:MSFT 1m 2017-12-18T18:17:00Z 86.8101/86.82/86.79/86.8 x31172.0")
        #expect(answers.bars.last == "V:MSFT 1m 2017-12-18T19:56:00Z 86.49/86.5/86.475/86.5 x10494.0")
    }

    @Test func `Alpha Vantage CSV is read by a generic feed, by the ends of its bars`() throws {
        let answers = try DecodedAnswers(
            RESTFeed.self,
            [
                "source=alphavantage", "url=https://h/q?s={symbol}", "symbols=X", "format=csv", "interval=1m",
                "fields=time=time,open=open,high=high,low=low,close=close,volume=volume", "time_is=end",
                "zone=America/New_York",
            ])
        answers.decode(try text("vendor_alphavantage/mock_time_series_extended.csv"))
        #expect(answers.bars.count == 11_190 && answers.deadLetters == [])
        #expect(Timestamp(nanoseconds: answers.starts[0]).description == "2020-11-23T09:00:00Z")
        #expect(Timestamp(nanoseconds: answers.starts[11_189]).description == "2020-12-19T00:59:00Z")
    }

    @Test func `Alpha Vantage's quote of a day becomes a snapshot`() throws {
        let answers = try DecodedAnswers(
            RESTFeed.self,
            [
                "source=alphavantage", "url=https://h/q?s={symbol}", "symbols=X", "kind=quotes", "layout=columns",
                "every=1m",
                "fields=current='Global Quote'.'05. price',high='Global Quote'.'03. high',change='Global Quote'.'09. change'",
            ])
        answers.decode(try text("vendor_alphavantage/global_quote.json"), symbol: "MSFT")
        #expect(
            answers.rows(answers.events.quoteSnapshots) == [
                "venue=V symbol=MSFT fetched_at_ns=\(DecodedAnswers.fetchedAtNs) event_time_ns=\(DecodedAnswers.fetchedAtNs)"
                    + " current=112.13 change=-0.66 high=113.17"
            ])
    }

    @Test func `Finnhub's quotes: values, zeros for a symbol, a body cut off`() throws {
        let answers = try DecodedAnswers(FinnhubQuotesFeed.self, ["token=k"])
        for line in try text("vendor_finnhub/quote_responses.jsonl").split(separator: "\n") {
            let object = try #require(
                try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: String])
            answers.decode(object["body"] ?? "", symbol: object["asked"] ?? "")
        }
        let rows = answers.rows(answers.events.quoteSnapshots)
        #expect(rows.count == 2)
        #expect(
            rows[0].contains("symbol=AAPL") && rows[0].contains("event_time_ns=1584624600000000000 current=250.195"))
        #expect(rows[0].contains("high=252.84 low=242.61 open=247.39 previous_close=246.67"))
        #expect(rows[1].contains("symbol=MSFT"))
        let quotes = answers.events.quotes
        #expect((0..<quotes.count).map { quotes.last[$0] } == [250.195, 153.83])
        #expect(
            (0..<quotes.count).map { quotes.updateID[$0] } == [1_584_624_600_000_000_000, 1_586_186_894_000_000_000])
        #expect((0..<quotes.count).allSatisfy { quotes.bid[$0].isNaN && quotes.ask[$0].isNaN })
        #expect(
            answers.deadLetters == [
                "0 venue_error: all values are zero: the vendor does not know the symbol, or has no price",
                "0 malformed: not JSON",
            ])
    }

    /// Bars, dead letters by code, dividends, splits.
    private struct Counts: Equatable, CustomStringConvertible {
        var bars = 0, empty = 0, inconsistent = 0, implausible = 0, notPositive = 0, dividends = 0, splits = 0

        init(
            _ bars: Int, empty: Int = 0, inconsistent: Int = 0, implausible: Int = 0, notPositive: Int = 0,
            dividends: Int = 0, splits: Int = 0
        ) {
            self.bars = bars
            self.empty = empty
            self.inconsistent = inconsistent
            self.implausible = implausible
            self.notPositive = notPositive
            self.dividends = dividends
            self.splits = splits
        }

        var description: String {
            "bars \(bars) empty \(empty) inconsistent \(inconsistent) implausible \(implausible)"
                + " notPositive \(notPositive) dividends \(dividends) splits \(splits)"
        }
    }

    private func counts(_ name: String) throws -> Counts {
        let path = Recordings.path("vendor_yahoo_bad_data/\(name).csv.gz")
        let text = try ByteStreamText.read(path)
        let interval = name.contains("-1wk-") ? "1w" : name.contains("-15m-") ? "15m" : "1d"
        let answers = try DecodedAnswers(
            RESTFeed.self,
            [
                "source=yahoo", "url=https://h/q?s={symbol}", "symbols=X", "format=csv", "interval=\(interval)",
                "fields=time=\(text.hasPrefix("Datetime") ? "Datetime" : "Date"),open=Open,high=High,low=Low,close=Close,"
                    + "adjusted_close=Adj Close,volume=Volume,dividend=Dividends,split=Stock Splits",
                "zone=Europe/London",
            ])
        answers.decode(text)
        var found = Counts(answers.bars.count, empty: answers.events.ignored)
        for reason in answers.reasons {
            switch reason {
            case "inconsistent": found.inconsistent += 1
            case "implausible": found.implausible += 1
            case "price_not_positive": found.notPositive += 1
            default: Issue.record("\(name): \(reason)")
            }
        }
        for action in answers.rows(answers.events.corporateActions) {
            if action.contains("kind=dividend") { found.dividends += 1 } else { found.splits += 1 }
        }
        return found
    }

    @Test func `prices in pence among pounds, and splits on part of the history, are refused; repaired ones are taken`()
        throws
    {
        let cases: [(String, Counts, Counts)] = [
            ("AET-L-1d-100x-error", Counts(14, implausible: 9), Counts(23)),
            ("SSW-JO-1d-100x-error", Counts(22, inconsistent: 4, implausible: 7), Counts(29, inconsistent: 4)),
            ("ALPHA-PA-1d-bad-stock-split", Counts(28, implausible: 1, splits: 1), Counts(29, splits: 1)),
            ("LA-V-1d-bad-stock-split", Counts(40, implausible: 1, splits: 1), Counts(41, splits: 1)),
            ("MOB-ST-1d-bad-stock-split", Counts(15, implausible: 1, splits: 1), Counts(16, splits: 1)),
        ]
        for (name, bad, fixed) in cases {
            let (found, repaired) = (try counts(name), try counts(name + "-fixed"))
            #expect(found == bad, "\(name)")
            #expect(repaired == fixed, "\(name)-fixed")
        }
    }

    @Test func `dividends that adjusted closes do not show are told; repaired ones are not`() throws {
        let cases: [(name: String, dividends: Int, told: Int)] = [
            ("1398-HK-1d-bad-div", 3, 1), ("3988-HK-1d-bad-div", 3, 1), ("8TRA-DE-1d-missing-div-adjust", 1, 1),
            ("ABDP-L-1d-bad-div", 5, 5), ("ELCO-L-1d-bad-div", 5, 5), ("REL-L-1d-bad-div", 6, 6),
            ("RGL-L-1d-bad-div", 10, 10), ("SERE-L-1d-bad-div", 10, 10),
        ]
        for (name, dividends, told) in cases {
            let bad = try counts(name)
            let fixed = try counts(name + "-fixed")
            #expect(bad.dividends == dividends && bad.implausible == told, "\(name): \(bad)")
            #expect(fixed.dividends == dividends && fixed.implausible == 0, "\(name)-fixed: \(fixed)")
            // The bars themselves are kept, with those told whose close lies outside of low and high.
            #expect(bad.bars == fixed.bars && bad.inconsistent == fixed.inconsistent, "\(name)")
        }
    }

    @Test func `controls without a defect give every bar`() throws {
        #expect(try counts("CALM-1d-no-bad-divs") == Counts(662, dividends: 10))
        #expect(try counts("EA-15m-no-bad-divs") == Counts(319, dividends: 1))
        #expect(try counts("HSBK-IL-1d-no-bad-divs") == Counts(665, dividends: 3))
        #expect(try counts("IBE-MC-1d-no-bad-divs") == Counts(677, dividends: 8))
        #expect(try counts("KMR-L-1d-no-bad-divs") == Counts(665, inconsistent: 2, dividends: 5))
    }

    @Test func `closes outside of low and high are counted as the recordings have them`() throws {
        #expect(try counts("ELCO-L-1d-bad-div-fixed").inconsistent == 309)
        #expect(try counts("TENT-L-1d-bad-div").inconsistent == 117)
        #expect(try counts("KEN-TA-1d-bad-div-fixed") == Counts(650, empty: 1, inconsistent: 4, dividends: 4))
    }
}

/// The text of a packed file.
private enum ByteStreamText {
    static func read(_ path: String) throws -> String {
        let process = Process()
        let output = Pipe()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = ["gzip", "-dc", path]
        process.standardOutput = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}

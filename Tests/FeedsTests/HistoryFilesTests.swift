import Feeds
import Foundation
import Market
import Platform
import TestKit
import Testing

/// History files as people have them, against what is known of them.
@Suite(.enabled(if: Recordings.arePresent), .serialized) struct HistoryFilesTests {
    private func replay(_ path: String) throws -> (RecordingOutput, ReplayPlan) {
        let options = ReplayOptions()
        let plan = try ReplayPlanner.plan(Recordings.path(path), options)
        let output = RecordingOutput(keepsRecords: false)
        try ReplaySource(plan, options).run(into: output, status: FeedStatus(name: "replay"))
        return (output, plan)
    }

    private func text(_ nanoseconds: Int64) -> String { Timestamp(nanoseconds: nanoseconds).description }

    @Test func `a day of Dukascopy is 58,953 rising quotes of a Monday`() throws {
        let (output, plan) = try replay("fx_dukascopy_bi5")
        let quotes = output.events.quotes
        #expect(plan.files.count == 24 && plan.feeds == ["fx_dukascopy_bi5/GBPJPY"] && plan.skipped.isEmpty)
        #expect(quotes.count == 58_953 && output.events.deadLetters.count == 0)
        #expect(output.instruments[0] == Instrument(venue: "DUKASCOPY", symbol: "GBPJPY"))
        #expect(text(quotes.eventTimeNs[0]) == "2012-12-03T00:00:01.883Z")
        #expect(text(quotes.eventTimeNs[58_952]) == "2012-12-03T23:59:59.629Z")
        let bids = (0..<quotes.count).map { quotes.bid[$0] }
        #expect(bids.min() == 131.6 && bids.max() == 132.536)
        // No crossed, locked or one-sided quote, no repeated millisecond, time always rising.
        #expect((0..<quotes.count).allSatisfy { quotes.flags[$0] == 0 })
        #expect((1..<quotes.count).allSatisfy { quotes.eventTimeNs[$0] > quotes.eventTimeNs[$0 - 1] })
        #expect(
            (0..<quotes.count).allSatisfy { quotes.askSize[$0] > 0 && quotes.askSize[$0].remainder(dividingBy: 1) == 0 }
        )
    }

    @Test func `each hour of Dukascopy has the ticks of the manifest`() throws {
        let manifest = try String(contentsOfFile: Recordings.path("MANIFEST.csv"), encoding: .utf8)
        var hours = 0
        for line in manifest.split(whereSeparator: \.isNewline) where line.hasPrefix("fx_dukascopy_bi5/") {
            let fields = line.split(separator: ",").map(String.init)
            let rows = fields.compactMap(Int.init)[1]  // behind the bytes
            #expect(try replay(fields[0]).0.events.quotes.count == rows, "\(fields[0])")
            hours += 1
        }
        #expect(hours == 24)
    }

    @Test func `TrueFX quotes keep shared times, and the locked one is flagged`() throws {
        let (output, plan) = try replay("fx_quotes_truefx")
        let quotes = output.events.quotes
        #expect(plan.files.map(\.format) == ["truefx"] && output.instruments[0].description == "TRUEFX:USDJPY")
        #expect(quotes.count == 1000 && output.events.deadLetters.count == 0)
        #expect(text(quotes.eventTimeNs[0]) == "2013-01-01T22:00:00.295Z")
        #expect(text(quotes.eventTimeNs[999]) == "2013-01-01T22:35:13.494Z")
        #expect((1..<1000).count { quotes.eventTimeNs[$0] == quotes.eventTimeNs[$0 - 1] } == 7)
        #expect((0..<1000).count { quotes.eventTimeNs[$0] % 1_000_000_000 == 0 } == 1)
        #expect((0..<1000).count { quotes.flags[$0] == QuoteFlags.locked.rawValue } == 1)
        #expect((0..<1000).count { quotes.flags[$0] == 0 } == 999)
    }

    @Test func `tardis samples give trades, quotes and the best of each book, with receive times`() throws {
        let (output, plan) = try replay("tardis_samples")
        #expect(plan.files.count == 4 && Set(plan.files.map(\.format)) == ["tardis"])
        #expect(plan.skipped.map(\.reason) == ["changes of order books are not played"])
        let trades = output.events.trades, quotes = output.events.quotes
        #expect(trades.count == 10 && quotes.count == 30 && output.events.deadLetters.count == 0)
        #expect(trades.side[0] == Side.sell.rawValue && trades.size[0] == 2152 && trades.price[0] == 8531.5)
        #expect(trades.eventTimeNs[0] == 1_583_020_803_145_000_000)
        #expect(trades.ingestTimeNs[0] == 1_583_020_803_307_160_000)
        let books = (0..<quotes.count).filter {
            output.instruments[quotes.instrument[$0]] == Instrument(venue: "binance-futures", symbol: "BTCUSDT")
        }
        #expect(books.count == 20 && books.allSatisfy { quotes.flags[$0] == 0 })
        #expect(books.allSatisfy { quotes.bid[$0] == 11657.07 && quotes.ask[$0] == 11657.08 })
        #expect(books.map { quotes.eventTimeNs[$0] }.max() == 1_598_918_404_284_000_000)
        #expect((0..<30).allSatisfy { quotes.ingestTimeNs[$0] > quotes.eventTimeNs[$0] })
    }

    @Test func `daily bars of US equities are those of the manifest, and reused tickers are told apart`() throws {
        let (output, plan) = try replay("us_equity_daily")
        let bars = output.events.vendorBars
        #expect(plan.files.count == 35 && plan.skipped.isEmpty && output.events.deadLetters.count == 0)
        var rows: [String: Int] = [:], adjusted: [String: Int] = [:]
        for row in 0..<bars.count {
            let symbol = output.instruments[bars.instrument[row]].symbol
            rows[symbol, default: 0] += 1
            adjusted[symbol, default: 0] += bars.adjustedClose[row].isNaN ? 0 : 1
        }
        let expected = [
            "AAPL": 5849, "AIG": 5849, "BAC": 5849, "EEM": 5245, "FB": 2947, "GOOG": 4183, "GOOGL": 1761, "QQQ": 3964,
            "SPY": 5849, "USO": 3910, "UW": 135, "WM": 5399, "WMI": 2780,
        ]
        #expect(rows == expected)
        // Bars of another company that had the ticker before have no adjusted close.
        let others = ["BAC": 188, "EEM": 722, "FB": 716, "USO": 140, "WM": 2465]
        #expect(adjusted == expected.merging(others) { $0 - $1 })
        let validities = Set(DecodedBars.validities(output.events, output.instruments))
        #expect(
            Set<String>([
                "US:FB 1999-09-29…2012-05-17 |another company", "US:FB 2012-05-18… FB 2012-05-18|",
                "US:WM 1998-12-09…2009-08-04 |another company", "US:WM 2009-08-05… UW 1998-01-02|",
                "US:WMI 1998-07-17…2009-08-04 UW 1998-01-02|", "US:UW 1998-01-02…1998-07-16 UW 1998-01-02|",
                "US:GOOG 2004-08-19…2014-04-02 GOOG 2004-08-19|", "US:GOOGL 2014-04-03… GOOG 2004-08-19|",
            ]).subtracting(validities).isEmpty)
        let actions = Set(DecodedBars.actions(output.events, output.instruments))
        #expect(
            Set<String>([
                "US:AAPL split 7.0 2014-06-09T04:00:00Z", "US:AAPL split 4.0 2020-08-31T04:00:00Z",
                "US:AAPL dividend 2.65 2012-08-09T04:00:00Z", "US:USO split 0.125 2020-04-29T04:00:00Z",
            ]).subtracting(actions).isEmpty)
        #expect(actions.count == output.events.corporateActions.count)
    }

    @Test func `the newest-first minutes of Alpha Vantage come out in the order of time`() throws {
        var options = ReplayOptions()
        options.symbol = "MSFT"
        let plan = try ReplayPlanner.plan(Recordings.path("vendor_alphavantage"), options)
        let output = RecordingOutput(keepsRecords: false)
        try ReplaySource(plan, options).run(into: output, status: FeedStatus(name: ""))
        let bars = output.events.vendorBars
        #expect(bars.count == 11_190 && output.events.deadLetters.count == 0)
        #expect((1..<bars.count).allSatisfy { bars.startNs[$0] > bars.startNs[$0 - 1] })
        // Dated by their ends, 04:01 to 20:00 in New York.
        #expect(text(bars.startNs[0]) == "2020-11-23T09:00:00Z")
        #expect(text(bars.startNs[11_189]) == "2020-12-19T00:59:00Z")
    }

    @Test func `Yahoo bars are kept as stated, and what is odd about them is said`() throws {
        let (output, plan) = try replay("vendor_yahoo_bad_data")
        let events = output.events
        #expect(plan.files.count == 53 && plan.skipped.isEmpty && Set(plan.files.map(\.format)) == ["yahoo"])
        // 34,522 lines, of which 492 have no prices.
        #expect(events.vendorBars.count == 34_522 - 492)
        var reasons: [RejectReason: Int] = [:]
        for row in 0..<events.deadLetters.count {
            reasons[RejectReason(rawValue: events.deadLetters.reason[row]) ?? .malformed, default: 0] += 1
        }
        // 1,500 opens or closes outside of low and high, 3,180 adjusted closes that are minus infinity.
        #expect(reasons == [.missingField: 492, .inconsistent: 4680])
    }
}

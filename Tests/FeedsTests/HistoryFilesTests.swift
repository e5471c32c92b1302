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
}

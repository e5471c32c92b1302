import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

/// Each family of history files by a few lines in its layout.
@Suite struct FilePresetTests {
    private let folder = TemporaryFolder()

    private func write(_ name: String, _ text: String) throws {
        let url = folder.url.appending(path: name)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(text.utf8).write(to: url)
    }

    private func play(_ options: ReplayOptions = ReplayOptions()) throws -> (output: RecordingOutput, plan: ReplayPlan)
    {
        let plan = try ReplayPlanner.plan(folder.path, options)
        let output = RecordingOutput()
        try ReplaySource(plan, options).run(into: output, status: FeedStatus(name: ""))
        return (output, plan)
    }

    private func times(_ column: Column<Int64>) -> [String] {
        (0..<column.count).map { Timestamp(nanoseconds: column[$0]).description }
    }

    @Test func `HistData ticks are five hours behind UTC, in summer too`() throws {
        try write("DAT_ASCII_EURUSD_T_201207.csv", "20120701 170000660,1.306600,1.306770,0\n")
        let (output, plan) = try play()
        #expect(plan.files.map(\.format) == ["histdata"] && output.instruments[0].description == "HISTDATA:EURUSD")
        #expect(times(output.events.quotes.eventTimeNs) == ["2012-07-01T22:00:00.660Z"])
        #expect(output.events.quotes.bidSize[0].isNaN)
    }

    @Test func `TrueFX files name the pair in each line`() throws {
        try write("EURUSD-2016-05.csv", "EUR/USD,20160502 00:00:00.959,1.14601,1.14605\n")
        let (output, plan) = try play()
        #expect(plan.files.map(\.format) == ["truefx"] && output.instruments[0].description == "TRUEFX:EUR/USD")
        #expect(times(output.events.quotes.eventTimeNs) == ["2016-05-02T00:00:00.959Z"])
        #expect(plan.feeds[0].hasSuffix("/EURUSD"))
    }

    private let tardisHeader = "exchange,symbol,timestamp,local_timestamp,"

    @Test func `tardis lines carry their receive time, which orders them`() throws {
        try write(
            "bitmex_trades_2020-03-01_XBTUSD.csv",
            tardisHeader + "id,side,price,amount\n"
                + "bitmex,XBTUSD,1583020803145000,1583020803307160,7,sell,8531.5,2152\n"
                + "bitmex,XBTUSD,1583020801000000,1583020805000000,8,unknown,8531.5,1\n"
                + "bitmex,XBTUSD,1583020801000000,x,9,sell,8531.5,1\n")
        try write(
            "b_quotes.csv",
            tardisHeader + "ask_amount,ask_price,bid_price,bid_amount\n"
                + "huobi,BTC-USD,1583020803099000,1583020803234268,5494,8629.3,8629.2,806\n")
        let (output, plan) = try play()
        #expect(plan.files.map(\.format) == ["tardis", "tardis"])
        let trades = output.events.trades
        #expect(trades.count == 2 && trades.tradeID[1] == 8 && trades.side[1] == Side.unknown.rawValue)
        #expect(times(trades.ingestTimeNs) == ["2020-03-01T00:00:03.307160Z", "2020-03-01T00:00:05Z"])
        #expect(times(trades.eventTimeNs) == ["2020-03-01T00:00:03.145Z", "2020-03-01T00:00:01Z"])
        #expect(output.events.quotes.askSize[0] == 5494 && output.events.quotes.bid[0] == 8629.2)
        #expect(output.events.deadLetters.count == 1)
        // Frames in the order of receive times, which the journal keeps too.
        #expect(output.feedsOfFrames.map { $0.suffix(8) } == ["b_quotes", "s_XBTUSD", "s_XBTUSD"])
        let received = output.records.compactMap { if case .frame(_, _, let time) = $0 { time } else { nil } }
        #expect(received == [1_583_020_803_234_268_000, 1_583_020_803_307_160_000, 1_583_020_805_000_000_000])
    }

    @Test func `tardis files without trades or a best price are left out with the reason`() throws {
        let row = "deribit,BTC,1583020803145000,1583020803307160,"
        try write(
            "ok_book_snapshot_5.csv",
            tardisHeader + "asks[0].price,asks[0].amount,bids[0].price,bids[0].amount\n\(row)5,6,4,7\n")
        try write("l2.csv", tardisHeader + "is_snapshot,side,price,amount\n\(row)true,ask,1,1\n")
        try write("x_liquidations_BTC.csv", tardisHeader + "id,side,price,amount\n\(row)1,buy,1,1\n")
        try write("ticker.csv", tardisHeader + "funding_timestamp,funding_rate,mark_price\n\(row)1,1,1\n")
        let (output, plan) = try play()
        #expect(output.events.quotes.bid[0] == 4 && output.events.quotes.bidSize[0] == 7)
        #expect(output.events.quotes.ask[0] == 5 && output.events.quotes.askSize[0] == 6)
        #expect(
            plan.skipped.map(\.reason).sorted() == [
                "changes of order books are not played", "it has neither trades nor a best bid and ask",
                "liquidations are no trades of their own",
            ])
    }

    @Test func `Binance files are spot or futures, with header or without, in milliseconds or microseconds`() throws {
        try write("BTCUSDT-trades-2024-12-31.csv", "5,100.5,0.25,25.1,1735603200123,True,True\n")
        try write("ETHUSDT-trades-2025-01-01.csv", "6,100.5,0.25,25.1,1735689600123456,False,True\n")
        try write(
            "BTCUSD_PERP-trades-2024-01-01.csv",
            "id,price,qty,base_qty,time,is_buyer_maker\n7,4,1,1,1704067200001,true\n")
        try write(
            "futures/um/SOLUSDT-bookTicker-2024-01-01.csv",
            "update_id,best_bid_price,best_bid_qty,best_ask_price,best_ask_qty,transaction_time,event_time\n9,1,2,3,4,1704067200001,1704067200002\n"
        )
        try write("um/XRPUSDT-bookDepth-2024-01-01.csv", "timestamp,percentage,depth,notional\n2024-01-01,1,1,1\n")
        let (output, plan) = try play()
        #expect(Set(plan.files.map(\.format)) == ["binance-trades", "binance-book-ticker"])
        let trades = output.events.trades
        let rows = (0..<trades.count).map { row in
            "\(output.instruments[trades.instrument[row]]) #\(trades.tradeID[row]) "
                + "\(Timestamp(nanoseconds: trades.eventTimeNs[row])) \(Side(rawValue: trades.side[row])?.name ?? "")"
        }
        #expect(
            rows == [
                "BINANCE_COINM:BTCUSD_PERP #7 2024-01-01T00:00:00.001Z sell",
                "BINANCE:BTCUSDT #5 2024-12-31T00:00:00.123Z sell",
                "BINANCE:ETHUSDT #6 2025-01-01T00:00:00.123456Z buy",
            ])
        #expect(output.events.quotes.askSize[0] == 4)
        #expect(output.instruments[output.events.quotes.instrument[0]].description == "BINANCE_USDM:SOLUSDT")
        #expect(plan.skipped.map(\.reason) == ["bookDepth has neither trades nor a best bid and ask"])
        #expect(plan.feeds.contains { $0.hasSuffix("/BTCUSDT-trades") })
    }

    @Test func `aggregated trades are played only where the trades are not there`() throws {
        let aggregate = "1,100.5,0.25,5,6,1735603200123,True,True\n"
        try write("BTCUSDT-aggTrades-2024-12-31.csv", aggregate)
        try write("ETHUSDT-aggTrades-2024-12.csv", aggregate)
        try write("BTCUSDT-trades-2024-12-31.csv", "5,100.5,0.25,25.1,1735603200123,True,True\n")
        let plan = try play().plan
        #expect(plan.files.map(\.format).sorted() == ["binance-agg-trades", "binance-trades"])
        #expect(plan.skipped.map(\.reason) == ["aggregates of the trades beside them"])
    }

    private let ticks =
        "<DATE>\t<TIME>\t<BID>\t<ASK>\t<LAST>\t<VOLUME>\t<FLAGS>\r\n"
        + "2023.01.02\t00:02:00.123\t1.07\t1.08\t\t\t6\r\n2023.01.02\t00:02:00.200\t\t1.09\t\t\t4\r\n"
        + "2023.01.02\t00:02:09.300\t1.06\t\t\t\t2\r\n2023.07.03\t00:02:00.400\t1.05\t\t0\t0\t2\r\n"
        + "2023.07.03\t00:02:00.500\t\t\t1.07\t3\t24\r\n2023.07.03\t00:02:00.600\t\t\t\t\t0\r\n"

    @Test func `a blank in a terminal's ticks is the value before, in every frame`() throws {
        try write("EURUSD_202301020002_202307030002.csv", ticks)
        let error = #expect(throws: FeedError.self) { try play() }
        #expect(error?.message.contains("--zone") == true)
        var options = ReplayOptions()
        options.zone = "America/New_York+7"
        let (output, plan) = try play(options)
        #expect(plan.files.map(\.format) == ["mt5-ticks"] && output.instruments[0].description == "MT5:EURUSD")
        let quotes = output.events.quotes
        #expect((0..<quotes.count).map { quotes.bid[$0] } == [1.07, 1.07, 1.06, 1.05])
        #expect((0..<quotes.count).map { quotes.ask[$0] } == [1.08, 1.09, 1.09, 1.09])
        #expect(
            times(quotes.eventTimeNs) == [
                "2023-01-01T22:02:00.123Z", "2023-01-01T22:02:00.200Z", "2023-01-01T22:02:09.300Z",
                "2023-07-02T21:02:00.400Z",
            ])
        #expect(output.events.trades.count == 1 && output.events.trades.size[0] == 3)
        #expect(output.events.deadLetters.count == 1)
        #expect(output.texts[1] == "2023.01.02\t00:02:09.300\t1.06\t1.09\t\t\t2\r\n")
    }

    @Test(arguments: ["plain", "gzip"])
    func `a file that is newest first comes out in the order of time`(packing: String) throws {
        let lines = (0..<2000).map { "\(1_700_002_000 - $0),1,\($0)\n" }
        try write("A.csv", "time,price,size\n" + lines.joined())
        if packing == "gzip" {
            let process = try Process.run(URL(filePath: "/bin/gzip"), arguments: [folder.path + "/A.csv"])
            process.waitUntilExit()
        }
        let (output, plan) = try play()
        #expect(plan.files.count == 1)
        let trades = output.events.trades
        #expect(trades.count == 2000 && output.events.deadLetters.count == 0)
        #expect((1..<2000).allSatisfy { trades.eventTimeNs[$0] > trades.eventTimeNs[$0 - 1] })
        #expect(trades.size[0] == 1999)
        #expect(output.texts.joined() == lines.reversed().joined())
    }

    @Test func `one time that falls does not make a file newest first`() throws {
        try write("A.csv", "time,price,size\n1700000009,1,1\n1700000001,1,2\n1700000002,1,3\n1700000003,1,4\n")
        let trades = try play().output.events.trades
        #expect((0..<4).map { trades.size[$0] } == [1, 2, 3, 4])
    }
}

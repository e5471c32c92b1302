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

    private func bars(_ output: RecordingOutput) -> [String] { DecodedBars.texts(output.events, output.instruments) }

    @Test func `HistData minutes are bars of the bid, in both layouts`() throws {
        try write("DAT_ASCII_EURUSD_M1_2012.csv", "20120201 000000;1.3066;1.3067;1.30656;1.3066;0\n")
        try write("DAT_MT_GBPUSD_M1_2012.csv", "2012.07.01,00:01,1.5,1.6,1.4,1.55,0\n")
        let (output, plan) = try play()
        #expect(Set(plan.files.map(\.format)) == ["histdata-m1"])
        #expect(
            bars(output) == [
                "HISTDATA:EURUSD histdata bid 1m 2012-02-01T05:00:00Z 1.3066 1.3067 1.30656 1.3066 x 0.0",
                "HISTDATA:GBPUSD histdata bid 1m 2012-07-01T05:01:00Z 1.5 1.6 1.4 1.55 x 0.0",
            ])
    }

    @Test func `bars exported from MetaTrader are the broker's bid, with their ticks counted`() throws {
        try write(
            "EURUSD_H1_202301020000_202301312300.csv",
            "<DATE>\t<TIME>\t<OPEN>\t<HIGH>\t<LOW>\t<CLOSE>\t<TICKVOL>\t<VOL>\t<SPREAD>\n"
                + "2023.01.02\t00:00:00\t1.07\t1.08\t1.06\t1.075\t99\t0\t3\n")
        try write("GBPUSD60.csv", "2023.07.03,01:00,1.2,1.3,1.1,1.25,7\n")
        #expect(throws: FeedError.self) { try play() }
        var options = ReplayOptions()
        options.zone = "UTC+2"
        let (output, plan) = try play(options)
        #expect(plan.files.map(\.format).sorted() == ["mt4-bars", "mt5-bars"])
        #expect(
            bars(output) == [
                "MT5:EURUSD metatrader bid 1h 2023-01-01T22:00:00Z 1.07 1.08 1.06 1.075 x 0.0 of 99",
                "MT5:GBPUSD metatrader bid 1h 2023-07-02T23:00:00Z 1.2 1.3 1.1 1.25 x 0.0 of 7",
            ])
    }

    @Test func `Binance klines have their trades counted and an average price`() throws {
        try write(
            "BTCUSDT-1m-2025-01-01.csv",
            "1735689600000000,10,12,9,11,2,1735689659999999,21,5,1,1,0\n"
                + "1735689660000000,11,11,11,11,0,1735689719999999,0,0,0,0,0\n")
        try write("BTCUSDT-3m-2025-01-01.csv", "1735689600000000,10,12,9,11,2,1735689659999999,21,5,1,1,0\n")
        let (output, plan) = try play()
        #expect(
            bars(output) == [
                "BINANCE:BTCUSDT binance trade 1m 2025-01-01T00:00:00Z 10.0 12.0 9.0 11.0 x 2.0 of 5 average 10.5",
                "BINANCE:BTCUSDT binance trade 1m 2025-01-01T00:01:00Z 11.0 11.0 11.0 11.0 x 0.0",
            ])
        #expect(plan.skipped.map(\.reason).first?.hasPrefix("bars of `3m` are not kept") == true)
    }

    @Test func `Alpha Vantage minutes are dated by their ends where the session says so`() throws {
        try write(
            "a.csv", "time,open,high,low,close,volume\n2020-12-18 09:31:00,2,3,1,2,7\n2020-12-18 09:30:00,1,2,1,2,5\n")
        try write(
            "b.csv",
            "timestamp,open,high,low,close,volume\n2020-07-18 09:31:00,2,3,1,2,7\n2020-07-18 09:30:00,1,2,1,2,5\n")
        try write(
            "c.csv",
            "timestamp,open,high,low,close,adjusted_close,volume,dividend_amount,split_coefficient\n"
                + "2020-08-31,2,3,1,2,2,7,0.0000,4.0\n2020-08-28,8,9,7,8,2,5,0.82,1.0\n")
        try write("d.csv", "timestamp,open,high,low,close,volume\n2020-12-18,2,3,1,2,7\n2020-12-11,1,2,1,2,5\n")
        var options = ReplayOptions()
        options.symbol = "MSFT"
        let (output, plan) = try play(options)
        #expect(Set(plan.files.map(\.format)) == ["alphavantage"] && plan.skipped.count == 1)
        #expect(
            bars(output) == [
                "ALPHAVANTAGE:MSFT alphavantage trade 1m 2020-07-18T13:30:00Z 1.0 2.0 1.0 2.0 x 5.0",
                "ALPHAVANTAGE:MSFT alphavantage trade 1m 2020-07-18T13:31:00Z 2.0 3.0 1.0 2.0 x 7.0",
                "ALPHAVANTAGE:MSFT alphavantage trade 1d 2020-08-28T04:00:00Z 8.0 9.0 7.0 8.0 x 5.0 adjusted 2.0",
                "ALPHAVANTAGE:MSFT alphavantage trade 1d 2020-08-31T04:00:00Z 2.0 3.0 1.0 2.0 x 7.0 adjusted 2.0",
                "ALPHAVANTAGE:MSFT alphavantage trade 1m 2020-12-18T14:29:00Z 1.0 2.0 1.0 2.0 x 5.0",
                "ALPHAVANTAGE:MSFT alphavantage trade 1m 2020-12-18T14:30:00Z 2.0 3.0 1.0 2.0 x 7.0",
            ])
        #expect(
            DecodedBars.actions(output.events, output.instruments) == [
                "ALPHAVANTAGE:MSFT dividend 0.82 2020-08-28T04:00:00Z",
                "ALPHAVANTAGE:MSFT split 4.0 2020-08-31T04:00:00Z",
            ])
    }

    @Test func `Yahoo names, weeks and corrected files`() throws {
        let header = "Date,Open,High,Low,Close,Adj Close,Volume,Dividends,Stock Splits\n"
        try write(
            "AV-L-1wk-bad.csv",
            header + "2021-12-20 00:00:00+00:00,4,5,3,4,4,9,0.0,0.0\n2021-12-13 00:00:00+00:00,3,4,2,3,3,8,0.0,0.0\n")
        try write(
            "AV-L-1wk-bad-fixed.csv",
            header + "2021-12-20 00:00:00+00:00,4,5,3,4.5,4,9,0.0,0.0\n2021-12-13 00:00:00+00:00,3,4,2,3,3,8,0.0,0.0\n")
        try write(
            "BRK-B.csv",
            "Date,Open,High,Low,Close,Adj Close,Volume\n2024-01-02,3,4,2,3,2.5,8\n2024-01-05,3,4,2,3,2.5,8\n")
        let (output, plan) = try play()
        #expect(Set(plan.files.map(\.format)) == ["yahoo"])
        #expect(
            bars(output) == [
                "YAHOO:AV.L yahoo trade 1w 2021-12-13T00:00:00Z 3.0 4.0 2.0 3.0 x 8.0 adjusted 3.0",
                "YAHOO:AV.L yahoo trade 1w 2021-12-20T00:00:00Z 4.0 5.0 3.0 4.0 x 9.0 adjusted 4.0",
                "YAHOO:AV.L yahoo trade 1w 2021-12-13T00:00:00Z 3.0 4.0 2.0 3.0 x 8.0 adjusted 3.0",
                "YAHOO:AV.L yahoo trade 1w 2021-12-20T00:00:00Z 4.0 5.0 3.0 4.5 x 9.0 adjusted 4.0",
                "YAHOO:BRK-B yahoo trade 1d 2024-01-02T00:00:00Z 3.0 4.0 2.0 3.0 x 8.0 adjusted 2.5",
                "YAHOO:BRK-B yahoo trade 1d 2024-01-05T00:00:00Z 3.0 4.0 2.0 3.0 x 8.0 adjusted 2.5",
            ])
    }

    @Test(arguments: [("10:00,10:05,10:15", "5m"), ("10:00,11:00", "1h"), ("10:00,10:07", ""), ("10:00", "")])
    func `the length of bars is the smallest step between them`(times: String, length: String) throws {
        let lines = times.split(separator: ",").map { "2024-01-02 \($0):00,1,1,1,1\n" }
        try write("ABC.csv", "time,open,high,low,close\n" + lines.joined())
        if length.isEmpty {
            #expect(throws: FeedError.self) { try play() }
            var options = ReplayOptions()
            options.interval = "1d"
            #expect(bars(try play(options).output).allSatisfy { $0.contains(" 1d ") })
        } else {
            #expect(bars(try play().output).allSatisfy { $0.contains("FILE:ABC file trade \(length) ") })
        }
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

import Networking

@testable import Feeds

extension ConformingFeed {
    private static let binanceSymbols = ["BTCUSDT", "ETHUSDT"]

    static let binance = ConformingFeed(
        name: "binance", instruments: binanceSymbols.map { "BINANCE:\($0)" },
        lines: { venue in
            let feed = try BinanceFeed(
                options(BinanceFeed.spec, venue, ["symbols=BTCUSDT,ETHUSDT", "history_url=\(venue.historyURL)"]))
            return (feed.lines, feed.client)
        },
        asked: { text in
            let message = object(text)
            guard message["method"] as? String == "SUBSCRIBE", let streams = message["params"] as? [String] else {
                return []
            }
            return binanceSymbols.indices.filter { streams.contains(binanceSymbols[$0].lowercased() + "@trade") }
        },
        confirmation: { [#"{"result":null,"id":\#(object($0)["id"] as? Int ?? 0)}"#] },
        trade: { place, number in
            let symbol = binanceSymbols[place], time = timeMs(number)
            return
                #"{"stream":"\#(symbol.lowercased())@trade","data":{"e":"trade","E":\#(time),"s":"\#(symbol)","t":\#(number),"p":"100.25","q":"2","T":\#(time),"m":true,"M":true}}"#
        },
        noise: [#"{"stream":"btcusdt@depth","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","b":[],"a":[]}}"#],
        malformed: #"{"stream":"btcusdt@trade","data":{"e":"trade","#,
        history: History { request, traded, size in
            guard request.path == "/api/v3/historicalTrades", let symbol = request.query["symbol"],
                let place = binanceSymbols.firstIndex(of: symbol), let last = traded[place],
                let first = request.query["fromId"].flatMap({ Int64($0) }),
                let limit = request.query["limit"].flatMap({ Int64($0) }), first <= last, limit > 0
            else { return nil }
            let rows = (first...min(last, first + min(limit, size) - 1)).map { number in
                #"{"id":\#(number),"price":"100.25","qty":"2","quoteQty":"200.5","time":\#(timeMs(number)),"isBuyerMaker":true,"isBestMatch":true}"#
            }
            return "[\(rows.joined(separator: ","))]"
        })
}

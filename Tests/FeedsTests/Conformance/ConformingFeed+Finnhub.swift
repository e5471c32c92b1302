@testable import Feeds

extension ConformingFeed {
    private static let finnhubSymbols = ["AAPL", "BINANCE:BTCUSDT"]

    static let finnhub = ConformingFeed(
        name: "finnhub", instruments: ["US:AAPL", "BINANCE:BTCUSDT"], secret: "s3cr3t",
        lines: { venue in
            let symbols = finnhubSymbols.joined(separator: ",")
            let feed = try FinnhubFeed(options(FinnhubFeed.spec, venue, ["token=s3cr3t", "symbols=\(symbols)"]))
            return ([feed.venue], nil)
        },
        asked: { text in
            let message = object(text)
            guard message["type"] as? String == "subscribe", let symbol = message["symbol"] as? String else {
                return []
            }
            return finnhubSymbols.indices.filter { finnhubSymbols[$0] == symbol }
        },
        trade: { place, number in
            #"{"data":[{"c":null,"p":100.25,"s":"\#(finnhubSymbols[place])","t":\#(timeMs(number)),"v":2}],"type":"trade"}"#
        },
        noise: [#"{"type":"ping"}"#], malformed: #"{"data":[{"p":"#, hasNumbers: false)
}

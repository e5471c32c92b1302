import Networking
import Platform
import Testing

@testable import Feeds

/// Options of the crypto venues, and what is asked of each.
@Suite struct VenueFeedTests {
    private func binance(_ assignments: String...) throws -> BinanceFeed {
        try BinanceFeed(Options(BinanceFeed.spec, assignments: assignments))
    }

    @Test func `a market has its own endpoint and venue`() throws {
        let spot = try binance("symbols=btcusdt"), futures = try binance("symbols=BTCUSDT", "market=usdm")
        #expect("\(spot.lines[0].url)" == "wss://stream.binance.com:9443/stream")
        #expect(spot.settings == #"{"decoder":"binance","continues":"true","venue":"BINANCE"}"#)
        #expect("\(futures.lines[0].url)" == "wss://fstream.binance.com/stream")
        #expect(futures.settings.contains(#""venue":"BINANCE_USDM""#))
        #expect(try binance("symbols=X", "market=coinm", "venue=MINE").settings.contains(#""venue":"MINE""#))
    }

    @Test func `streams are asked for in parts, and over as many connections as the venue wants`() throws {
        let symbols = (0..<1500).map { "S\($0)" }.joined(separator: ",")
        let lines = try binance("symbols=\(symbols)").lines
        #expect(lines.map(\.subscribe.count) == [6, 6, 5])
        let streams = lines.flatMap(\.subscribe).joined().split(separator: "\"").filter { $0.contains("@") }
        #expect(streams.count == 3000 && Set(streams).count == 3000)
        #expect(
            lines[0].subscribe[0].hasPrefix(#"{"method":"SUBSCRIBE","params":["s0@trade","s0@bookTicker","s1@trade""#))
        #expect(lines[0].policy.orderIntervalNs >= 200_000_000, "five messages a second at most")
        #expect(lines[0].policy.lifetimeNs.map { $0 < 24 * 3_600_000_000_000 } == true)
        #expect(lines[0].subscribe.allSatisfy { $0.utf8.count < 8192 })
    }

    @Test func `missed trades are asked for where the venue gives them out`() throws {
        let gap = SequenceGap(symbol: "BTCUSDT", first: 100, last: 5000, afterNs: 0)
        let trades = try #require(try binance("symbols=X").lines[0].history).request(gap)
        #expect(
            "\(trades.url.origin)\(trades.url.target)"
                == "https://api.binance.com/api/v3/historicalTrades?symbol=BTCUSDT&fromId=100&limit=1000")
        let aggregates = try #require(
            try binance("symbols=X", "market=usdm", "channels=aggregate_trades").lines[0].history)
        #expect(try aggregates.request(gap).url.target == "/fapi/v1/aggTrades?symbol=BTCUSDT&fromId=100&limit=1000")
        #expect(try binance("symbols=X", "market=usdm").lines[0].history == nil)
        let keyed = try #require(try binance("symbols=X", "market=coinm", "key=k3y").lines[0].history).request(gap)
        #expect(keyed.url.target == "/dapi/v1/historicalTrades?symbol=BTCUSDT&fromId=100&limit=1000")
        #expect(keyed.headers["X-MBX-APIKEY"] == "k3y" && !"\(keyed.url)".contains("k3y"))
        #expect(try binance("symbols=X", "channels=quotes").client == nil)
        #expect(try binance("symbols=X", "backfill=0").client == nil)
    }

    @Test func `Coinbase and Kraken are asked as their venues want it`() throws {
        let coinbase = try CoinbaseFeed(Options(CoinbaseFeed.spec, assignments: ["symbols=BTC-USD,ETH-USD"]))
        #expect(
            coinbase.venue.subscribe == [
                #"{"type":"subscribe","product_ids":["BTC-USD","ETH-USD"],"channels":["matches","ticker"]}"#,
                #"{"type":"subscribe","product_ids":["BTC-USD"],"channels":["heartbeat"]}"#,
            ])
        let gap = SequenceGap(symbol: "BTC-USD", first: 10, last: 20, afterNs: 0)
        #expect(try coinbase.venue.history?.request(gap).url.target == "/products/BTC-USD/trades?after=21&limit=11")
        let kraken = try KrakenFeed(
            Options(KrakenFeed.spec, assignments: ["symbols=BTC/USD", "channels=trades,quotes"]))
        #expect(
            kraken.venue.subscribe == [
                #"{"method":"subscribe","params":{"channel":"trade","snapshot":true,"symbol":["BTC/USD"]}}"#,
                #"{"method":"subscribe","params":{"channel":"ticker","event_trigger":"bbo","snapshot":true,"symbol":["BTC/USD"]}}"#,
            ])
    }

    @Test(arguments: [
        (["symbols="], "names no instrument"), (["symbols=A,B,a"], "names A twice"), (["symbols=A B"], "no name"),
        (["symbols=A", "channels=trades,aggregate_trades"], "choose one of them"), (["symbols=A", "channels=x"], "x"),
        (["symbols=A", "url=http://x"], "wss://stream.binance.com"),
        (["symbols=A", "history_url=ftp://x"], "https://"),
        (["symbols=A", "history_url=https://x?key=1"], "query"), (["symbols=A", "backfill=-1"], "negative"),
        (["symbols=A", "stale=0s"], "time span"), (["symbols=A", "market=x"], "spot"),
        (["symbols=A", "authorities=/no/such/file"], "/no/such/file"),
        (["symbols=\((0..<6000).map { "S\($0)" }.joined(separator: ","))"], "10240"),
    ])
    func `options that are of no use are explained`(_ assignments: [String], _ expected: String) {
        let error = #expect(throws: ConfigError.self) {
            try BinanceFeed(Options(BinanceFeed.spec, assignments: assignments))
        }
        #expect(error?.description.contains(expected) == true, "\(error.debugDescription)")
    }
}

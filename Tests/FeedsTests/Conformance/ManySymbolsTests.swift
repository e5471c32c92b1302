import Synchronization
import Testing

@testable import Feeds

/// Feeds of two thousand instruments on one connection.
@Suite(.serialized) struct ManySymbolsTests {
    private static let count = 2000

    /// A venue's feed of many instruments.
    ///
    /// - Parameter name: `coinbase`, `finnhub` or `kraken`: Binance takes no more than 1,024 streams on a connection.
    private static func feed(_ name: String) -> ConformingFeed {
        let ending = ["coinbase": "-USD", "kraken": "/USD"][name] ?? ""
        let symbols = (0..<count).map { "S\($0)\(ending)" }
        let places = Dictionary(uniqueKeysWithValues: symbols.enumerated().map { ($0.element, $0.offset) })
        let list = "symbols=\(symbols.joined(separator: ","))"
        let venue = ["coinbase": "COINBASE", "kraken": "KRAKEN"][name] ?? "US"
        return ConformingFeed(
            name: name, instruments: symbols.map { "\(venue):\($0)" },
            lines: { server in
                switch name {
                case "coinbase":
                    let options = try ConformingFeed.options(CoinbaseFeed.spec, server, [list, "backfill=0"])
                    return ([try CoinbaseFeed(options).venue], nil)
                case "kraken":
                    let options = try ConformingFeed.options(KrakenFeed.spec, server, [list, "backfill=0"])
                    return ([try KrakenFeed(options).venue], nil)
                default:
                    let options = try ConformingFeed.options(
                        FinnhubFeed.spec, server, [list, "token=s", "symbol_limit=\(count)"])
                    return ([try FinnhubFeed(options).venue], nil)
                }
            },
            asked: { text in
                let message = ConformingFeed.object(text), parameters = message["params"] as? [String: Any] ?? [:]
                let names =
                    message["product_ids"] as? [String] ?? parameters["symbol"] as? [String]
                    ?? (message["symbol"] as? String).map { [$0] } ?? []
                let channel =
                    (message["channels"] as? [String])?.contains("matches")
                    ?? (parameters["channel"] as? String == "trade")
                return channel || name == "finnhub" ? names.compactMap { places[$0] } : []
            },
            trade: { place, number in
                let time = ConformingFeed.timeText(number)
                switch name {
                case "coinbase":
                    return
                        #"{"type":"match","trade_id":\#(number),"side":"buy","size":"2","price":"100.25","product_id":"\#(symbols[place])","sequence":7,"time":"\#(time)"}"#
                case "kraken":
                    return
                        #"{"channel":"trade","type":"update","data":[{"symbol":"\#(symbols[place])","side":"sell","price":100.25,"qty":2.0,"ord_type":"market","trade_id":\#(number),"timestamp":"\#(time)"}]}"#
                default:
                    return
                        #"{"data":[{"c":null,"p":100.25,"s":"\#(symbols[place])","t":\#(ConformingFeed.timeMs(number)),"v":2}],"type":"trade"}"#
                }
            },
            noise: [], malformed: "{", hasNumbers: name != "finnhub")
    }

    @Test(arguments: ["coinbase", "finnhub", "kraken"])
    func `two thousand instruments are asked for on one connection, and again on the next`(name: String) throws {
        let feed = Self.feed(name)
        let running = try RunningFeed(feed)
        defer { running.stop() }
        running.venue.waitUntilAsked()
        for place in 0..<Self.count { running.venue.trade(place) }
        let first = (0..<Self.count).reduce(into: Set<ConformanceOutput.Trade>()) {
            $0.formUnion(feed.expected($1, 1...1))
        }
        running.expect(first)
        running.venue.hangUp()
        running.venue.waitUntilAsked(connections: 2)
        for place in 0..<Self.count { running.venue.trade(place) }
        running.expect((0..<Self.count).reduce(into: first) { $0.formUnion(feed.expected($1, 2...2)) })
        #expect(running.venue.state.withLock { $0.opened } == 2)
        #expect(running.output.state.deadLetters.isEmpty)
    }
}

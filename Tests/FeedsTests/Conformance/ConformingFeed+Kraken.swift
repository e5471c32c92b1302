import Networking

@testable import Feeds

extension ConformingFeed {
    private static let pairs = ["BTC/USD", "ETH/USD"]

    static let kraken = ConformingFeed(
        name: "kraken", instruments: pairs.map { "KRAKEN:\($0)" },
        lines: { venue in
            let feed = try KrakenFeed(
                options(
                    KrakenFeed.spec, venue,
                    ["symbols=\(pairs.joined(separator: ","))", "history_url=\(venue.historyURL)"]))
            return ([feed.venue], feed.client)
        },
        asked: { text in
            let message = object(text), parameters = message["params"] as? [String: Any] ?? [:]
            guard message["method"] as? String == "subscribe", parameters["channel"] as? String == "trade",
                let names = parameters["symbol"] as? [String]
            else { return [] }
            return pairs.indices.filter { names.contains(pairs[$0]) }
        },
        confirmation: { _ in
            [#"{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"BTC/USD"},"success":true}"#]
        },
        greeting: [
            #"{"channel":"status","data":[{"api_version":"v2","connection_id":1,"system":"online","version":"2.0.0"}],"type":"update"}"#
        ],
        trade: { place, number in
            #"{"channel":"trade","type":"update","data":[{"symbol":"\#(pairs[place])","side":"sell","price":100.25,"qty":2.0,"ord_type":"market","trade_id":\#(number),"timestamp":"\#(timeText(number))"}]}"#
        },
        noise: [#"{"channel":"heartbeat"}"#], malformed: #"{"channel":"trade","type":"update","data":[{"#,
        history: History { request, traded, size in
            guard request.path == "/0/public/Trades", let pair = request.query["pair"],
                let place = ["XBTUSD", "ETHUSD"].firstIndex(of: pair), let last = traded[place], last > 0,
                let since = request.query["since"].flatMap({ Int64($0) })
            else { return nil }
            let rows = (1...last).filter { timeNs($0) > since }.prefix(Int(size)).map { number in
                let time = timeMs(number), decimals = "\(1000 + time % 1000)".dropFirst()
                return #"["100.25","2",\#(time / 1000).\#(decimals),"s","m","",\#(number)]"#
            }
            return #"{"error":[],"result":{"X\#(pair)":[\#(rows.joined(separator: ","))],"last":"1"}}"#
        })
}

import Networking

@testable import Feeds

extension ConformingFeed {
    private static let products = ["BTC-USD", "ETH-USD"]

    static let coinbase = ConformingFeed(
        name: "coinbase", instruments: products.map { "COINBASE:\($0)" },
        lines: { venue in
            let feed = try CoinbaseFeed(
                options(
                    CoinbaseFeed.spec, venue,
                    ["symbols=\(products.joined(separator: ","))", "history_url=\(venue.historyURL)"]))
            return ([feed.venue], feed.client)
        },
        asked: { text in
            let message = object(text)
            guard message["type"] as? String == "subscribe", let names = message["product_ids"] as? [String],
                (message["channels"] as? [String])?.contains("matches") == true
            else { return [] }
            return products.indices.filter { names.contains(products[$0]) }
        },
        confirmation: { _ in [#"{"type":"subscriptions","channels":[{"name":"matches","product_ids":["BTC-USD"]}]}"#] },
        trade: { place, number in
            #"{"type":"match","trade_id":\#(number),"maker_order_id":"2a0da34e-61f7-4c36-88e5-c9dd15927b16","taker_order_id":"3c82abaa-c01e-4608-be59-6a1e69742891","side":"buy","size":"2","price":"100.25","product_id":"\#(products[place])","sequence":\#(number * 7),"time":"\#(timeText(number))"}"#
        },
        noise: [
            #"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#
        ],
        malformed: #"{"type":"match","trade_id":"#,
        history: History { request, traded, size in
            guard let place = products.indices.first(where: { request.path == "/products/\(products[$0])/trades" }),
                let last = traded[place], let after = request.query["after"].flatMap({ Int64($0) }),
                let limit = request.query["limit"].flatMap({ Int64($0) }), after > 1
            else { return nil }
            let newest = min(last, after - 1)
            let rows = (max(1, newest - min(limit, size) + 1)...newest).reversed().map { number in
                #"{"time":"\#(timeText(number))","trade_id":\#(number),"price":"100.25","size":"2","side":"buy"}"#
            }
            return "[\(rows.joined(separator: ","))]"
        })
}

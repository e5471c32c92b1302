internal import Platform

/// Frames in a venue's form, from a fixed seed, one behind the other with readable bytes at the end.
struct BenchFrames {
    private(set) var bytes: [UInt8] = []
    private(set) var ranges: [Range<Int>] = []
    /// Trades and quotes in the frames.
    private(set) var events = 0
    private var state: UInt64 = 42
    private var timeMs = 1_700_000_000_000
    private var number = 3_735_683_259

    init(_ format: DecodeBench.Format, events wanted: Int) {
        while events < wanted {
            let start = bytes.count
            let (text, count) =
                switch format {
                case .finnhub: finnhub()
                case .binance: binance()
                case .coinbase: coinbase()
                case .kraken: kraken()
                case .mt5: mt5()
                case .bars: bars(isCSV: false)
                case .barsCSV: bars(isCSV: true)
                }
            bytes += text.utf8
            ranges.append(start..<bytes.count)
            events += count
        }
        bytes += Array(repeating: UInt8(ascii: " "), count: 64)
    }

    private mutating func random(_ bound: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int((state >> 33) % UInt64(bound))
    }

    private mutating func price() -> String { "\(10 + random(60_000)).\(10 + random(90))" }

    /// A time of 2023-11-14 with microseconds, a little later than the one before.
    private mutating func time() -> String {
        timeMs += random(3)
        func two(_ value: Int) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let second = timeMs / 1000 % 3600
        return "2023-11-14T22:\(two(second / 60)):\(two(second % 60)).\(100_000 + random(900_000))Z"
    }

    private mutating func finnhub() -> (String, Int) {
        let conditions = ["null", "[\"1\"]", "[\"1\",\"12\"]", "[\"1\",\"8\",\"24\"]"]
        let count = 5 + random(11)
        let events = (0..<count).map { _ -> String in
            let symbol = random(2) == 0 ? "BINANCE:SYM\(random(50))USDT" : "SY\(random(50))"
            let price = "\(10 + random(900)).\(10 + random(90))"
            timeMs += random(3)
            return
                "{\"c\":\(conditions[random(4)]),\"p\":\(price),\"s\":\"\(symbol)\",\"t\":\(timeMs),\"v\":\(1 + random(500))}"
        }
        return ("{\"data\":[\(events.joined(separator: ","))],\"type\":\"trade\"}", count)
    }

    private mutating func binance() -> (String, Int) {
        let place = random(100)
        let (symbol, stream) = ("SYM\(place)USDT", "sym\(place)usdt")
        timeMs += random(3)
        number += 1
        let amount = "0.\(10_000_000 + random(90_000_000))"
        let text =
            switch random(3) {
            case 0:
                "{\"stream\":\"\(stream)@trade\",\"data\":{\"e\":\"trade\",\"E\":\(timeMs),\"s\":\"\(symbol)\",\"t\":\(number),\"p\":\"\(price())000000\",\"q\":\"\(amount)\",\"T\":\(timeMs),\"m\":\(random(2) == 0),\"M\":true}}"
            case 1:
                "{\"stream\":\"\(stream)@aggTrade\",\"data\":{\"e\":\"aggTrade\",\"E\":\(timeMs),\"s\":\"\(symbol)\",\"a\":\(number),\"p\":\"\(price())000000\",\"q\":\"\(amount)\",\"f\":\(number),\"l\":\(number),\"T\":\(timeMs),\"m\":\(random(2) == 0),\"M\":true}}"
            default:
                "{\"stream\":\"\(stream)@bookTicker\",\"data\":{\"u\":\(number),\"s\":\"\(symbol)\",\"b\":\"\(price())000000\",\"B\":\"\(amount)\",\"a\":\"\(price())000000\",\"A\":\"\(amount)\"}}"
            }
        return (text, 1)
    }

    private mutating func coinbase() -> (String, Int) {
        number += 1
        let (product, side) = ("SYM\(random(100))-USD", random(2) == 0 ? "buy" : "sell")
        let order = "b89c7714-5827-42cc-a39c-\(100_000_000_000 + random(100_000_000))"
        if random(2) == 0 {
            return (
                "{\"type\":\"match\",\"trade_id\":\(number),\"maker_order_id\":\"\(order)\",\"taker_order_id\":\"\(order)\",\"side\":\"\(side)\",\"size\":\"0.\(10_000_000 + random(90_000_000))\",\"price\":\"\(price())\",\"product_id\":\"\(product)\",\"sequence\":\(number * 3),\"time\":\"\(time())\"}",
                1
            )
        }
        return (
            "{\"type\":\"ticker\",\"sequence\":\(number * 3),\"product_id\":\"\(product)\",\"price\":\"\(price())\",\"open_24h\":\"\(price())\",\"volume_24h\":\"1836.96781750\",\"low_24h\":\"\(price())\",\"high_24h\":\"\(price())\",\"volume_30d\":\"175984.53012145\",\"best_bid\":\"\(price())\",\"best_bid_size\":\"0.19921154\",\"best_ask\":\"\(price())\",\"best_ask_size\":\"0.05223077\",\"side\":\"\(side)\",\"time\":\"\(time())\",\"trade_id\":\(number),\"last_size\":\"0.00000025\"}",
            1
        )
    }

    /// Days from 2005 on, rising a little.
    private mutating func bars(isCSV: Bool) -> (String, Int) {
        var rows: [String] = []
        for day in 0..<5000 {
            let date = CivilDate(daysSinceEpoch: 12_784 + Int64(day))
            let price = Double(100 + day / 50) + Double(random(90)) / 100
            let values = [price, price + 1.5, price - 1.25, price + 0.5].map(JSONText.number)
            let (volume, adjusted) = (10_000_000 + random(90_000_000), JSONText.number(0.75 * (price + 0.5)))
            rows.append(
                isCSV
                    ? "\(date),\(values.joined(separator: ",")),\(volume),\(adjusted),0.0"
                    : "{\"date\":\"\(date)T00:00:00.000Z\",\"close\":\(values[3]),\"high\":\(values[1]),\"low\":\(values[2]),"
                        + "\"open\":\(values[0]),\"volume\":\(volume),\"adjClose\":\(adjusted),\"divCash\":0.0,\"splitFactor\":1.0}"
            )
        }
        let head =
            "{\"symbol\":\"SYM\(random(100))\",\"venue\":\"US\",\"fetched_at\":\"2023-11-14T22:00:00Z\",\"status\":200}\n"
        let names = "date,open,high,low,close,volume,adjClose,divCash\n"
        let body = isCSV ? names + rows.joined(separator: "\n") : "[\(rows.joined(separator: ","))]"
        return (head + body, rows.count)
    }

    private mutating func kraken() -> (String, Int) {
        if random(2) == 0 {
            let count = 1 + random(3)
            let trades = (0..<count).map { _ -> String in
                number += 1
                return
                    "{\"symbol\":\"SYM\(random(100))/USD\",\"side\":\"\(random(2) == 0 ? "buy" : "sell")\",\"price\":\(price()),\"qty\":0.\(10_000_000 + random(90_000_000)),\"ord_type\":\"limit\",\"trade_id\":\(number),\"timestamp\":\"\(time())\"}"
            }
            return ("{\"channel\":\"trade\",\"type\":\"update\",\"data\":[\(trades.joined(separator: ","))]}", count)
        }
        return (
            "{\"channel\":\"ticker\",\"type\":\"update\",\"data\":[{\"symbol\":\"SYM\(random(100))/USD\",\"bid\":\(price()),\"bid_qty\":0.\(10_000_000 + random(90_000_000)),\"ask\":\(price()),\"ask_qty\":1361.44813783,\"last\":\(price()),\"volume\":997038.98383185,\"vwap\":\(price()),\"low\":\(price()),\"high\":\(price()),\"change\":-17.5,\"change_pct\":-0.17,\"timestamp\":\"\(time())\"}]}",
            1
        )
    }

    private mutating func mt5() -> (String, Int) {
        let count = 5 + random(11)
        let ticks = (0..<count).map { _ -> String in
            timeMs += random(3)
            let (bid, pips) = (10_000 + random(80_000), 1 + random(9))
            return "[\(timeMs),\(random(2)),1.\(bid),1.\(bid + pips),0.0,0.0,\(random(3) == 0 ? 2 : 6)]"
        }
        number += 1
        return (
            "{\"type\":\"ticks\",\"seq\":\(number),\"symbol\":\"SYM\(random(100))\",\"offset_s\":10800,\"ticks\":[\(ticks.joined(separator: ","))]}",
            count
        )
    }
}

import Feeds
import Market
import TestKit
import Testing

/// The forms in which crypto venues write their frames, sound and broken, against the walk over tokens.
@Suite struct VenueFormTests {
    private typealias Make = @Sendable (DecoderContext, Bool) -> any FeedDecoder
    private typealias Frame = @Sendable (inout SeededGenerator) -> String

    /// One of the texts, mostly of the first three.
    private static func pick(_ texts: [String], _ random: inout SeededGenerator) -> String {
        let isOdd = Int.random(in: 0..<25, using: &random) == 0
        return (isOdd ? texts[...] : texts.prefix(3)).randomElement(using: &random)!
    }

    private static let numbers = [
        "1", "61837.63000000", "0.02", "0", "0.0", "1000000.00000000", "123456789012345", "00.5", "5.", ".5", "-1",
        "1e-07",
        "1e999", "", "0.1000000000000000055511151231257827", "x", "1 ",
    ]
    private static let counts = [
        "1", "3735683259", "1723161255342", "0", "01", "-5", "123456789012345", "1234567890123456",
        "12345678901234567890",
        "1.5", "\"1\"", "null", "7258118400000",
    ]
    private static let names = [
        "BTCUSDT", "A", "ETH-USD", "", "A\\u0041", "A\\\\", "}", "]}", "é", "\\q", String(repeating: "N", count: 31),
        String(repeating: "N", count: 32), String(repeating: "N", count: 140),
    ]
    private static let times = [
        "2021-04-17T16:43:37.089723Z", "2026-10-03T20:58:31.127510Z", "1970-01-01T00:00:00.000000Z",
        "2021-04-17T16:43:37Z",
        "2021-02-29T16:43:37.089723Z", "2200-01-01T00:00:00.000000Z", "9999-12-31T23:59:59.999999Z", "",
        "2021-04-17T16:43:37.089723+00:00", "2021-04-17T16:43:37.08972}Z",
    ]

    private static let binance: Frame = { random in
        let name = pick(names, &random), time = pick(counts, &random),
            flag = pick(["true", "false", "true", "1"], &random)
        let kind = pick(["trade", "aggTrade", "bookTicker", "kline"], &random)
        var fields = ["\"s\":\"\(name)\""]
        if Int.random(in: 0..<4, using: &random) != 0 { fields.append("\"e\":\"\(kind)\"") }
        if kind == "bookTicker" {
            fields.append("\"u\":\(pick(counts, &random))")
            for letter in ["b", "B", "a", "A"] { fields.append("\"\(letter)\":\"\(pick(numbers, &random))\"") }
            if Bool.random(using: &random) { fields.append("\"T\":\(time)") }
            if Bool.random(using: &random) { fields.append("\"ps\":\"\(name)\"") }
        } else {
            fields += [
                "\"p\":\"\(pick(numbers, &random))\"", "\"q\":\"\(pick(numbers, &random))\"", "\"T\":\(time)",
                "\"m\":\(flag)",
            ]
            fields.append("\"\(kind == "trade" ? "t" : "a")\":\(pick(counts, &random))")
            fields += ["\"E\":\(time)", "\"M\":true"].prefix(Int.random(in: 0...2, using: &random))
            if Int.random(in: 0..<9, using: &random) == 0 {
                fields.append(pick(["\"X\":\"MARKET\"", "\"a\":\"0\"", "\"x\":[]"], &random))
            }
        }
        let event = "{\(fields.shuffled(using: &random).joined(separator: ","))}"
        guard Bool.random(using: &random) else { return event }
        return "{\"stream\":\"\(pick(["btcusdt", "a_b", "x"] + names, &random))@\(kind)\",\"data\":\(event)}"
    }

    private static let coinbase: Frame = { random in
        let side = pick(["buy", "sell", "buy", "x"], &random), time = pick(times, &random), name = pick(names, &random)
        let order = pick(
            [
                "2a0da34e-61f7-4c36-88e5-c9dd15927b16", "00000000-0000-0000-0000-000000000000",
                "2a0da34e-61f7-4c36-88e5-c9dd15927b16", "2A0da34e-61f7-4c36-88e5-c9dd15927b16", "x",
            ], &random)
        let values = (0..<10).map { _ in pick(numbers, &random) }
        let ids = (pick(counts, &random), pick(counts, &random))
        if Bool.random(using: &random) {
            return
                "{\"type\":\"\(pick(["match", "match", "last_match"], &random))\",\"trade_id\":\(ids.0),\"maker_order_id\":\"\(order)\",\"taker_order_id\":\"\(order)\",\"side\":\"\(side)\",\"size\":\"\(values[0])\",\"price\":\"\(values[1])\",\"product_id\":\"\(name)\",\"sequence\":\(ids.1),\"time\":\"\(time)\"}"
        }
        let hasSizes = Bool.random(using: &random)
        let sizes = hasSizes ? (",\"best_bid_size\":\"\(values[8])\"", ",\"best_ask_size\":\"\(values[9])\"") : ("", "")
        return
            "{\"type\":\"ticker\",\"sequence\":\(ids.0),\"product_id\":\"\(name)\",\"price\":\"\(values[0])\",\"open_24h\":\"\(values[1])\",\"volume_24h\":\"\(values[2])\",\"low_24h\":\"\(values[3])\",\"high_24h\":\"\(values[4])\",\"volume_30d\":\"\(values[5])\",\"best_bid\":\"\(values[6])\"\(sizes.0),\"best_ask\":\"\(values[7])\"\(sizes.1),\"side\":\"\(side)\",\"time\":\"\(time)\",\"trade_id\":\(ids.1),\"last_size\":\"1\"}"
    }

    private static let kraken: Frame = { random in
        let isTrade = Bool.random(using: &random)
        let number = { (random: inout SeededGenerator) in
            pick(numbers.filter { $0 != "" && $0 != "x" } + ["\"1\"", "null"], &random)
        }
        let events = (0..<Int.random(in: 0...3, using: &random)).map { _ in
            let name = pick(names, &random), time = pick(times, &random)
            let values = (0..<10).map { _ in number(&random) }
            if isTrade {
                return
                    "{\"symbol\":\"\(name)\",\"side\":\"\(pick(["buy", "sell", "buy", "b"], &random))\",\"price\":\(values[0]),\"qty\":\(values[1]),\"ord_type\":\"\(pick(["limit", "market", "limit", "\\n", "}]"], &random))\",\"trade_id\":\(pick(counts, &random)),\"timestamp\":\"\(time)\"}"
            }
            let stamp = Bool.random(using: &random) ? ",\"timestamp\":\"\(time)\"" : ""
            return
                "{\"symbol\":\"\(name)\",\"bid\":\(values[0]),\"bid_qty\":\(values[1]),\"ask\":\(values[2]),\"ask_qty\":\(values[3]),\"last\":\(values[4]),\"volume\":\(values[5]),\"vwap\":\(values[6]),\"low\":\(values[7]),\"high\":\(values[8]),\"change\":-\(values[9]),\"change_pct\":0.5\(stamp)}"
        }
        return
            "{\"channel\":\"\(isTrade ? "trade" : "ticker")\",\"type\":\"\(pick(["update", "snapshot", "update"], &random))\",\"data\":[\(events.joined(separator: ","))]}"
    }

    @Test(arguments: 0..<60)
    func `frames of a venue's form, sound and broken, give what the walk over tokens gives`(seed: UInt64) {
        let venues: [(Make, Frame)] = [
            ({ FrameDecoders.binance($0, knowsFixedForm: $1) }, Self.binance),
            ({ FrameDecoders.coinbase($0, knowsFixedForm: $1) }, Self.coinbase),
            ({ FrameDecoders.kraken($0, knowsFixedForm: $1) }, Self.kraken),
        ]
        for (make, frame) in venues {
            var random = SeededGenerator(seed: seed)
            let fast = DecodedFrames { make($0, true) }, general = DecodedFrames { make($0, false) }
            for _ in 0..<400 {
                let bytes = FixedFormTests.bytes(frame(&random), &random)
                let behind = Array(frame(&random).utf8)
                fast.decode(bytes, behind: behind)
                general.decode(bytes, behind: behind)
            }
            #expect(fast.events.trades.count + fast.events.quotes.count > 50 && fast.events.deadLetters.count > 10)
            FixedFormTests.expectEqual(fast, general)
        }
    }
}

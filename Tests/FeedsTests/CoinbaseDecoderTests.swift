import Feeds
import Market
import Platform
import Testing

@Suite struct CoinbaseDecoderTests {
    private func decoded(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.coinbase($0) }
        for frame in frames { result.decode(frame) }
        return result
    }
    private static let match =
        #"{"type":"match","trade_id":280232,"maker_order_id":"2a0da34e-61f7-4c36-88e5-c9dd15927b16","taker_order_id":"3c82abaa-c01e-4608-be59-6a1e69742891","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}"#
    private static let ticker =
        #"{"type":"ticker","sequence":471056947,"product_id":"NMR-EUR","price":"67.021","open_24h":"60.9288","volume_24h":"25744.66700000","low_24h":"60.4695","high_24h":"74.5","volume_30d":"552584.96000000","best_bid":"66.9082","best_ask":"67.0210","side":"buy","time":"2021-04-17T16:43:35.964718Z","trade_id":868598,"last_size":"0.175"}"#
    private static let sized =
        #"{"type":"ticker","sequence":137212619516,"product_id":"BTC-USD","price":"84737.58","open_24h":"84430.55","volume_24h":"1836.96781750","low_24h":"84400","high_24h":"85021.57","volume_30d":"175984.53012145","best_bid":"84737.58","best_bid_size":"0.19921154","best_ask":"84737.59","best_ask_size":"0.05223077","side":"sell","time":"2026-10-03T20:58:31.127510Z","trade_id":1102042811,"last_size":"0.00000025"}"#

    @Test func `a match has its id, and the aggressor's side is the opposite of the maker's`() {
        let last = Self.match.replacing(#""type":"match""#, with: #""type":"last_match""#)
            .replacing(#""side":"sell""#, with: #""side":"buy""#)
        let text = "COINBASE:SKL-BTC 1618677817089723000 1.305e-05 x 985.0"
        #expect(
            decoded(Self.match, Self.match, last).trades == [
                "0/0 \(text) buy #280232", "1/0 \(text) buy #280232", "2/0 \(text) sell #280232",
            ])
    }

    @Test func `a ticker is a quote, with sizes where the venue sends them`() {
        #expect(
            decoded(Self.ticker, Self.ticker, Self.sized, Self.sized).quotes == [
                "0/0 COINBASE:NMR-EUR 1618677815964718000 66.9082 x nan / 67.021 x nan #471056947 flags 0",
                "1/0 COINBASE:NMR-EUR 1618677815964718000 66.9082 x nan / 67.021 x nan #471056947 flags 0",
                "2/0 COINBASE:BTC-USD 1791061111127510000 84737.58 x 0.19921154 / 84737.59 x 0.05223077 #137212619516 flags 0",
                "3/0 COINBASE:BTC-USD 1791061111127510000 84737.58 x 0.19921154 / 84737.59 x 0.05223077 #137212619516 flags 0",
            ])
    }

    @Test func `an empty side of the book is missing, an empty book is rejected`() {
        let oneSided = Self.sized.replacing(
            #""best_bid":"84737.58","best_bid_size":"0.19921154""#, with: #""best_bid":"0","best_bid_size":"0""#)
        let empty = oneSided.replacing(
            #""best_ask":"84737.59","best_ask_size":"0.05223077""#, with: #""best_ask":"0","best_ask_size":"0.00""#)
        let result = decoded(oneSided, empty)
        #expect(
            result.quotes.count == 1 && result.quotes[0].contains(" nan x nan / 84737.59 x 0.05223077 ")
                && result.quotes[0].hasSuffix("flags 4"))
        #expect(result.reasons == ["price_not_positive"])
    }

    @Test func `a page of the REST interface gives the trades of its product, bad rows apart`() {
        let result = decoded(
            #"{"backfill":"BTC-USD","source":"https://x/products/BTC-USD/trades?after=75","data":[{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.00000000","size":"0.01000000","side":"buy"},{"time":"2014-11-07T01:08:43.642366Z","trade_id":73,"price":"100.00000000","size":"0.01000000","side":"sell"},{"time":"2014-11-07T01:08:43Z","trade_id":72,"price":"1","size":"2","side":"left"}]}"#
        )
        #expect(
            result.trades == [
                "0/0 COINBASE:BTC-USD 1415398768578544000 10.0 x 0.01 sell #74",
                "0/1 COINBASE:BTC-USD 1415322523642366000 100.0 x 0.01 buy #73",
            ])
        #expect(result.deadLetters.count == 1 && result.deadLetters[0].hasPrefix("0/2 wrong_type: field `side`"))
        #expect(decoded(#"{"backfill":"BTC-USD","data":{"message":"NotFound"}}"#).reasons == ["wrong_type"])
    }

    @Test func `books, heartbeats and confirmations are ignored`() {
        let result = decoded(
            #"{"type":"subscriptions","channels":[{"name":"level2","product_ids":["BAND-GBP"]}]}"#,
            #"{"type":"heartbeat","sequence":90,"last_trade_id":20,"product_id":"BTC-USD","time":"2014-11-07T08:19:28.464459Z"}"#,
            #"{"type":"snapshot","product_id":"A-B","asks":[["14.8","12.77"]],"bids":[]}"#,
            #"{"type":"l2update","product_id":"A-B","changes":[["buy","1","2"]],"time":"2021-04-17T16:43:37.089723Z"}"#,
            "[]")
        #expect(result.events.ignored == 5 && result.deadLetters.isEmpty)
    }

    @Test func `an error is a dead letter, and so is a message without a type`() {
        let result = decoded(
            #"{"type":"error","message":"Failed to subscribe","reason":"X-Y is not a valid product"}"#, #"{"x":1}"#)
        #expect(result.reasons == ["venue_error", "missing_field"])
        #expect(result.deadLetters[0].contains("X-Y is not a valid product"))
    }

    @Test(arguments: [
        (#""price":"0.00001305""#, #""price":"x""#, "wrong_type"),
        (#""price":"0.00001305""#, #""price":"0""#, "price_not_positive"),
        (#""price":"0.00001305""#, #""price":"1e999""#, "price_not_positive"),
        (#""size":"985""#, #""size":"-1""#, "size_invalid"), (#""size":"985","#, "", "missing_field"),
        (#""trade_id":280232,"#, "", "missing_field"), (#""trade_id":280232"#, #""trade_id":"280232""#, "wrong_type"),
        (#""time":"2021-04-17T16:43:37.089723Z""#, #""time":"2021-02-30T16:43:37.089723Z""#, "wrong_type"),
        (#""time":"2021-04-17T16:43:37.089723Z""#, #""time":"2221-04-17T16:43:37.089723Z""#, "time_out_of_range"),
        (#""time":"2021-04-17T16:43:37.089723Z""#, #""time":"1921-04-17T16:43:37.089723Z""#, "wrong_type"),
        (#""time":"2021-04-17T16:43:37.089723Z""#, #""time":1618677817"#, "wrong_type"),
        (#""side":"sell""#, #""side":"left""#, "wrong_type"),
        (#""product_id":"SKL-BTC""#, #""product_id":"""#, "missing_field"),
        (#""product_id":"SKL-BTC""#, #""product_id":["SKL-BTC"]"#, "wrong_type"),
        (#""sequence":177100030"#, #""sequence":17710003x"#, "malformed"),
    ])
    func `bad fields have their own reasons`(old: String, new: String, reason: String) {
        let text = Self.match.replacing(old, with: new)
        #expect(text != Self.match)
        let result = decoded(Self.match, text)
        #expect(result.reasons == [reason])
        #expect(result.trades.count == 1)
        #expect(result.deadLetters[0].hasSuffix("| " + text))
    }

    @Test(arguments: [
        ("2021-04-17T16:43:37.089723Z", 1_618_677_817_089_723_000), ("2021-04-17T16:43:37Z", 1_618_677_817_000_000_000),
        ("2021-04-17T16:43:37.1Z", 1_618_677_817_100_000_000), ("1970-01-01T00:00:00.000000Z", 0),
        ("2021-04-17T16:43:37.0897231239Z", 1_618_677_817_089_723_123),
        ("2021-04-17T18:43:37.089723+02:00", 1_618_677_817_089_723_000),
        ("2021-04-17T11:13:37.5-05:30", 1_618_677_817_500_000_000),
        ("2024-02-29T23:59:59.999999Z", 1_709_251_199_999_999_000),
        ("2000-02-29T00:00:00.000001Z", 951_782_400_000_001_000),
        ("2199-12-31T23:59:59.999999Z", 7_258_118_399_999_999_000),
    ])
    func `times are read to the nanosecond`(text: String, expected: Int64) {
        let frame = Self.match.replacing("2021-04-17T16:43:37.089723Z", with: text)
        let result = decoded(frame, frame)
        #expect(result.deadLetters.isEmpty)
        #expect((0..<result.events.trades.count).map { result.events.trades.eventTimeNs[$0] } == [expected, expected])
    }

    @Test(arguments: [
        "2021-13-17T16:43:37.089723Z", "2021-00-17T16:43:37.089723Z", "2021-04-31T16:43:37.089723Z",
        "2021-04-00T16:43:37.089723Z",
        "2021-04-17T24:43:37.089723Z", "2021-04-17T16:60:37.089723Z", "2021-04-17T16:43:60.089723Z",
        "2021-04-17 16:43:37.089723Z",
        "2021-04-17T16:43:37.Z", "2021-04-17T16:43:37.089723", "2021-04-17T16:43:37.08972xZ", "2021-04-17T16:43Z",
        "2023-02-29T00:00:00.000000Z", "2100-02-29T00:00:00.000000Z", "2021-04-17T16:43:37+2:00",
        "0000-00-00T00:00:00.000000Z",
    ])
    func `what is no time is rejected`(text: String) {
        let frame = Self.match.replacing("2021-04-17T16:43:37.089723Z", with: text)
        #expect(decoded(Self.match, frame).reasons == ["wrong_type"])
    }

    @Test(arguments: [match, ticker, sized])
    func `a cut frame is malformed wherever it is cut`(frame: String) {
        let bytes = Array(frame.utf8)
        for length in 0..<bytes.count {
            let result = DecodedFrames { FrameDecoders.coinbase($0) }
            result.decode(frame).decode(Array(bytes[..<length]), behind: Array(bytes[length...]) + bytes)
            #expect(result.reasons == ["malformed"], "cut at \(length)")
        }
    }
}

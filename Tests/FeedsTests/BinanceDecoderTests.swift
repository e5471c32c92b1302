import Feeds
import Market
import Platform
import Testing

@Suite struct BinanceDecoderTests {
    private func decoded(_ frames: String..., venue: String = "BINANCE") -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.binance($0, venue: venue) }
        for frame in frames { result.decode(frame) }
        return result
    }
    private let spotTrade =
        #"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63000000","q":"0.02000000","T":1723161255342,"m":true,"M":true}}"#

    @Test func `a trade has its id, and the taker's side is the opposite of the maker's`() {
        let futures =
            #"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161256322,"T":1723161256322,"s":"BTCUSDT","t":5266583935,"p":"61800.30","q":"0.006","X":"MARKET","m":false}}"#
        #expect(
            decoded(spotTrade, futures, venue: "V").trades == [
                "0/0 V:BTCUSDT 1723161255342000000 61837.63 x 0.02 sell #3735683259",
                "1/0 V:BTCUSDT 1723161256322000000 61800.3 x 0.006 buy #5266583935",
            ])
    }

    @Test func `an aggregate trade has the aggregate's id, with or without the outer object`() {
        let raw =
            #"{"e":"aggTrade","E":123456789,"s":"BNBBTC","a":12345,"p":"0.001","q":"100","f":100,"l":105,"T":123456785,"m":true,"M":true}"#
        let text = "BINANCE:BNBBTC 123456785000000 0.001 x 100.0 sell #12345"
        #expect(
            decoded(raw, "{\"data\":\(raw),\"stream\":\"bnbbtc@aggTrade\"}").trades == ["0/0 \(text)", "1/0 \(text)"])
    }

    @Test func `a book ticker without a time takes the receive time and says so`() {
        let raw = #"{"u":50093239212,"s":"BTCUSDT","b":"61837.63","B":"3.7","a":"61837.64","A":"1.5"}"#
        let text = "BINANCE:BTCUSDT \(DecodedFrames.ingestTimeNs) 61837.63 x 3.7 / 61837.64 x 1.5 #50093239212 flags 8"
        #expect(
            decoded(raw, "{\"stream\":\"btcusdt@bookTicker\",\"data\":\(raw)}").quotes == [
                "0/0 \(text)", "1/0 \(text)",
            ])
    }

    @Test func `a book ticker of a future has the transaction time`() {
        let result = decoded(
            #"{"stream":"btcusd_perp@bookTicker","data":{"u":1007198632021,"e":"bookTicker","s":"BTCUSD_PERP","ps":"BTCUSD","b":"61804.7","B":"35","a":"61804.7","A":"1645","T":1723161257465,"E":1723161257476}}"#
        )
        #expect(
            result.quotes == [
                "0/0 BINANCE:BTCUSD_PERP 1723161257465000000 61804.7 x 35.0 / 61804.7 x 1645.0 #1007198632021 flags 2"
            ])
    }

    @Test func `an empty side of the book is missing, an empty book is rejected`() {
        let result = decoded(
            #"{"u":1,"s":"A","b":"0.00","B":"0.0","a":"2","A":"1"}"#,
            #"{"u":1,"s":"A","b":"0.00","B":"0.0","a":"0","A":"0"}"#)
        #expect(result.quotes == ["0/0 BINANCE:A \(DecodedFrames.ingestTimeNs) nan x nan / 2.0 x 1.0 #1 flags 12"])
        #expect(result.reasons == ["price_not_positive"])
    }

    @Test func `other streams, snapshots and replies are ignored`() {
        let result = decoded(
            #"{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[["1","0"]],"a":[]}}"#,
            #"{"lastUpdateId":50093239218,"bids":[["61837.63","3.78"]],"asks":[]}"#, #"{"result":null,"id":1}"#,
            #"{"stream":"!miniTicker@arr","data":[{"e":"24hrMiniTicker"}]}"#, "[]",
            #"{"e":"kline","E":1,"s":"BNBBTC","k":{"t":1,"T":2}}"#)
        #expect(result.events.ignored == 6)
        #expect(result.trades.isEmpty && result.quotes.isEmpty && result.deadLetters.isEmpty)
    }

    @Test func `an error reply is a dead letter`() {
        let result = decoded(#"{"error":{"code":2,"msg":"Invalid request"},"id":1}"#)
        #expect(
            result.deadLetters == [
                #"0/0 venue_error: {"code":2,"msg":"Invalid request"} | {"code":2,"msg":"Invalid request"}"#
            ])
    }

    @Test func `a page of the REST interface gives the trades of its symbol, bad rows apart`() {
        let page =
            #"{"backfill":"BTCUSDT","source":"https://x/api/v3/historicalTrades","data":[{"id":28457,"price":"4.00000100","qty":"12.00000000","quoteQty":"48.000012","time":1499865549590,"isBuyerMaker":true,"isBestMatch":true},{"id":28458,"price":"0","qty":"1","time":1499865549591,"isBuyerMaker":false},{"id":28459,"price":"4","qty":"1","time":1499865549592,"isBuyerMaker":false},7]}"#
        let result = decoded(page)
        #expect(
            result.trades == [
                "0/0 BINANCE:BTCUSDT 1499865549590000000 4.000001 x 12.0 sell #28457",
                "0/2 BINANCE:BTCUSDT 1499865549592000000 4.0 x 1.0 buy #28459",
            ])
        #expect(
            result.deadLetters == [
                #"0/1 price_not_positive: field `p` is not a positive number | {"id":28458,"price":"0","qty":"1","time":1499865549591,"isBuyerMaker":false}"#,
                "0/3 wrong_type: field `data` has the wrong type | 7",
            ])
        let aggregates =
            #"{"backfill":"BTCUSDT","data":[{"a":26129,"p":"0.01633102","q":"4.70443515","f":27781,"l":27781,"T":1498793709153,"m":true,"M":true}]}"#
        #expect(
            decoded(aggregates).trades == [
                "0/0 BINANCE:BTCUSDT 1498793709153000000 0.01633102 x 4.70443515 sell #26129"
            ])
        #expect(decoded(#"{"backfill":"BTCUSDT","data":{"code":1}}"#).reasons == ["wrong_type"])
        #expect(decoded(#"{"backfill":"BTCUSDT","data":[]}"#).reasons.isEmpty)
    }

    @Test(arguments: [
        (#""p":"61837.63000000""#, #""p":61837.63"#, "wrong_type"),
        (#""p":"61837.63000000""#, #""p":"x""#, "wrong_type"),
        (#""p":"61837.63000000""#, #""p":"0.0""#, "price_not_positive"),
        (#""p":"61837.63000000""#, #""p":"1e999""#, "price_not_positive"),
        (#""q":"0.02000000""#, #""q":"-1""#, "size_invalid"), (#""q":"0.02000000","#, "", "missing_field"),
        (#""t":3735683259,"#, "", "missing_field"),
        (#""T":1723161255342"#, #""T":99999999999999"#, "time_out_of_range"),
        (#""T":1723161255342"#, #""T":"1723161255342""#, "wrong_type"), (#""m":true"#, #""m":1"#, "wrong_type"),
        (#""s":"BTCUSDT""#, #""s":"""#, "missing_field"), (#""E":1723161255343"#, #""E":17231x"#, "malformed"),
    ])
    func `bad fields have their own reasons`(old: String, new: String, reason: String) {
        let text = spotTrade.replacing(old, with: new)
        #expect(text != spotTrade)
        let result = decoded(text)
        #expect(result.reasons == [reason])
        #expect(result.trades.isEmpty)
        #expect(result.deadLetters[0].hasSuffix("| " + text))
    }

    @Test func `a cut frame is malformed wherever it is cut`() {
        let bytes = Array(spotTrade.utf8)
        for length in 0..<bytes.count {
            let result = DecodedFrames { FrameDecoders.binance($0) }
            result.decode(Array(bytes[..<length]))
            #expect(result.reasons == ["malformed"], "cut at \(length)")
        }
    }
}

import Feeds
import Market
import Platform
import Testing

@Suite struct KrakenDecoderTests {
    private func decoded(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.kraken($0) }
        for frame in frames { result.decode(frame) }
        return result
    }
    private static let trades =
        #"{"channel":"trade","type":"update","data":[{"symbol":"MATIC/USD","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"},{"symbol":"BTC/USD","side":"buy","price":85772.4,"qty":0.00043721,"ord_type":"limit","trade_id":110386729,"timestamp":"2026-10-06T18:14:44.947782Z"}]}"#
    private static let ticker =
        #"{"channel":"ticker","type":"update","data":[{"symbol":"ALGO/USD","bid":0.10025,"bid_qty":740.0,"ask":0.10035,"ask_qty":1361.44813783,"last":0.10035,"volume":997038.98383185,"vwap":0.10148,"low":0.09979,"high":0.10285,"change":-0.00017,"change_pct":-0.17,"timestamp":"2023-09-25T09:04:31.742648Z"}]}"#
    private static let untimed = ticker.replacing(#","timestamp":"2023-09-25T09:04:31.742648Z""#, with: "")

    @Test func `trades of version 2 have the taker's side, their id and a time`() {
        let lines = [
            "KRAKEN:MATIC/USD 1695628177708706000 0.5117 x 40.0 sell #4665906",
            "KRAKEN:BTC/USD 1791310484947782000 85772.4 x 0.00043721 buy #110386729",
        ]
        let snapshot = Self.trades.replacing("update", with: "snapshot")
        let reordered =
            #"{"data":"# + Self.trades.drop { $0 != "[" }.dropLast() + #","type":"update","channel":"trade"}"#
        #expect(
            decoded(Self.trades, Self.trades, snapshot, reordered).trades
                == (0..<4).flatMap { ["\($0)/0 \(lines[0])", "\($0)/1 \(lines[1])"] })
    }

    @Test func `a ticker of version 2 has its own time, or says that it is the receipt's`() {
        let text = "0.10025 x 740.0 / 0.10035 x 1361.44813783 flags"
        #expect(
            decoded(Self.ticker, Self.ticker, Self.untimed, Self.untimed).quotes == [
                "0/0 KRAKEN:ALGO/USD 1695632671742648000 \(text) 0",
                "1/0 KRAKEN:ALGO/USD 1695632671742648000 \(text) 0",
                "2/0 KRAKEN:ALGO/USD \(DecodedFrames.ingestTimeNs) \(text) 8",
                "3/0 KRAKEN:ALGO/USD \(DecodedFrames.ingestTimeNs) \(text) 8",
            ])
    }

    @Test func `lists of version 1 are read too`() {
        let result = decoded(
            #"[993,[["354.04000000","0.28245396","1618678150.826417","s","m",""],["353.81000000","1.71754604","1618678150.8","b","l",""]],"trade","XMR/USD"]"#,
            #"[996,{"a":["354.74000000",6,"6.85516463"],"b":["354.11000000",28,"28.68415596"],"c":["354.11000000","0.89594024"]},"ticker","XMR/USD"]"#,
            #"[0,["5698.40000","5700.00000","1542057299.545897","1.01234567","0.98765432"],"spread","XBT/USD"]"#)
        #expect(
            result.trades == [
                "0/0 KRAKEN:XMR/USD 1618678150826417000 354.04 x 0.28245396 sell",
                "0/1 KRAKEN:XMR/USD 1618678150800000000 353.81 x 1.71754604 buy",
            ])
        #expect(
            result.quotes == [
                "1/0 KRAKEN:XMR/USD \(DecodedFrames.ingestTimeNs) 354.11 x 28.68415596 / 354.74 x 6.85516463 flags 8",
                "2/0 KRAKEN:XBT/USD 1542057299545897000 5698.4 x 1.01234567 / 5700.0 x 0.98765432 flags 0",
            ])
        #expect(result.deadLetters.isEmpty)
    }

    @Test func `a page of the REST interface gives the trades of its pair`() {
        let result = decoded(
            #"{"backfill":"BTC/USD","source":"https://x/0/public/Trades","data":{"error":[],"result":{"XXBTZUSD":[["30243.40000","0.34507674",1688669597.8277369,"b","m","",61044952],["30243.30000","0.00376960",1688669598.2804112,"s","l","",61044953],["1","1",1,"b","m"]],"last":"1688671969993150842"}}}"#
        )
        #expect(
            result.trades == [
                "0/0 KRAKEN:BTC/USD 1688669597827736900 30243.4 x 0.34507674 buy #61044952",
                "0/1 KRAKEN:BTC/USD 1688669598280411200 30243.3 x 0.0037696 sell #61044953",
            ])
        #expect(result.deadLetters.count == 1 && result.deadLetters[0].hasPrefix("0/2 missing_field: field `misc`"))
        #expect(
            decoded(#"{"backfill":"BTC/USD","data":{"error":["EGeneral:Too many requests"]}}"#).reasons == [
                "venue_error"
            ])
        #expect(decoded(#"{"backfill":"BTC/USD","data":[]}"#).reasons == ["wrong_type"])
    }

    @Test func `books, heartbeats and confirmations are ignored, refusals are dead letters`() {
        let result = decoded(
            #"{"channel":"heartbeat"}"#, #"{"event":"heartbeat"}"#,
            #"{"channel":"status","data":[{"api_version":"v2","connection_id":1,"system":"online","version":"2.0.0"}],"type":"update"}"#,
            #"{"method":"subscribe","result":{"channel":"trade","snapshot":true,"symbol":"A/B"},"success":true,"time_in":"2023-09-25T09:04:31.742599Z","time_out":"2023-09-25T09:04:31.742648Z"}"#,
            #"{"channelID":1665,"channelName":"trade","event":"subscriptionStatus","pair":"WAVES/EUR","status":"subscribed","subscription":{"name":"trade"}}"#,
            #"[992,{"b":[["354.15000000","5.00000000","1618678133.365913"]],"c":"2583817756"},"book-1000","XMR/USD"]"#,
            #"[992,{"a":[["1","2","3"]]},{"b":[["1","5","3"]],"c":"25"},"book-1000","XMR/USD"]"#, "[]", "7")
        #expect(result.events.ignored == 9 && result.deadLetters.isEmpty)
        let refused = decoded(
            #"{"error":"Currency pair not supported X/Y","method":"subscribe","success":false,"symbol":"X/Y"}"#,
            #"{"errorMessage":"Currency pair not supported X/Y","event":"subscriptionStatus","pair":"X/Y","status":"error"}"#,
            #"{"type":"update"}"#)
        #expect(refused.reasons == ["venue_error", "venue_error", "missing_field"])
        #expect(refused.deadLetters[0].contains("not supported X/Y"))
    }

    @Test(arguments: [
        (#""price":0.5117"#, #""price":"x""#, "wrong_type"), (#""price":0.5117"#, #""price":0"#, "price_not_positive"),
        (#""qty":40.0"#, #""qty":-1"#, "size_invalid"), (#""qty":40.0,"#, "", "missing_field"),
        (#""trade_id":4665906"#, #""trade_id":"4665906""#, "wrong_type"),
        (#""side":"sell""#, #""side":"s""#, "wrong_type"),
        (#""timestamp":"2023-09-25T07:49:37.708706Z""#, #""timestamp":1"#, "wrong_type"),
        (
            #""timestamp":"2023-09-25T07:49:37.708706Z""#, #""timestamp":"2300-09-25T07:49:37.708706Z""#,
            "time_out_of_range"
        ),
        (#""symbol":"MATIC/USD""#, #""symbol":"""#, "missing_field"),
    ])
    func `a bad trade has its own reason, and the others of the frame are kept`(
        old: String, new: String, reason: String
    ) {
        let text = Self.trades.replacing(old, with: new)
        #expect(text != Self.trades)
        let result = decoded(Self.trades, text)
        #expect(result.reasons == [reason] && result.deadLetters[0].hasPrefix("1/0 "))
        #expect(result.trades.count == 3 && result.trades[2].hasPrefix("1/1 KRAKEN:BTC/USD"))
    }

    @Test func `an empty side of the book is missing, an empty book is rejected`() {
        let oneSided = Self.ticker.replacing(#""bid":0.10025,"bid_qty":740.0"#, with: #""bid":0.0,"bid_qty":0"#)
        let empty = oneSided.replacing(#""ask":0.10035,"ask_qty":1361.44813783"#, with: #""ask":0,"ask_qty":0"#)
        let result = decoded(oneSided, empty)
        #expect(result.quotes.count == 1 && result.quotes[0].contains(" nan x nan / 0.10035 x 1361.44813783 flags 4"))
        #expect(result.reasons == ["price_not_positive"])
    }

    @Test(arguments: [trades, ticker, untimed])
    func `a cut frame is malformed wherever it is cut`(frame: String) {
        let bytes = Array(frame.utf8)
        for length in 0..<bytes.count {
            let result = DecodedFrames { FrameDecoders.kraken($0) }
            result.decode(frame).decode(Array(bytes[..<length]), behind: Array(bytes[length...]) + bytes)
            #expect(result.reasons == ["malformed"], "cut at \(length)")
        }
    }
}

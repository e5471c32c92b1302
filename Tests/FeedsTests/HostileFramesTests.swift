import Feeds
import Market
import Platform
import TestKit
import Testing

/// Frames broken at random, from a seed: every decoder must survive them and give a bounded answer.
@Suite struct HostileFramesTests {
    private static let seeds = [
        #"{"data":[{"c":["1","12"],"p":7296.89,"s":"BINANCE:BTCUSDT","t":1575526691134,"v":0.011467},{"c":null,"p":150,"s":"AAPL","t":1575526691135,"v":0}],"type":"trade"}"#,
        #"{"type":"error","msg":"x"}"#,
        #"{"stream":"btcusdt@trade","data":{"e":"trade","E":1723161255343,"s":"BTCUSDT","t":3735683259,"p":"61837.63","q":"0.02","T":1723161255342,"m":true,"M":true}}"#,
        #"{"stream":"b@bookTicker","data":{"u":1,"e":"bookTicker","s":"B","ps":"B","b":"1.7","B":"35","a":"1.8","A":"1","T":1723161257465,"E":1}}"#,
        #"{"e":"depthUpdate","E":1,"s":"B","U":1,"u":2,"b":[["1","0"],["2","3"]],"a":[]}"#,
        #"{"type":"events","data":[{"s":"SIMX:A","t":1700000000000000000,"p":101.25,"v":300,"i":17,"m":"buy"},{"s":"SIMX:A","t":1700000000000000000,"b":1,"B":2,"a":3,"A":4}]}"#,
        #"{"backfill":"BTCUSDT","data":[{"id":28457,"price":"4.1","qty":"12.0","time":1499865549590,"isBuyerMaker":true},{"a":26129,"p":"0.01","q":"4.7","f":1,"l":1,"T":1498793709153,"m":true}]}"#,
        #"{"type":"match","trade_id":280232,"maker_order_id":"2a0da34e-61f7-4c36-88e5-c9dd15927b16","taker_order_id":"3c82abaa-c01e-4608-be59-6a1e69742891","side":"sell","size":"985","price":"0.00001305","product_id":"SKL-BTC","sequence":177100030,"time":"2021-04-17T16:43:37.089723Z"}"#,
        #"{"type":"ticker","sequence":1,"product_id":"A-B","price":"67.021","open_24h":"60.9288","volume_24h":"2","low_24h":"60","high_24h":"74.5","volume_30d":"5","best_bid":"66.9082","best_bid_size":"1","best_ask":"67.0210","best_ask_size":"2","side":"buy","time":"2021-04-17T16:43:35.964718Z","trade_id":868598,"last_size":"0.175"}"#,
        #"{"backfill":"A-B","data":[{"time":"2014-11-07T22:19:28.578544Z","trade_id":74,"price":"10.0","size":"0.01","side":"buy"}]}"#,
        #"{"channel":"trade","type":"update","data":[{"symbol":"A/B","side":"sell","price":0.5117,"qty":40.0,"ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"},{"symbol":"A/B","side":"buy","price":1,"qty":2,"ord_type":"limit","trade_id":4665907,"timestamp":"2023-09-25T07:49:37.708706Z"}]}"#,
        #"{"channel":"ticker","type":"update","data":[{"symbol":"A/B","bid":0.10025,"bid_qty":740.0,"ask":0.10035,"ask_qty":1361.4,"last":0.1,"volume":9.8,"vwap":0.1,"low":0.09,"high":0.1,"change":-0.00017,"change_pct":-0.17}]}"#,
        #"[993,[["354.04","0.28","1618678150.826417","s","m",""],["353.81","1.7","1618678150.827816","s","m",""]],"trade","XMR/USD"]"#,
        #"[996,{"a":["354.7",6,"6.8"],"b":["354.1",28,"28.6"],"c":["1","2"]},"ticker","XMR/USD"]"#,
        #"{"backfill":"A/B","data":{"error":[],"result":{"X":[["30243.4","0.3",1688669597.8277369,"b","m","",61044952]],"last":"1688671969993150842"}}}"#,
        #"{"symbol":"V:A","event_time_ns":1700000000123456789,"price":1.5,"size":2,"side":"buy","trade_id":7}"# + "\n"
            + #"{"symbol":"A","venue":"V","event_time":"2026-01-30T10:00:00Z","bid":"1","ask":2,"bid_size":3}"#,
        #"{"operation_id":"3f1c2c0e-5d1f-4d2a-9a51-2f0c7f6f2b11","person_name":"Ana","symbol":"A","timestamp":"2026-01-30T14:30:00.123456Z","exchange":"NYSE","currency":"USD","price":12.5,"operation":"sale"}"#
            + "\n",
    ].map { Array($0.utf8) }

    private static let decoders: [@Sendable (DecoderContext) -> any FeedDecoder] = [
        { FrameDecoders.finnhub($0) }, { FrameDecoders.binance($0) }, { FrameDecoders.simulator($0) },
        { FrameDecoders.coinbase($0) }, { FrameDecoders.kraken($0) },
        { FrameDecoders.rows(.trades, $0) }, { FrameDecoders.rows(.quotes, $0) },
        { FrameDecoders.rows(.transactions, $0) },
    ]

    private func mutate(_ frame: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = frame
        for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<6, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] = Array("{}[]\",:0-.e\\n ".utf8).randomElement(using: &random)!
            case 2: bytes.remove(at: place)
            case 3: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
            case 4: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
            default:
                let end = min(bytes.count, place + Int.random(in: 1...40, using: &random))
                bytes.insert(contentsOf: bytes[place..<end], at: Int.random(in: 0...bytes.count, using: &random))
            }
        }
        return bytes
    }

    @Test(arguments: 0..<100)
    func `a broken frame gives valid events, dead letters or nothing`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for make in Self.decoders {
            let result = DecodedFrames(make)
            for _ in 0..<350 {
                let frame = mutate(Self.seeds.randomElement(using: &random)!, &random)
                let before = (
                    result.events.trades.count, result.events.quotes.count, result.events.deadLetters.count,
                    result.events.ignored
                )
                result.decode(frame)
                let rows = result.events.trades.count - before.0 + result.events.quotes.count - before.1
                #expect(rows <= frame.count / 20 + 1)
                #expect(result.events.deadLetters.count - before.2 <= 257)
                #expect(result.events.ignored - before.3 <= 1)
            }
            #expect(result.transactions.count == result.events.transactions.count)
            let trades = result.events.trades, quotes = result.events.quotes
            for row in 0..<trades.count {
                #expect(
                    trades.price[row] > 0 && trades.price[row].isFinite && trades.size[row] >= 0
                        && trades.size[row].isFinite)
                #expect(trades.eventTimeNs[row] >= 0 && Int(trades.instrument[row]) < result.instruments.count)
                #expect(
                    trades.conditions[row] == ArrowColumn.missingIndex
                        || Int(trades.conditions[row]) < result.conditions.count)
            }
            for row in 0..<quotes.count {
                #expect(!(quotes.bid[row] <= 0) && !(quotes.ask[row] <= 0) && quotes.eventTimeNs[row] >= 0)
                #expect(!(quotes.bid[row].isNaN && quotes.ask[row].isNaN))
            }
        }
    }
}

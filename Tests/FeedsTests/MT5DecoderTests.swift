import Feeds
import Market
import Platform
import TestKit
import Testing

@Suite struct MT5DecoderTests {
    private func decoded(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.mt5($0) }
        for frame in frames { result.decode(frame) }
        return result
    }

    /// A frame as the bridge writes it.
    private func frame(_ ticks: String..., symbol: String = "EURUSD", offset: String = "10800") -> String {
        let list = ticks.joined(separator: ",")
        return "{\"type\":\"ticks\",\"seq\":17,\"symbol\":\"\(symbol)\",\"offset_s\":\(offset),\"ticks\":[\(list)]}"
    }

    @Test func `the broker's time less its offset is the event time, and the place in the millisecond the number`() {
        let result = decoded(
            frame("[1717988400123,0,1.0735,1.0736,0.0,0.0,6]", "[1717988400123,1,1.07351,1.0736,0.0,0.0,2]"),
            frame("[1717988400123,0,10,11,0.0,0.0,6]", offset: "-18000"))
        #expect(
            result.quotes == [
                "0/0 MT5:EURUSD 1717977600123000000 1.0735 x nan / 1.0736 x nan #1717977600123000000 flags 1536",
                "0/1 MT5:EURUSD 1717977600123000000 1.07351 x nan / 1.0736 x nan #1717977600123000001 flags 512",
                "1/0 MT5:EURUSD 1718006400123000000 10.0 x nan / 11.0 x nan #1718006400123000000 flags 1536",
            ])
        #expect(
            result.deadLetters.isEmpty && result.events.quotes.last[0].isNaN && result.events.quotes.lastSize[0].isNaN)
    }

    @Test func `an exchange's last trade stands beside the quote, and a side without a price is missing`() {
        let result = decoded(
            frame("[1717988400123,0,0.0,98.5,98.25,12.0,56]", "[1717988400124,0,0.0,0.0,98.3,3.5,24]"))
        let rows = result.events.quotes
        #expect(rows.last[0] == 98.25 && rows.lastSize[0] == 12 && rows.bid[0].isNaN && rows.ask[0] == 98.5)
        #expect(rows.last[1] == 98.3 && rows.lastSize[1] == 3.5 && rows.bid[1].isNaN && rows.ask[1].isNaN)
        #expect(rows.flags[0] == 56 * QuoteFlags.terminalScale + QuoteFlags.oneSided.rawValue)
        #expect(result.deadLetters.isEmpty)
    }

    @Test func `a bad tick is rejected alone, with the field that is wrong`() {
        let good = "[1717988400123,0,1.1,1.2,0.0,0.0,6]"
        let bad: [(String, String)] = [
            ("[5,0,1.1,1.2,0.0,0.0,6]", "time_out_of_range"),
            ("[9917988400123,0,1.1,1.2,0.0,0.0,6]", "time_out_of_range"),
            ("[9223372036854775807,0,1.1,1.2,0.0,0.0,6]", "time_out_of_range"),
            ("[1717988400123,1000000,1.1,1.2,0.0,0.0,6]", "wrong_type"),
            ("[1717988400123,-1,1.1,1.2,0.0,0.0,6]", "wrong_type"),
            ("[1717988400123,0,-1.1,1.2,0.0,0.0,6]", "price_not_positive"),
            ("[1717988400123,0,0.0,0.0,0.0,0.0,6]", "price_not_positive"),
            ("[1717988400123,0,1.1,1.2,0.0,-4,6]", "size_invalid"),
            ("[1717988400123,0,1.1,1.2,0.0,0.0]", "missing_field"),
            ("[1717988400123,0,1.1,1.2,0.0,0.0,99999]", "wrong_type"), ("{}", "wrong_type"), ("[]", "missing_field"),
            ("[1717988400123,0,\"1.1\",1.2,0.0,0.0,6]", "wrong_type"),
        ]
        for (tick, reason) in bad {
            let result = decoded(frame(good, tick, good))
            #expect(result.reasons == [reason], "\(tick)")
            #expect(result.events.quotes.count == 2 && result.events.quotes.frameIndex[1] == 2, "\(tick)")
        }
    }

    @Test func `keys in any order, more keys and longer ticks are read as well`() {
        let result = decoded(
            #" { "ticks" : [ [ 1717988400123, 2, 1.5, 1.6, 0, 0, 6, "new" ] ], "later":{"a":[1]}, "offset_s" : 0, "symbol":"\u0041", "seq": 1, "type" : "ticks" } "#
        )
        #expect(result.quotes.first?.hasPrefix("0/0 MT5:A 1717988400123000000 1.5") == true, "\(result.quotes)")
        #expect(result.events.quotes.updateID[0] == 1_717_988_400_123_000_002)
    }

    @Test func `messages without ticks are ignored, errors are dead letters, damage is refused`() {
        let result = decoded(
            #"{"type":"hello","seq":1,"protocol":1,"offset_s":null}"#, #"{"type":"heartbeat","seq":2,"offset_s":null}"#,
            #"{"type":"error","seq":3,"code":"symbol","symbol":"X","message":"symbol_select X: failed (-1)"}"#,
            #"{"type":"ticks","seq":4,"symbol":"A","offset_s":null,"ticks":7}"#, #"{"type":"ticks","seq":5}"#, "{}",
            #"{"type":"ticks","seq":4,"symbol":"A","offset_s":0,"ticks":[[1717988400123,0,1,2,0,0,6]}"#)
        #expect(result.events.ignored == 2 && result.events.quotes.count == 0)
        #expect(result.reasons == ["venue_error", "wrong_type", "missing_field", "missing_field", "malformed"])
        #expect(result.deadLetters[0].contains("symbol_select X: failed (-1)"))
    }

    /// Frames in the bridge's own form take a shorter way than others: both must give the same rows, whatever the bytes.
    @Test(arguments: 0..<100)
    func `the usual form gives what the walk over tokens gives`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let fast = DecodedFrames { FrameDecoders.mt5($0, knowsFixedForm: true) }
        let slow = DecodedFrames { FrameDecoders.mt5($0, knowsFixedForm: false) }
        let decimals = [
            "1.07351", "0.0", "2310.5", "1e-05", "0", "1.0735100000000002", "-1.0", "1.", "null", "98765.4321",
        ]
        func pick(_ texts: [String]) -> String {
            let isOdd = Int.random(in: 0..<25, using: &random) == 0
            return (isOdd ? texts[...] : texts.prefix(3)).randomElement(using: &random)!
        }
        for _ in 0..<200 {
            let ticks = (0..<Int.random(in: 0...4, using: &random)).map { _ in
                let time = pick([
                    "1717988400123", "1717988400124", "1717988400999", "171798840012", "0717988400123", "x",
                ])
                let rest = (0..<4).map { _ in pick(decimals) }.joined(separator: ",")
                return
                    "[\(time),\(pick(["0", "1", "12", "999999", "1000000"])),\(rest),\(pick(["6", "2", "56", "32768"]))]"
            }
            let symbols = ["EURUSD", "XAUUSD.m", "#US30", "]]}", "", String(repeating: "S", count: 40)]
            let offset = pick(["10800", "-18000", "0", "99999", "1.5", "null"])
            var bytes = Array(
                "{\"type\":\"ticks\",\"seq\":\(pick(["1", "22", "333", "-1"])),\"symbol\":\"\(pick(symbols))\",\"offset_s\":\(offset),\"ticks\":[\(ticks.joined(separator: ","))]}"
                    .utf8)
            if Int.random(in: 0..<4, using: &random) == 0 {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.removeSubrange(place...)
                default: bytes.insert(Array("[]{},\"0.-e".utf8).randomElement(using: &random)!, at: place)
                }
            }
            fast.decode(bytes)
            slow.decode(bytes)
        }
        #expect(fast.quotes == slow.quotes)
        #expect(fast.deadLetters == slow.deadLetters)
        #expect(fast.events.ignored == slow.events.ignored)
        #expect(fast.events.quotes.count > 100)
        let rows = fast.events.quotes
        for row in 0..<rows.count {
            #expect(!(rows.bid[row] <= 0) && !(rows.ask[row] <= 0) && !(rows.last[row] <= 0))
            #expect(!(rows.bid[row].isNaN && rows.ask[row].isNaN && rows.last[row].isNaN))
        }
    }
}

import Feeds
import Foundation
import Market
import Platform
import TestKit
import Testing

@Suite struct FinnhubDecoderTests {
    private func decoded(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.finnhub($0) }
        for frame in frames { result.decode(frame) }
        return result
    }
    /// One trade with a field replaced.
    private func frame(
        p: String = "1.5", s: String = "\"AAPL\"", t: String = "1586876152227", v: String = "2"
    ) -> String {
        "{\"data\":[{\"p\":\(p),\"s\":\(s),\"t\":\(t),\"v\":\(v)}],\"type\":\"trade\"}"
    }

    @Test func `trades of several instruments keep their order and place in the frame`() {
        let result = decoded(
            #"{"data":[{"c":["1","12"],"p":7296.89,"s":"BINANCE:BTCUSDT","t":1575526691134,"v":0.011467},"#
                + #"{"c":null,"p":150,"s":"AAPL","t":1575526691135,"v":0},{"p":1e-3,"s":"X","t":0,"v":1E2}],"type":"trade"}"#
        )
        #expect(
            result.trades == [
                "0/0 BINANCE:BTCUSDT 1575526691134000000 7296.89 x 0.011467 [1,12]",
                "0/1 US:AAPL 1575526691135000000 150.0 x 0.0", "0/2 US:X 0 0.001 x 100.0",
            ])
        #expect(result.deadLetters.isEmpty && result.events.ignored == 0)
    }

    @Test func `the type may stand before the data, fields in any order, white space anywhere`() {
        let result = decoded(
            "\n{ \"type\" : \"trade\" , \"data\" : [ { \"v\" : 3 , \"t\" : 7 , \"s\" : \"A\" , \"p\" : 2.5 , \"c\" : [ ] } ] }\n"
        )
        #expect(result.trades == ["0/0 US:A 7000000 2.5 x 3.0"])
    }

    /// Frames in the venue's own form take a shorter way than others: both must give the same rows.
    @Test(arguments: 0..<50)
    func `the usual form and any other form of the same frame give the same rows`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let usual = DecodedFrames { FrameDecoders.finnhub($0) }, spaced = DecodedFrames { FrameDecoders.finnhub($0) }
        let usualValues = ["1", "0.5", "150.25", "12345678.1234567"]
        let odd = ["0", "-1", "1e3", "00.5", "5.", ".5", "1.5.5", "\"1\"", "99999999999999999"]
        let lists = [
            "", "\"c\":null,", "\"c\":[],", "\"c\":[\"1\"],", "\"c\":[\"1\",\"12\"],", "\"c\":[\"a]b\",\"2\"],",
            "\"c\":[1],",
        ]
        for _ in 0..<40 {
            let events = (0..<3).map { _ -> String in
                let list = lists.randomElement(using: &random)!
                let price = (Int.random(in: 0..<12, using: &random) == 0 ? odd : usualValues).randomElement(
                    using: &random)!
                let size = (Int.random(in: 0..<12, using: &random) == 0 ? odd : usualValues).randomElement(
                    using: &random)!
                let time = ["1", "1575526691134", "7258118400000", "1.5"].randomElement(using: &random)!
                let symbol = ["A", "BINANCE:BTCUSDT", "", "A\\u0041", "]", ","].randomElement(using: &random)!
                return "{\(list)\"p\":\(price),\"s\":\"\(symbol)\",\"t\":\(time),\"v\":\(size)}"
            }
            let text = "{\"data\":[\(events.joined(separator: ","))],\"type\":\"trade\"}"
            usual.decode(text)
            spaced.decode(text.replacingOccurrences(of: "\":", with: "\": ").replacingOccurrences(of: "}", with: "\n}"))
        }
        #expect(usual.trades == spaced.trades && usual.reasons == spaced.reasons)
        #expect(usual.events.trades.count > 0 && usual.events.deadLetters.count > 0)
    }

    @Test func `equal condition lists have one number however they are written`() {
        let result = decoded(
            #"{"data":[{"c":["1","2"],"p":1,"s":"A","t":1,"v":1},{"c":[ "1", "2" ],"p":1,"s":"A","t":1,"v":1}],"type":"trade"}"#,
            #"{"data":[{"c":["\u0031","2"],"p":1,"s":"A","t":1,"v":1}],"type":"trade"}"#)
        #expect(result.conditions.count == 1)
        #expect(result.trades.allSatisfy { $0.hasSuffix("[1,2]") } && result.trades.count == 3)
    }

    @Test func `escaped symbols are the same instrument`() {
        let result = decoded(frame(s: #""A\u0041\/\ud83d\ude00""#), frame(s: "\"AA/😀\""))
        #expect(result.instruments.count == 1)
        #expect(result.instruments[0] == Instrument(venue: "US", symbol: "AA/😀"))
    }

    @Test func `pings, other kinds of messages and empty lists are ignored`() {
        let result = decoded(
            #"{"type":"ping"}"#, #"{"type":"news","data":[{"headline":"x"}]}"#, #"{"data":[{"p":-1}],"type":"news"}"#,
            #"{"type":"trade","data":[]}"#)
        #expect(result.events.ignored == 4)
        #expect(result.trades.isEmpty && result.deadLetters.isEmpty)
    }

    @Test func `an error of the venue is a dead letter with its message`() {
        let result = decoded(#"{"type":"error","msg":"Subscribing to too many symbols"}"#)
        #expect(
            result.deadLetters == [
                #"0/0 venue_error: "Subscribing to too many symbols" | "Subscribing to too many symbols""#
            ])
    }

    @Test func `a bad event becomes a dead letter and the rest of the frame is kept`() {
        let result = decoded(
            #"{"data":[{"p":1,"s":"A","t":1,"v":1},{"p":-2,"s":"B","t":1,"v":1} ,{"s":"C","t":1,"v":1},5,{"p":4,"s":"D","t":1,"v":1}],"type":"trade"}"#
        )
        #expect(result.trades == ["0/0 US:A 1000000 1.0 x 1.0", "0/4 US:D 1000000 4.0 x 1.0"])
        #expect(
            result.deadLetters == [
                #"0/1 price_not_positive: field `p` is not a positive number | {"p":-2,"s":"B","t":1,"v":1}"#,
                #"0/2 missing_field: field `p` is missing or empty | {"s":"C","t":1,"v":1}"#,
                "0/3 wrong_type: field `data` has the wrong type | 5",
            ])
        #expect(result.instruments.count == 2, "a rejected event numbers no instrument")
    }

    @Test(arguments: [
        (["0", "-1", "-0.0", "1e400", "-1e400", "1e-400"], "p", "price_not_positive"),
        (["-1", "-0.5", "1e999"], "v", "size_invalid"), (["-1", "7258118400000"], "t", "time_out_of_range"),
        (["\"1\"", "null", "true", "{}", "[1]", "{\"a\":[1,{}]}"], "p", "wrong_type"),
        (["1.5", "1e3", "\"1\"", "99999999999999999999", "null"], "t", "wrong_type"),
        (["1", "null", "[\"A\"]"], "s", "wrong_type"), (["\"\""], "s", "missing_field"),
    ])
    func `values out of range or of the wrong type have their own reasons`(
        values: [String], field: String, reason: String
    ) {
        for value in values {
            let text =
                switch field {
                case "p": frame(p: value)
                case "s": frame(s: value)
                case "t": frame(t: value)
                default: frame(v: value)
                }
            let result = decoded(text)
            #expect(result.reasons == [reason], "\(field) = \(value)")
            #expect(result.trades.isEmpty)
        }
    }

    @Test(arguments: [
        "", " ", "x", "null x", "{", "[", "{}x", "{\"data\":", "nan", "\u{FEFF}{\"type\":\"ping\"}",
        "{\"type\":\"ping\"",
        "{\"type\":\"ping\"}}", "{\"type\":\"ping\"} {\"type\":\"ping\"}", "{\"type\" \"ping\"}",
        "{\"type\":\"ping\",}",
        "{\"a\":nulx,\"type\":\"ping\"}", "{\"a\":01,\"type\":\"ping\"}", "{\"a\":[1 2],\"type\":\"ping\"}",
        "{\"a\":[1,],\"type\":\"ping\"}", "{\"a\":\"\\q\",\"type\":\"ping\"}", "{\"a\":\"\\ud800\",\"type\":\"ping\"}",
        "{\"a\":1.,\"type\":\"ping\"}", "{\"a\":.5,\"type\":\"ping\"}", "{\"a\":+5,\"type\":\"ping\"}",
        "{\"a\u{01}\":1}",
        "{,\"type\":\"ping\"}", "{\"a\":{\"b\"},\"type\":\"ping\"}", "{'type':'ping'}", "[]", "5", "\"trade\"",
        "{\"a\":\(String(repeating: "[", count: 100))\(String(repeating: "]", count: 100)),\"type\":\"ping\"}",
    ])
    func `a frame that is not a JSON object is one dead letter with all its bytes`(text: String) {
        let result = decoded(text)
        #expect(result.reasons == ["malformed"])
        #expect(result.deadLetters[0].hasSuffix("| \(text.trimmingCharacters(in: .whitespaces))"))
    }

    @Test func `events before a syntax error are taken back`() {
        let good = frame()
        let bytes = Array(good.utf8)
        for length in 0..<bytes.count {
            let result = DecodedFrames { FrameDecoders.finnhub($0) }
            result.decode(good).decode(Array(bytes[..<length]))
            #expect(result.trades.count == 1, "cut at \(length)")
            #expect(result.reasons == ["malformed"], "cut at \(length)")
        }
    }

    @Test func `a frame full of bad events lists some and counts the rest`() {
        let result = decoded(
            "{\"data\":[" + Array(repeating: "0", count: 1000).joined(separator: ",") + "],\"type\":\"trade\"}")
        #expect(result.deadLetters.count == 257)
        #expect(result.deadLetters.last == "0/256 wrong_type: 744 more events of this frame were rejected | ")
    }

    @Test func `a frame beyond the limit is rejected unread`() {
        let result = decoded(String(repeating: " ", count: 16 << 20) + "{}")
        #expect(result.reasons == ["too_large"])
    }

    @Test(arguments: 0..<200)
    func `decimals are rounded as the standard library rounds them`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let result = DecodedFrames { FrameDecoders.finnhub($0) }
        var expected: [Double] = []
        for _ in 0..<50 {
            let digits = String(
                (0..<Int.random(in: 1...20, using: &random)).map { _ in "0123456789".randomElement(using: &random)! })
            var text = digits.drop { $0 == "0" }.isEmpty ? "0" : String(digits.drop { $0 == "0" })
            if Bool.random(using: &random) {
                text +=
                    "."
                    + String(
                        (0..<Int.random(in: 1...18, using: &random)).map { _ in
                            "0123456789".randomElement(using: &random)!
                        })
            }
            if Int.random(in: 0..<5, using: &random) == 0 { text += "e\(Int.random(in: -20...20, using: &random))" }
            guard let value = Double(text), value > 0 else { continue }
            expected.append(value)
            result.decode(frame(p: text, v: text))
        }
        #expect(result.trades.count == expected.count)
        for (row, value) in expected.enumerated() {
            #expect(result.events.trades.price[row] == value)
            #expect(result.events.trades.size[row] == value)
        }
    }

    @Test func `the numbers of reasons agree on both sides`() {
        // Those behind them are found after decoding, on this side alone.
        let codes = RejectReason.allCases.prefix(8).map { ($0.rawValue, $0.code) }
        #expect(codes.map(\.0) == Array(0...7))
        #expect(
            codes.map(\.1).joined(separator: " ")
                == "malformed missing_field wrong_type price_not_positive size_invalid time_out_of_range too_large venue_error"
        )
    }

    @Test(.enabled(if: Recordings.arePresent))
    func `recorded frames decode`() throws {
        let text = try String(
            contentsOfFile: Recordings.path("vendor_finnhub/ws_frames_aapl_2020-04-14.jsonl"), encoding: .utf8)
        let result = DecodedFrames { FrameDecoders.finnhub($0) }
        for line in text.split(separator: "\n") { result.decode(String(line)) }
        #expect(result.trades.count == 9 && result.deadLetters.isEmpty)
        #expect(result.trades.first == "0/0 US:AAPL 1586876152227000000 284.45 x 300.0")
        #expect(result.trades.last == "8/0 US:AAPL 1586876151964000000 284.47 x 168.0")
    }
}

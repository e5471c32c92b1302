import Feeds
import Market
import Platform
import TestKit
import Testing

/// Frames in a venue's own form are read on a shorter way: whatever the bytes, it must give what the walk over tokens
/// gives.
@Suite struct FixedFormTests {
    private typealias Make = @Sendable (DecoderContext, Bool) -> any FeedDecoder
    private static let finnhub: Make = { FrameDecoders.finnhub($0, knowsFixedForm: $1) }
    private static let simulator: Make = { FrameDecoders.simulator($0, knowsFixedForm: $1) }

    private static let numbers = [
        "1", "0", "0.5", "150.25", "7296.89", "12345678.123456", "123456789012345", "1234567890123456", "0.000001",
        "00.5", "5.", ".5", "1.5.5", "-1", "1e-07", "1E+400", "1e-400", "1e3", "\"1\"", "null", "1 ",
        "0.1000000000000000055511151231257827", "9007199254740993", "1.7976931348623159e308", "", ".", "+1", "0x1",
    ]
    private static let names = [
        "AAPL", "A", "BINANCE:BTCUSDT", "BINANCE:SYM12USDT", "", "A\\u0041", "A\\\\", "A\\\"", "]", "],", "é", "\\q",
        String(repeating: "N", count: 31), String(repeating: "N", count: 32), String(repeating: "N", count: 33),
    ]
    private static let lists = [
        "null", "[]", "[\"1\"]", "[\"1\",\"12\"]", "[\"1\",\"8\",\"24\"]", "[\"a]b\",\"2\"]", "[1]", "[ \"1\" ]",
        "\"1\"",
        "[\"\\u0031\"]", "[\"123456789\",\"123456789\",\"1\"]", "[\"123456789\",\"123456789\",\"123456789\"]", "nullx",
    ]
    private static let times = [
        "1575526691134", "1575526691135", "7258118399999", "7258118400000", "0575526691134", "1", "15755266911341",
        "-575526691134", "1575526691.34", "1575526691e34",
    ]
    private static let nanoseconds = [
        "1700000000000000000", "7258118399999999999", "7258118400000000000", "9999999999999999999",
        "0700000000000000000", "170000000000000000", "17000000000000000000", "1700000000.00000000",
    ]

    /// Mostly the first three of a list of texts, now and then another.
    private func pick(_ texts: [String], _ random: inout SeededGenerator) -> String {
        let isOdd = Int.random(in: 0..<20, using: &random) == 0
        return (isOdd ? texts[...] : texts.prefix(3)).randomElement(using: &random)!
    }

    private func finnhubFrame(_ random: inout SeededGenerator) -> String {
        let events = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            let list = Bool.random(using: &random) ? "\"c\":\(pick(Self.lists, &random))," : ""
            let price = pick(Self.numbers.filter { $0 != "0" }, &random), size = pick(Self.numbers, &random)
            return "{\(list)\"p\":\(price),\"s\":\"\(pick(Self.names, &random))\",\"t\":\(pick(Self.times, &random))"
                + ",\"v\":\(size)}"
        }
        return
            "{\"data\":[\(events.joined(separator: ","))],\"type\":\"\(pick(["trade", "trade", "trade", "x"], &random))\"}"
    }

    private func simulatorFrame(_ random: inout SeededGenerator) -> String {
        let events = (0..<Int.random(in: 0...4, using: &random)).map { _ in
            let start = "{\"s\":\"\(pick(Self.names, &random))\",\"t\":\(pick(Self.nanoseconds, &random)),"
            let values = (0..<4).map { _ in pick(Self.numbers.filter { $0 != "0" }, &random) }
            return start
                + (Bool.random(using: &random)
                    ? "\"p\":\(values[0]),\"v\":\(values[1]),\"i\":\(pick(Self.numbers, &random)),\"m\":\"\(pick(["buy", "sell", "buy", "b"], &random))\"}"
                    : "\"b\":\(values[0]),\"B\":\(values[1]),\"a\":\(values[2]),\"A\":\(values[3])}")
        }
        return "{\"type\":\"events\",\"data\":[\(events.joined(separator: ","))]}"
    }

    /// Breaks one frame in four.
    static func bytes(_ frame: String, _ random: inout SeededGenerator) -> [UInt8] {
        var bytes = Array(frame.utf8)
        guard Int.random(in: 0..<4, using: &random) == 0 else { return bytes }
        for _ in 0..<Int.random(in: 1...3, using: &random) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            switch Int.random(in: 0..<5, using: &random) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
            case 1: bytes[place] = Array("{}[]\",:0-.e\\n ".utf8).randomElement(using: &random)!
            case 2: bytes.remove(at: place)
            case 3: bytes.removeSubrange(place...)
            default: bytes.insert(Array("{}[]\",:0-.e\\n ".utf8).randomElement(using: &random)!, at: place)
            }
        }
        return bytes
    }

    static func expectEqual(_ fast: DecodedFrames, _ general: DecodedFrames) {
        #expect(fast.trades == general.trades && fast.quotes == general.quotes)
        #expect(fast.deadLetters == general.deadLetters && fast.events.ignored == general.events.ignored)
        #expect(
            (0..<fast.events.trades.count).allSatisfy { row in
                let left = fast.events.trades, right = general.events.trades
                return left.price[row].bitPattern == right.price[row].bitPattern
                    && left.size[row].bitPattern == right.size[row].bitPattern
                    && left.instrument[row] == right.instrument[row] && left.conditions[row] == right.conditions[row]
                    && left.ingestTimeNs[row] == right.ingestTimeNs[row]
            })
        #expect(
            (0..<fast.events.quotes.count).allSatisfy { row in
                let left = fast.events.quotes, right = general.events.quotes
                return [(left.bid, right.bid), (left.ask, right.ask), (left.bidSize, right.bidSize)]
                    .allSatisfy { $0[row].bitPattern == $1[row].bitPattern }
                    && left.askSize[row].bitPattern == right.askSize[row].bitPattern
                    && left.instrument[row] == right.instrument[row]
                    && left.ingestTimeNs[row] == right.ingestTimeNs[row]
            })
        let names = { (frames: DecodedFrames) in (0..<frames.instruments.count).map { frames.instruments[UInt32($0)] } }
        let lists = { (frames: DecodedFrames) in (0..<frames.conditions.count).map { frames.conditions[UInt32($0)] } }
        #expect(names(fast) == names(general) && lists(fast) == lists(general))
    }

    @Test(arguments: 0..<60)
    func `frames of the fixed form, sound and broken, give what the walk over tokens gives`(seed: UInt64) {
        for (make, isFinnhub) in [(Self.finnhub, true), (Self.simulator, false)] {
            var random = SeededGenerator(seed: seed)
            let fast = DecodedFrames { make($0, true) }, general = DecodedFrames { make($0, false) }
            let runs = DecodedFrames { make($0, true) }
            var run: [[UInt8]] = []
            for _ in 0..<300 {
                let frame = Self.bytes(isFinnhub ? finnhubFrame(&random) : simulatorFrame(&random), &random)
                fast.decode(frame)
                general.decode(frame)
                run.append(frame)
                if Int.random(in: 0..<20, using: &random) == 0 {
                    runs.decodeRun(run)
                    run = []
                }
            }
            runs.decodeRun(run)
            #expect(fast.events.trades.count > 50 && fast.events.deadLetters.count > 10)
            Self.expectEqual(fast, general)
            Self.expectEqual(runs, general)
        }
    }

    /// What stands behind a frame is another frame's bytes: a frame that is cut anywhere must not go on there.
    @Test func `a frame that ends too early does not go on in the bytes behind it`() {
        let frames = [
            (#"{"data":[{"c":["1"],"p":1.5,"s":"A","t":1575526691134,"v":2}],"type":"trade"}"#, Self.finnhub),
            (#"{"data":[{"p":1.5,"s":"A","t":1575526691134,"v":2}],"type":"trade"}"#, Self.finnhub),
            (
                #"{"type":"events","data":[{"s":"A","t":1700000000000000000,"p":1,"v":2,"i":3,"m":"buy"}]}"#,
                Self.simulator
            ),
            (#"{"type":"events","data":[{"s":"A","t":1700000000000000000,"b":1,"B":2,"a":3,"A":4}]}"#, Self.simulator),
        ]
        for (text, make) in frames {
            let frame = Array(text.utf8)
            for length in 0..<frame.count {
                let result = DecodedFrames { make($0, true) }
                result.decode(frame).decode(Array(frame[..<length]), behind: Array(frame[length...]) + frame)
                #expect(result.events.trades.count + result.events.quotes.count == 1, "cut at \(length)")
                #expect(result.reasons == ["malformed"], "cut at \(length)")
            }
        }
    }

    /// Random decimals: digits and power of ten are exact, or the number takes the long way.
    @Test(arguments: 0..<20)
    func `every decimal is the double next to it`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let result = DecodedFrames { Self.finnhub($0, true) }
        var expected: [Double] = []
        for _ in 0..<500 {
            var text = "1"
            for _ in 0..<Int.random(in: 0...20, using: &random) { text += "\(Int.random(in: 0...9, using: &random))" }
            if Bool.random(using: &random) { text += ".\(Int.random(in: 0...99_999_999, using: &random))" }
            expected.append(Double(text)!)
            result.decode(#"{"data":[{"p":\#(text),"s":"A","t":1575526691134,"v":1}],"type":"trade"}"#)
        }
        let prices = (0..<result.events.trades.count).map { result.events.trades.price[$0] }
        #expect(prices.map(\.bitPattern) == expected.map(\.bitPattern))
    }
}

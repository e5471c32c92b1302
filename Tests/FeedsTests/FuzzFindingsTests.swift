import CDecode
import Market
import Platform
import Testing

@testable import Feeds

/// Inputs that `make fuzz` found, made small.
@Suite struct FuzzFindingsTests {
    @Test(arguments: [
        #"{"data":[{"p":1,"s":"A\q","t":1575526691134,"v":1}],"type":"trade"}"#,
        #"{"data":[{"p":1,"s":"A\ud800","t":1575526691134,"v":1}],"type":"trade"}"#,
        #"{"type":"t3\xf","data":[]}"#,
    ])
    func `a name with a broken escape is not taken for what stands before the escape`(frame: String) {
        let result = DecodedFrames { FrameDecoders.finnhub($0) }
        result.decode(#"{"data":[{"p":1,"s":"A","t":1575526691134,"v":1}],"type":"trade"}"#).decode(frame)
        #expect(result.trades.count == 1)
        #expect(result.reasons == ["malformed"])
    }

    @Test func `a message of a bridge with a broken escape is no JSON`() {
        let result = DecodedFrames { FrameDecoders.mt5($0) }
        result.decode(#"{"type":"terminal","message":"(-\10)"}"#).decode(#"{"type":"terminal","message":"(\u002d10)"}"#)
        #expect(result.reasons == ["malformed"] && result.events.ignored == 1)
    }

    @Test func `a frame with an empty list of events counts as ignored`() {
        for (frame, make) in [
            (#"{"type":"trade","data":[]}"#, { FrameDecoders.finnhub($0) }),
            (#"{"type":"events","data":[]}"#, { FrameDecoders.simulator($0) }),
            (#"{"backfill":"BTCUSDT","data":[]}"#, { FrameDecoders.binance($0) }),
            (#"{"backfill":"BTC/USD","data":[]}"#, { FrameDecoders.coinbase($0) }),
        ] as [(String, (DecoderContext) -> any FeedDecoder)] {
            let result = DecodedFrames(make).decode(frame)
            #expect(result.events.ignored == 1 && result.deadLetters.isEmpty && result.trades.isEmpty)
        }
    }

    @Test(arguments: ["10220201", "9999-12-31 23:59:59Z", "2600-01-01 00:00:00", "0001-01-01 00:00:00+18:00"])
    func `a year that nanoseconds cannot hold is out of range, not another year`(time: String) throws {
        let mapping = try CSVMapping(values: ["time": "0", "time_format": "text", "price": "1", "symbol": "A"])
        let result = try DecodedFrames { try FrameDecoders.csv($0, mapping) }
        result.decode("\(time),1\n")
        #expect(result.trades.isEmpty)
        #expect(result.reasons == ["time_out_of_range"])
    }

    @Test(arguments: ["UTC+05:]0", "GMT+é", "UTC+05:30/x", "Europe/Par\u{0}is", "../etc", "UTC+25"])
    func `a zone that is neither a name nor an offset is refused`(zone: String) {
        #expect(ZoneClock(zone) == nil)
    }

    @Test(arguments: ["-1", "10000", "9223372036854775807"])
    func `a column that no line has is refused`(place: String) {
        for key in ["time", "price", "conditions"] {
            var values = ["time": "0", "time_format": "ms", "price": "1", "symbol": "A"]
            values[key] = place
            #expect(throws: FeedError.self) { try CSVMapping(values: values).check() }
        }
    }

    @Test func `a mapping with a date that nanoseconds cannot hold is refused`() {
        let values = [
            "time": "0", "time_format": "ms_of_day", "date": "9999-12-31", "price": "1", "symbol": "A",
        ]
        #expect(throws: FeedError.self) { try CSVMapping(values: values).check() }
    }

    @Test func `a number beyond the range of doubles is too large or nothing, whatever its exponent says`() {
        let digits = String(repeating: "5", count: 312)
        for (text, expected) in [
            (digits + "E-1", Double.infinity), ("-" + digits + "e-1", -.infinity), (digits, .infinity),
            ("0." + String(repeating: "0", count: 400) + "5E+1", 0),
            ("0." + String(repeating: "0", count: 400) + "5", 0),
            ("1e99999999999999999999", .infinity), ("1E-99999999999999999999", 0), ("-1e-400", -0.0),
        ] {
            let (value, isRead) = decimal(text)
            #expect(isRead && value == expected && value.sign == expected.sign, "\(text.prefix(20))")
        }
    }

    private func decimal(_ text: String) -> (value: Double, isRead: Bool) {
        let bytes = text.utf8.map { CChar($0) } + [CChar](repeating: 0, count: 16)
        var value = -1.0
        let isRead = td_read_decimal(bytes, text.utf8.count, &value)
        return (value, isRead)
    }
}

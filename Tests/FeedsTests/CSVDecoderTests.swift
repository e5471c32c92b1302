import Feeds
import Market
import Platform
import TestKit
import Testing

@Suite struct CSVDecoderTests {
    private func decoded(_ values: [String: String], _ frames: String...) throws -> DecodedFrames {
        let mapping = try CSVMapping(values: values)
        let result = try DecodedFrames { try FrameDecoders.csv($0, mapping) }
        for frame in frames { result.decode(frame) }
        return result
    }
    private let trades = [
        "kind": "trades", "time": "0", "time_format": "ms", "price": "1", "size": "2", "symbol": "A", "venue": "V",
    ]

    @Test func `the place of a trade in its frame is its line`() throws {
        let result = try decoded(trades, "1,2.5,3\n\n2,4,5\r\n3,6,7")
        #expect(
            result.trades == ["0/0 V:A 1000000 2.5 x 3.0", "0/2 V:A 2000000 4.0 x 5.0", "0/3 V:A 3000000 6.0 x 7.0"])
        #expect(result.deadLetters.isEmpty)
    }

    @Test func `a bad line is a dead letter with its own text, and the others are kept`() throws {
        let result = try decoded(
            trades, "1,2,3\nx,2,3\n1,0,3\n1,,3\n1,2,-1\n1\n9e9,1,1\n99999999999999,1,1\n1,nan,1\n2,3,4\n")
        #expect(result.trades.count == 2)
        #expect(
            result.deadLetters == [
                "0/1 wrong_type: field `time` has the wrong type | x,2,3",
                "0/2 price_not_positive: field `price` is not a positive number | 1,0,3",
                "0/3 missing_field: field `price` is missing or empty | 1,,3",
                "0/4 size_invalid: field `size` is not a number of at least zero | 1,2,-1",
                "0/5 missing_field: field `price` is missing or empty | 1",
                "0/6 wrong_type: field `time` has the wrong type | 9e9,1,1",
                "0/7 time_out_of_range: field `time` lies outside 1970 to 2200 | 99999999999999,1,1",
                "0/8 price_not_positive: field `price` is not a positive number | 1,nan,1",
            ])
        #expect(result.instruments.count == 1)
    }

    @Test func `symbols, venues, ids, sides and conditions come from columns`() throws {
        let values = [
            "time": "0", "time_format": "s", "price": "1", "symbol_column": "2", "venue_column": "3", "side": "4",
            "trade_id": "5", "conditions": "6+7",
        ]
        let result = try decoded(values, "1.5,2,AAPL,X,buy,17,F,T\n2,2,MSFT,Y,SELL,18,,T\n3,2,AAPL,X,,,,\n")
        #expect(
            result.trades == [
                "0/0 X:AAPL 1500000000 2.0 x 0.0 buy #17 [F T]", "0/1 Y:MSFT 2000000000 2.0 x 0.0 sell #18 [T]",
                "0/2 X:AAPL 3000000000 2.0 x 0.0",
            ])
        #expect(
            try decoded(values, "1,2,A,X,buy,x1\n1,2,A,X,?,1\n1,2,,X,buy,1\n").reasons == [
                "wrong_type", "wrong_type", "missing_field",
            ])
    }

    @Test func `a buyer that is the maker means that the aggressor sold`() throws {
        var values = trades
        values["side"] = "3"
        values["side_means"] = "buyer_is_maker"
        let result = try decoded(values, "1,1,1,true\n1,1,1,False\n1,1,1,1\n1,1,1,0\n")
        #expect(result.trades.map { $0.split(separator: " ").last } == ["sell", "buy", "sell", "buy"])
    }

    @Test func `scaled prices are divided, which rounds once`() throws {
        var values = trades
        values["price_scale"] = "10000"
        values["size_scale"] = "10"
        let result = try decoded(values, "1,1815207,15\n")
        #expect(result.events.trades.price[0] == 181.5207 && result.events.trades.size[0] == 1.5)
    }

    @Test func `a quote may have one side, by zero or by nothing`() throws {
        let values = [
            "time": "0", "time_format": "ns", "bid": "1", "bid_size": "2", "ask": "3", "ask_size": "4", "symbol": "A",
        ]
        let result = try decoded(
            values, "1,5,6,0,0\n2,,,7,8\n3,5,6,5,8\n4,6,1,5,1\n5,0,0,0,0\n6,-1,1,1,1\n7,1,-1,1,1\n8,5,,6,\n")
        #expect(
            result.quotes == [
                "0/0 A 1 5.0 x 6.0 / nan x nan flags 4", "0/1 A 2 nan x nan / 7.0 x 8.0 flags 4",
                "0/2 A 3 5.0 x 6.0 / 5.0 x 8.0 flags 2", "0/3 A 4 6.0 x 1.0 / 5.0 x 1.0 flags 1",
                "0/7 A 8 5.0 x nan / 6.0 x nan flags 0",
            ])
        #expect(result.reasons == ["price_not_positive", "price_not_positive", "size_invalid"])
    }

    @Test func `fields in quotes may hold the delimiter`() throws {
        let values = ["time": "0", "time_format": "ns", "price": "1", "symbol_column": "2", "delimiter": ";"]
        let result = try decoded(values, "\"1\";\"2.5\";\"A;B\"\n2;3;\"C\n3;4;\"\"\n")
        #expect(result.trades == ["0/0 A;B 1 2.5 x 0.0", "0/1 C 2 3.0 x 0.0"])
        #expect(result.reasons == ["missing_field"])
    }

    @Test(arguments: [
        ("ns", "1381132800000000001", 1_381_132_800_000_000_001),
        ("us", "1381132800000000.5", 1_381_132_800_000_000_500),
        ("ms", "1381132800000", 1_381_132_800_000_000_000), ("s", "1381132800.123456789", 1_381_132_800_123_456_789),
        ("text", "2013-10-07T08:00:00Z", 1_381_132_800_000_000_000),
        ("text", "2013-10-07 08:00:00.25", 1_381_132_800_250_000_000),
        ("text", "2013/10/07 10:00:00+02:00", 1_381_132_800_000_000_000),
        ("text", "20131007 080000123", 1_381_132_800_123_000_000),
        ("text", "20131007 08:00:00", 1_381_132_800_000_000_000),
        ("text", "2013-10-07 08:00:00.000001+00:00", 1_381_132_800_000_001_000),
        ("text", "2013.10.07 04:00:00 -0400", 1_381_132_800_000_000_000),
        ("text", "2013-10-07", 1_381_104_000_000_000_000),
        ("text", "2013-10-07 08:00:00 UTC", 1_381_132_800_000_000_000),
        ("text", "20131007 08:00", 1_381_132_800_000_000_000),
        ("text", "2013-10-07 10:00+02:00", 1_381_132_800_000_000_000),
        ("text", "07.10.2013 08:00:00.250", 1_381_132_800_250_000_000),
        ("text", "07.10.2013 10:00:00.250 GMT+0200", 1_381_132_800_250_000_000),
    ])
    func `times are read in many forms`(format: String, text: String, expected: Int64) throws {
        var values = trades
        values["time_format"] = format
        #expect(try decoded(values, "\(text),1,1").events.trades.eventTimeNs[0] == expected)
    }

    @Test(arguments: [
        "2013-13-07 08:00:00", "2013-10-07 24:00:00", "2013-10-07 08:61:00", "2013-10-07 08:00:", "2013-10-07X08:00:00",
        "2013-10-07 08:00.5", "2013-10-07 08", "07.13.2013 08:00:00", "07.10.13 08:00:00", "2013-10-07 08:00:00 GM",
        "2013-10-07 08:00:00.", "2013-10-07 08:00:00+2", "2013-02-30 00:00:00", "13-10-07 08:00:00",
        "2013-1007 08:00:00",
    ])
    func `other texts are no times`(text: String) throws {
        var values = trades
        values["time_format"] = "text"
        #expect(try decoded(values, "\(text),1,1").reasons == ["wrong_type"])
    }

    @Test func `times since midnight are on the clock of the zone, daylight saving included`() throws {
        func time(_ ms: Int, _ date: String, _ zone: String) throws -> String {
            var values = trades
            values["time_format"] = "ms_of_day"
            values["date"] = date
            values["zone"] = zone
            let result = try decoded(values, "\(ms),1,1")
            return Timestamp(nanoseconds: result.events.trades.eventTimeNs[0]).description
        }
        let hour = 3_600_000
        #expect(try time(14_430_270, "2013-10-07", "America/New_York") == "2013-10-07T08:00:30.270Z")
        #expect(try time(14_430_270, "2013-12-09", "America/New_York") == "2013-12-09T09:00:30.270Z")
        #expect(try time(50_451_815, "2014-05-04", "UTC-5") == "2014-05-04T19:00:51.815Z")
        #expect(try time(0, "2014-05-04", "+05:30") == "2014-05-03T18:30:00Z")
        // On 2013-03-10 New York's clocks went from 02:00 to 03:00, on 2013-11-03 from 02:00 back to 01:00.
        #expect(try time(hour * 3 / 2, "2013-03-10", "America/New_York") == "2013-03-10T06:30:00Z")
        #expect(try time(hour * 5 / 2, "2013-03-10", "America/New_York") == "2013-03-10T07:30:00Z")
        #expect(try time(hour * 7 / 2, "2013-03-10", "America/New_York") == "2013-03-10T07:30:00Z")
        #expect(try time(hour * 3 / 2, "2013-11-03", "America/New_York") == "2013-11-03T05:30:00Z")
        #expect(try time(hour * 5 / 2, "2013-11-03", "America/New_York") == "2013-11-03T07:30:00Z")
        // Seven hours ahead of New York: UTC+2 in winter, UTC+3 in summer, changed when New York's clocks show 02:00.
        #expect(try time(0, "2013-01-02", "America/New_York+7") == "2013-01-01T22:00:00Z")
        #expect(try time(hour * 23, "2013-07-02", "America/New_York+7") == "2013-07-02T20:00:00Z")
        #expect(try time(hour * 8, "2013-03-10", "America/New_York+7") == "2013-03-10T06:00:00Z")
        #expect(try time(hour * 10, "2013-03-10", "America/New_York+7") == "2013-03-10T07:00:00Z")
        #expect(try time(hour * 20, "2013-01-02", "America/New_York-7:30") == "2013-01-03T08:30:00Z")
    }

    @Test func `a day and a time of the day may stand apart`() throws {
        var values = trades
        values["time_format"] = "text"
        values["time_of_day"] = "3"
        let result = try decoded(values, "2013.10.07,1,1,08:00:00.25\n2013.10.07,1,1,\n2013.10.07,1,1,8\n")
        #expect(result.events.trades.eventTimeNs[0] == 1_381_132_800_250_000_000)
        #expect(result.reasons == ["missing_field", "wrong_type"])
    }

    @Test func `a receive time of the line takes the place of the frame's`() throws {
        var values = trades
        values["receive_time"] = "3"
        let result = try decoded(values, "1,1,1,5\n1,1,1,\n")
        #expect(result.events.trades.ingestTimeNs[0] == 5_000_000 && result.reasons == ["missing_field"])
    }

    @Test func `a terminal's tick is a quote, a trade, or both`() throws {
        let values = [
            "kind": "ticks", "time": "0", "time_format": "ns", "bid": "1", "ask": "2", "price": "3", "size": "4",
            "symbol": "A",
        ]
        let result = try decoded(values, "1,5,6,0,0\n2,5,6,5.5,7\n3,,,5.5,8\n4,0,0,0,0\n5,5,6,x,1\n")
        #expect(result.quotes.count == 3 && result.trades == ["0/1 A 2 5.5 x 7.0", "0/2 A 3 5.5 x 8.0"])
        #expect(result.reasons == ["price_not_positive", "wrong_type"])
    }

    @Test func `a mapping survives its text form`() throws {
        var mapping = CSVMapping(kind: .trades, time: .name("Time"), timeFormat: .millisecondsOfDay)
        mapping.date = CivilDate("2013-10-07")
        mapping.zone = "America/New_York"
        mapping.symbol = "SPY \"quoted\""
        mapping.venueColumn = .name("venue")
        mapping.price = .position(3)
        mapping.size = .position(4)
        mapping.side = .position(5)
        mapping.sideMeaning = .buyerIsMaker
        mapping.conditions = [.position(7), .name("flags")]
        mapping.priceScale = 10_000
        mapping.sizeScale = 0.5
        mapping.hasHeader = true
        mapping.delimiter = "\t"
        mapping.receiveTime = .position(9)
        mapping.timeOfDay = .name("flags")
        mapping.blankIsUnchanged = true
        #expect(try CSVMapping(values: mapping.values) == mapping)
        let resolved = try mapping.resolved(header: ["Time", "flags", "venue"])
        #expect(resolved.time == .position(0) && resolved.venueColumn == .position(2))
        #expect(resolved.conditions == [.position(7), .position(1)])
        let error = #expect(throws: FeedError.self) { _ = try mapping.resolved(header: ["Time", "venue"]) }
        #expect(error?.message == "no column `flags`; the header is Time, venue")
    }

    @Test(arguments: [
        (["zone": "Mars/Olympus"], "unknown time zone `Mars/Olympus`"),
        (["price_scale": "0"], "scales must be positive"),
        (["time_format": "ms_of_day"], "need a date"), (["price": ""], "no position"), (["symbol": ""], "no symbol"),
        (["kind": "books"], "unknown `books`"), (["prise": "1"], "unknown key `prise`"),
        (["date": "20139999"], "is not a day"), (["zone": ""], "give its `--zone`"),
        (["time_of_day": "3"], "needs days written as text"), (["blank": "x"], "`blank`"),
    ])
    func `what is wrong with a mapping is said`(change: [String: String], message: String) {
        let values = trades.merging(change) { $1 }
        let error = #expect(throws: FeedError.self) { _ = try decoded(values, "") }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test(arguments: 0..<20)
    func `broken lines never stop the program`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let quotes = [
            "time": "0", "time_format": "text", "bid": "1", "bid_size": "2", "ask": "3", "symbol_column": "4",
        ]
        let line = Array("2013-10-07 08:00:00.25,1.5,100,1.6,\"A\"\n".utf8)
        for values in [trades, quotes] {
            let mapping = try CSVMapping(values: values)
            let result = try DecodedFrames { try FrameDecoders.csv($0, mapping) }
            for _ in 0..<500 {
                var bytes = line + line
                for _ in 0..<Int.random(in: 1...5, using: &random) {
                    bytes[Int.random(in: 0..<bytes.count, using: &random)] =
                        Bool.random(using: &random)
                        ? UInt8.random(in: 0...255, using: &random)
                        : Array(",\n\".-: ".utf8).randomElement(using: &random)!
                }
                result.decode(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random))))
            }
            let prices = result.events.trades.price
            #expect((0..<prices.count).allSatisfy { prices[$0] > 0 && prices[$0].isFinite })
        }
    }
}

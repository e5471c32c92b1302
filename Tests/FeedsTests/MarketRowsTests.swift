import Feeds
import Market
import Testing

@Suite struct MarketRowsTests {
    private func trades(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.rows(.trades, $0, venue: "PUSH") }
        for frame in frames { result.decode(frame) }
        return result
    }
    private func quotes(_ frames: String...) -> DecodedFrames {
        let result = DecodedFrames { FrameDecoders.rows(.quotes, $0, venue: "PUSH") }
        for frame in frames { result.decode(frame) }
        return result
    }
    /// One trade with a field replaced or left out.
    private func row(_ changes: [String: String?] = [:]) -> String {
        var fields: [String: String?] = [
            "symbol": "\"A\"", "event_time_ns": "1700000000123456789", "price": "1.5", "size": "2",
        ]
        for (name, value) in changes { fields.updateValue(value, forKey: name) }
        return "{"
            + fields.sorted { $0.key < $1.key }.compactMap { name, value in value.map { "\"\(name)\":\($0)" } }
            .joined(separator: ",") + "}"
    }

    @Test func `lines become trades with their places, whatever the order of their fields`() {
        let result = trades(
            """
            {"symbol":"NASDAQ:AAPL","event_time_ns":1700000000123456789,"price":189.25,"size":100,"side":"buy","trade_id":17}
            {"trade_id":null,"conditions":"@,T","size":"0","price":"1e-3","event_time_ms":1700000000123,"venue":"V","symbol":"A:B"}

            {"symbol":"X","event_time":"2026-01-30T10:00:00.5+01:00","price":2,"size":3,"side":"sell","note":[1,{"a":"}"}]}
            {"symbol":"X","event_time_us":1,"price":2,"size":3,"conditions":""}
            """)
        #expect(
            result.trades == [
                "0/0 NASDAQ:AAPL 1700000000123456789 189.25 x 100.0 buy #17",
                "0/1 V:A:B 1700000000123000000 0.001 x 0.0 [@,T]", "0/2 PUSH:X 1769763600500000000 2.0 x 3.0 sell",
                "0/3 PUSH:X 1000 2.0 x 3.0",
            ])
        #expect(result.deadLetters == [])
    }

    @Test(arguments: [
        "[<1>,<2>]", " [ <1> ,\n <2> ]\n", "<1>\n<2>\n", "<1>\r\n\r\n<2>", "<1> <2>", "\n\n<1>\n \n<2>\n ",
    ])
    func `a list, lines and objects one behind the other are the same rows`(_ form: String) {
        let body = form.replacing("<1>", with: row(["trade_id": "7"])).replacing("<2>", with: row())
        #expect(
            trades(body).trades == [
                "0/0 PUSH:A 1700000000123456789 1.5 x 2.0 #7", "0/1 PUSH:A 1700000000123456789 1.5 x 2.0",
            ])
    }

    @Test(arguments: ["", " \n ", "[]", " [ ] "])
    func `nothing is no row and no fault`(_ body: String) {
        let result = trades(body)
        #expect(result.trades == [] && result.deadLetters == [])
    }

    @Test(arguments: [
        "not json", "{", "\"", "{\"symbol\":\"A", "{\"symbol\":\"A\"]", "{\"price\":01}", "{}{", "}", "\u{1}",
        "{\"a\":tru}",
    ])
    func `a line that is not JSON is rejected alone, whatever it does to quotes and brackets`(_ line: String) {
        let result = trades("\(row())\n\(line)\n\(row())\n")
        #expect(result.trades.count == 2)
        #expect(result.trades.last?.hasPrefix("0/2 ") == true)
        #expect(result.deadLetters == ["0/1 malformed: not JSON | \(line)"])
    }

    @Test(arguments: ["[<row>,", "[<row> <row>]", "[<row>]]", "[<row>,]", "[<row>]x"])
    func `a list that is not JSON is rejected as a whole`(_ form: String) {
        let result = trades(form.replacing("<row>", with: row()))
        #expect(result.trades == [])
        #expect(result.reasons == ["malformed"])
    }

    @Test(
        arguments: [
            (["symbol": nil], "missing_field: field `symbol` is missing or empty"),
            (["symbol": "\"\""], "missing_field: field `symbol` is missing or empty"),
            (["symbol": "5"], "wrong_type: field `symbol` has the wrong type"),
            (["symbol": "[\"A\"]"], "wrong_type: field `symbol` has the wrong type"),
            (["venue": "\"A:B\""], "wrong_type: field `venue` has the wrong type"),
            (["event_time_ns": nil], "missing_field: field `event_time` is missing or empty"),
            (["event_time_ns": "null"], "missing_field: field `event_time` is missing or empty"),
            (["event_time_ns": "-1"], "time_out_of_range: field `event_time_ns` lies outside 1970 to 2200"),
            (
                ["event_time_ns": "7258118400000000000"],
                "time_out_of_range: field `event_time_ns` lies outside 1970 to 2200"
            ),
            (["event_time_ns": "1.5"], "wrong_type: field `event_time_ns` has the wrong type"),
            (
                ["event_time_ns": nil, "event_time": "\"2026-01-30 10:00:00\""],
                "value_invalid: `event_time` is not an RFC 3339 time with a zone"
            ),
            (["price": "0"], "price_not_positive: field `price` is not a positive number"),
            (["price": "1e999"], "price_not_positive: field `price` is not a positive number"),
            (["price": "\"\""], "wrong_type: field `price` has the wrong type"),
            (["price": "true"], "wrong_type: field `price` has the wrong type"),
            (["size": "-1"], "size_invalid: field `size` is not a number of at least zero"),
            (["size": nil], "missing_field: field `size` is missing or empty"),
            (["side": "\"BUY\""], "value_invalid: `side` is neither buy nor sell"),
            (["trade_id": "\"x\""], "wrong_type: field `trade_id` has the wrong type"),
        ] as [([String: String?], String)])
    func `a row that breaks a rule is rejected with the reason, others are kept`(
        _ changes: [String: String?], _ reason: String
    ) {
        let bad = row(changes)
        let result = trades(row() + "\n" + bad + "\n" + row())
        #expect(result.trades.count == 2)
        #expect(result.deadLetters == ["0/1 \(reason) | \(bad)"])
    }

    @Test func `of a field that stands twice the last counts, and all must be JSON`() {
        let twice = "{\"symbol\":\"A\",\"event_time_ns\":1,\"price\":1,\"size\":1,\"price\":2}"
        #expect(trades(twice).trades == ["0/0 PUSH:A 1 2.0 x 1.0"])
        #expect(trades(twice.replacing("\"price\":1,", with: "\"price\":1x,")).reasons == ["malformed"])
    }

    @Test func `quotes may lack a side, not both`() {
        let result = quotes(
            """
            {"symbol":"V:A","event_time_ns":1,"bid":1.5,"ask":1.75,"bid_size":3,"ask_size":"4","update_id":9}
            {"symbol":"A","event_time_ns":2,"bid":null,"ask":2}
            {"symbol":"A","event_time_ns":3}
            {"symbol":"A","event_time_ns":4,"bid":0,"ask":2}
            {"symbol":"A","event_time_ns":5,"bid":3,"ask":2,"bid_size":-1}
            """)
        #expect(
            result.quotes == [
                "0/0 V:A 1 1.5 x 3.0 / 1.75 x 4.0 #9 flags 0", "0/1 PUSH:A 2 nan x nan / 2.0 x nan flags 4",
            ])
        #expect(result.reasons == ["missing_field", "price_not_positive", "size_invalid"])
    }
}

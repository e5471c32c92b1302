import Feeds
import Market
import Platform
import Testing

@Suite struct CSVBarDecoderTests {
    private let values = [
        "kind": "bars", "time": "0", "time_format": "s", "open": "1", "high": "2", "low": "3", "close": "4",
        "size": "5",
        "symbol": "A", "venue": "V", "interval": "1m", "source": "test",
    ]

    private func decoded(_ change: [String: String] = [:], _ frame: String) throws -> DecodedFrames {
        let mapping = try CSVMapping(values: values.merging(change) { $1 })
        return try DecodedFrames { try FrameDecoders.csv($0, mapping) }.decode(frame)
    }

    @Test func `a line is a bar of the vendor`() throws {
        let result = try decoded([:], "60,10,12,9,11,100\n")
        #expect(
            DecodedBars.texts(result.events, result.instruments) == [
                "V:A test trade 1m 1970-01-01T00:01:00Z 10.0 12.0 9.0 11.0 x 100.0"
            ])
        #expect(result.events.vendorBars.isFinal[0] == 1 && result.events.vendorBars.journalOffset[0] == 0)
    }

    @Test func `a bar that contradicts itself is kept where it can be, and always said`() throws {
        let result = try decoded(
            [:],
            "60,13,12,9,11,1\n120,10,12,9,8,1\n180,10,9,12,11,1\n240,0,12,9,11,1\n300,,12,9,11,1\n360,12.000001,12,9,11,1\n"
        )
        let starts = DecodedBars.texts(result.events, result.instruments).map { $0.split(separator: " ")[4] }
        #expect(starts == ["1970-01-01T00:01:00Z", "1970-01-01T00:02:00Z", "1970-01-01T00:06:00Z"])
        #expect(
            result.deadLetters == [
                "0/0 inconsistent: open 13.0 lies outside low 9.0 and high 12.0; the bar is kept as it is stated | "
                    + "60,13,12,9,11,1",
                "0/1 inconsistent: close 8.0 lies outside low 9.0 and high 12.0; the bar is kept as it is stated | "
                    + "120,10,12,9,8,1",
                "0/2 inconsistent: low 12.0 lies above high 9.0; the bar is not kept | 180,10,9,12,11,1",
                "0/3 price_not_positive: field `open` is not a positive number | 240,0,12,9,11,1",
                "0/4 missing_field: field `open` is missing or empty | 300,,12,9,11,1",
            ])
    }

    @Test func `an adjusted close that is no price leaves the bar`() throws {
        let result = try decoded(["adjusted_close": "6"], "60,1,1,1,1,1,0.5\n120,1,1,1,1,1,-inf\n180,1,1,1,1,1,\n")
        let adjusted = result.events.vendorBars.adjustedClose
        #expect(adjusted[0] == 0.5 && adjusted[1].isNaN && adjusted[2].isNaN)
        #expect(result.reasons == ["inconsistent"] && result.deadLetters[0].contains("kept without it"))
    }

    @Test func `times may be ends, and closes are adjusted by the factor of their day`() throws {
        let day = 86_400
        let result = try decoded(
            ["interval": "1d", "time_is": "end", "adjust": "1970-01-01=;1970-01-03=0.5;1970-01-04=0.25"],
            (1...5).map { "\($0 * day),8,8,8,8,1\n" }.joined())
        let bars = result.events.vendorBars
        #expect((0..<5).map { bars.startNs[$0] / 86_400_000_000_000 } == [0, 1, 2, 3, 4])
        #expect((0..<5).map { bars.adjustedClose[$0].description } == ["nan", "4.0", "4.0", "2.0", "nan"])
    }

    @Test func `splits and dividends stand in a table of their own`() throws {
        let result = try decoded(
            ["dividend": "6", "split": "7", "trades": "8"],
            "60,1,1,1,1,1,0.25,0,3\n120,1,1,1,1,1,0,7.0,\n180,1,1,1,1,1,0.0,1.0,2\n240,1,1,1,1,1,-1,0,0\n300,1,1,1,1,1,,,1.5\n"
        )
        #expect(
            DecodedBars.actions(result.events, result.instruments) == [
                "V:A dividend 0.25 1970-01-01T00:01:00Z", "V:A split 7.0 1970-01-01T00:02:00Z",
            ])
        #expect(result.events.vendorBars.count == 3 && result.events.vendorBars.trades[0] == 3)
        #expect(result.reasons == ["size_invalid", "wrong_type"])
    }

    @Test func `a mapping of bars survives its text form`() throws {
        var mapping = try CSVMapping(values: values)
        mapping.bars.adjustedClose = .name("Adj")
        mapping.bars.turnover = .position(9)
        mapping.bars.isTimeEnd = true
        mapping.bars.priceType = .ask
        mapping.bars.adjustments = [
            .init(through: CivilDate(daysSinceEpoch: 5), factor: .nan),
            .init(through: CivilDate(daysSinceEpoch: 9), factor: 0.1),
        ]
        #expect(try CSVMapping(values: mapping.values) == mapping)
        #expect(try mapping.resolved(header: ["Adj"]).bars.adjustedClose == .position(0))
    }

    @Test(arguments: [
        (["close": ""], "no position"), (["interval": "7m"], "bars of `7m` are not kept"),
        (["interval": ""], "--interval"),
        (["source": ""], "`source`"), (["time_is": "middle"], "`time_is`"), (["price_type": "mid"], "`price_type`"),
        (["adjust": "x=1"], "`adjust`"), (["interval": "1mo", "time_is": "end"], "month"),
    ])
    func `what is wrong with a mapping of bars is said`(change: [String: String], message: String) {
        let error = #expect(throws: FeedError.self) { _ = try decoded(change, "") }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}

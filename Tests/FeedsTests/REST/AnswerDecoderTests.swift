import Market
import Platform
import TestKit
import Testing

@testable import Feeds

/// Settings of a feed of daily bars as a list of objects.
private func settings(_ change: (inout AnswerMapping) -> Void = { _ in }) -> String {
    var mapping = AnswerMapping(source: "test", kind: .bars)
    mapping.interval = "1d"
    mapping.main.fields = [
        "time": "t", "open": "o", "high": "h", "low": "l", "close": "c", "volume": "v", "adjusted_close": "a",
        "dividend": "d", "split": "s",
    ]
    mapping.errors = ["error"]
    change(&mapping)
    return SessionSettings(decoder: "rest", values: mapping.values).text
}

/// A row of such an answer.
private func row(_ day: Int, _ prices: [Double], _ more: String = "") -> String {
    let date = CivilDate(daysSinceEpoch: 20_000 + Int64(day))
    return #"{"t":"\#(date)","o":\#(prices[0]),"h":\#(prices[1]),"l":\#(prices[2]),"c":\#(prices[3])\#(more)}"#
}

/// Rows around a close each.
private func rows(_ closes: [Double], _ more: [Int: String] = [:]) -> String {
    "["
        + closes.enumerated().map { row($0, [$1, $1 * 1.01, $1 * 0.99, $1], more[$0] ?? "") }
        .joined(separator: ",") + "]"
}

@Suite struct AnswerDecoderTests {
    @Test func `settings are read as they are written`() throws {
        var mapping = AnswerMapping(source: "x", kind: .bars)
        mapping.format = .json
        mapping.layout = .columns
        mapping.main = .init(rows: "", fields: ["time": "'a b'.c", "close": "d[0]"])
        mapping.dividends = .init(rows: "e", fields: ["time": "@name", "amount": "f"])
        mapping.splits = .init(rows: "g", fields: ["time": "h", "numerator": "i", "denominator": "j"])
        mapping.about = ["zone": "k", "name": "l"]
        mapping.errors = ["m", "n.o"]
        mapping.timeFormat = .seconds
        mapping.zone = "Europe/Berlin"
        mapping.interval = "5m"
        mapping.isTimeEnd = true
        mapping.implausible = .keep
        #expect(try AnswerMapping(values: mapping.values) == mapping)
    }

    @Test(arguments: [
        (["fields": "time=t"], "`close` is missing"), (["fields": "time=t\nclose=c\nprice=p"], "unknown `price`"),
        (["interval": "7m"], "`7m` is none of"), (["zone": "Mars/Base"], "unknown time zone"),
        (["split_fields": "time=t\nnumerator=n"], "`denominator` is missing"), (["format": "xml"], "unknown `xml`"),
        (["time_format": "ms_of_day"], "on which day"), (["format": "csv", "layout": "columns"], "CSV has rows"),
        (["about_fields": "colour=c"], "unknown `colour`"), (["fields": "time"], "is not `name=path`"),
    ])
    func `a mapping that cannot be used says why`(_ change: [String: String], _ message: String) {
        let values = ["source": "x", "kind": "bars", "interval": "1d", "fields": "time=t\nclose=c"]
            .merging(change) { $1 }
        let error = #expect(throws: FeedError.self) { try AnswerMapping(values: values) }
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }

    @Test func `days are those of the zone, whatever the order, and a bar is final once its time is over`() throws {
        let answers = try DecodedAnswers(settings: settings { $0.zone = "America/New_York" })
        answers.decode(
            #"[{"t":"2026-06-30T00:00:00.000Z","c":2},{"t":"2026-01-02","o":1,"h":3,"l":0.5,"c":"2","v":7,"a":1.5}]"#)
        #expect(
            answers.bars == [
                "V:X 1d 2026-01-02T05:00:00Z 1.0/3.0/0.5/2.0 x7.0 adj 1.5",
                "V:X 1d 2026-06-30T04:00:00Z 2.0/2.0/2.0/2.0 x0.0 open",
            ])
        #expect(answers.deadLetters == [])
    }

    @Test func `times of bars shorter than a day are moments, and may be those of their ends`() throws {
        let text = #"[{"t":"2026-06-29 09:31:00","c":1},{"t":"2026-06-29T09:32:00-05:00","c":2}]"#
        let ends = settings {
            $0.interval = "1m"
            $0.zone = "America/New_York"
            $0.isTimeEnd = true
        }
        #expect(
            try DecodedAnswers(settings: ends).decode(text).bars == [
                "V:X 1m 2026-06-29T13:30:00Z 1.0/1.0/1.0/1.0 x0.0", "V:X 1m 2026-06-29T14:31:00Z 2.0/2.0/2.0/2.0 x0.0",
            ])
        let numbers = settings {
            $0.interval = "1d"
            $0.timeFormat = .seconds
            $0.zone = "Asia/Tokyo"
        }
        // 00:00 UTC, nine in the morning in Tokyo.
        #expect(
            try DecodedAnswers(settings: numbers).decode(#"[{"t":1767571200,"c":1}]"#).bars == [
                "V:X 1d 2026-01-04T15:00:00Z 1.0/1.0/1.0/1.0 x0.0"
            ])
    }

    @Test(arguments: [
        (#"{"c":1}"#, "0 missing_field: field `time` is missing or empty"),
        (#"{"t":"x","c":1}"#, "0 wrong_type: field `time` has the wrong type"),
        (#"{"t":"1850-01-02","c":1}"#, "0 time_out_of_range: field `time` lies outside 1970 to 2200"),
        (#"{"t":"2026-01-02","c":0}"#, "0 price_not_positive: field `close` is not a positive number"),
        (#"{"t":"2026-01-02","c":-1}"#, "0 price_not_positive: field `close` is not a positive number"),
        (#"{"t":"2026-01-02","c":1e999}"#, "0 price_not_positive: field `close` is not a positive number"),
        (#"{"t":"2026-01-02","c":"abc"}"#, "0 wrong_type: field `close` has the wrong type"),
        (#"{"t":"2026-01-02","o":1}"#, "0 missing_field: field `close` is missing or empty"),
        (#"{"t":"2026-01-02","o":1,"h":1,"c":1}"#, "0 missing_field: field `low` is missing or empty"),
        (#"{"t":"2026-01-02","c":1,"v":-1}"#, "0 size_invalid: field `volume` is not a number of at least zero"),
        (#"{"t":"2026-01-02","c":1,"a":-1}"#, "0 price_not_positive: field `adjusted_close` is not a positive number"),
        (
            #"{"t":"2026-01-02","o":1,"h":1,"l":2,"c":1}"#,
            "0 inconsistent: low 2.0 lies above high 1.0; the bar is not kept"
        ),
    ])
    func `a row that cannot be right is refused with the reason`(_ row: String, _ letter: String) throws {
        let answers = try DecodedAnswers(settings: settings()).decode("[\(row)]")
        #expect(answers.bars == [] && answers.deadLetters == [letter])
    }

    @Test func `a close outside of low and high is kept and told`() throws {
        let answers = try DecodedAnswers(settings: settings()).decode("[\(row(0, [1, 2, 0.9, 2.1]))]")
        #expect(answers.bars.count == 1)
        #expect(
            answers.deadLetters == [
                "0 inconsistent: close 2.1 lies outside low 0.9 and high 2.0; the bar is kept as it is stated"
            ])
    }

    @Test func `a day without any price counts as ignored`() throws {
        let answers = try DecodedAnswers(settings: settings()).decode(#"[{"t":"2026-01-02","c":null,"o":null,"v":0}]"#)
        #expect(answers.bars == [] && answers.deadLetters == [] && answers.events.ignored == 1)
    }

    @Test func `of two rows of one bar the later counts`() throws {
        let answers = try DecodedAnswers(settings: settings()).decode(
            "[\(row(1, [1, 1, 1, 1])),\(row(1, [2, 2, 2, 2]))]")
        #expect(answers.bars.count == 1 && answers.bars[0].contains("2.0/2.0"))
        #expect(answers.deadLetters == ["0 inconsistent: another row of the same bar follows, and counts"])
    }

    @Test func `bars newest first, or in no order, are those of the right order`() throws {
        let closes = (0..<40).map { 100 + Double($0) }
        let listed = (0..<40).map { row($0, [closes[$0], closes[$0] + 1, closes[$0] - 1, closes[$0]]) }
        let ascending = try DecodedAnswers(settings: settings()).decode("[" + listed.joined(separator: ",") + "]")
        #expect(ascending.bars.count == 40 && ascending.starts == ascending.starts.sorted())
        var random = SeededGenerator(seed: 3)
        for rows in [listed.reversed(), listed.shuffled(using: &random)] {
            let answers = try DecodedAnswers(settings: settings()).decode("[" + rows.joined(separator: ",") + "]")
            #expect(answers.bars == ascending.bars && answers.deadLetters == [])
        }
    }

    @Test func `bars of several instruments in one answer are checked and stored by instrument`() throws {
        let rows = [("B", 0, 5.0), ("A", 1, 100), ("B", 1, 5), ("A", 0, 101), ("C", 0, 900)].map {
            row($0.1, [$0.2, $0.2, $0.2, $0.2], ",\"y\":\"\($0.0)\"")
        }
        let answers = try DecodedAnswers(settings: settings { $0.main.fields["symbol"] = "y" })
        answers.decode("[" + rows.joined(separator: ",") + "]")
        #expect(answers.bars.map { String($0.prefix(3)) } == ["V:A", "V:A", "V:B", "V:B", "V:C"])
        #expect(answers.deadLetters == [])
    }

    @Test func `what the vendor says in place of an answer becomes a dead letter`() throws {
        let answers = try DecodedAnswers(settings: settings())
        answers.decode(#"{"error":"no such symbol"}"#).decode("<html>", status: 404).decode("{\"cut").decode("")
        answers.decode(frame: "no envelope").decode(frame: "{}\n[]")
        #expect(
            answers.deadLetters == [
                "0 venue_error: no such symbol", "0 venue_error: 404: <html>", "0 malformed: not JSON",
                "0 malformed: not JSON",
                "0 malformed: no line that says what was asked", "0 malformed: no line that says what was asked",
            ])
    }

    @Test func `bars a hundred times the others are refused, or kept where that is wished`() throws {
        let closes: [Double] = [100, 101, 1.02, 1.01, 102, 103, 10_100, 104]
        let answers = try DecodedAnswers(settings: settings()).decode(rows(closes))
        #expect(answers.bars.count == 5)
        #expect(
            answers.deadLetters == [
                "2 implausible: close 1.02 is about 1/100 of the prices of most other bars",
                "3 implausible: close 1.01 is about 1/100 of the prices of most other bars",
                "6 implausible: close 10100.0 is about 100 times the prices of most other bars",
            ])
        let kept = try DecodedAnswers(settings: settings { $0.implausible = .keep }).decode(rows(closes))
        #expect(kept.bars.count == 8 && kept.reasons == ["implausible", "implausible", "implausible"])
        #expect(kept.deadLetters[0].hasSuffix("; the bar is kept"))
    }

    @Test func `of two splits with nearly the same ratio the earlier one explains a wrong level`() throws {
        var closes = [Double](repeating: 100, count: 40)
        closes[2] = 100 / 7.5
        for place in 5..<25 {
            let text = rows(closes, [place: #","s":7"#, 30: #","s":8"#])
            let letters = try DecodedAnswers(settings: settings()).decode(text).deadLetters
            #expect(letters.count == 1 && letters[0].hasSuffix("is about 1/7 of the prices of most other bars"))
        }
    }

    @Test func `a price may move by a factor that is no whole number of the machine`() throws {
        let closes: [Double] = [1, 2e19, 1, 1]
        let answers = try DecodedAnswers(settings: settings()).decode(rows(closes, [3: #","s":2e19"#]))
        #expect(answers.deadLetters.count == 1)
        #expect(answers.deadLetters[0].hasPrefix("1 implausible: close 2e+19 is about 2.0005"))
    }

    @Test func `prices that move by the ratio of a split are right on its day, and wrong on another`() throws {
        let right = rows([700, 700, 100, 101], [2: #","s":7"#])
        #expect(try DecodedAnswers(settings: settings()).decode(right).deadLetters == [])
        let wrong = rows([100, 700, 100, 101, 100], [3: #","s":7"#])
        #expect(
            try DecodedAnswers(settings: settings()).decode(wrong).deadLetters == [
                "1 implausible: close 700.0 is about 7 times the prices of most other bars"
            ])
    }

    @Test func `a price that rises fifteen times in a day is taken as it is`() throws {
        #expect(try DecodedAnswers(settings: settings()).decode(rows([10, 10, 154, 150])).deadLetters == [])
    }

    @Test func `a bar of which prices are in different units is refused`() throws {
        let answers = try DecodedAnswers(settings: settings()).decode("[\(row(0, [100, 101, 1, 100]))]")
        #expect(answers.bars == [] && answers.reasons == ["implausible"])
    }

    @Test func `dividends and splits go to their table, and a dividend that adjusted closes do not show is told`()
        throws
    {
        let right = rows([100, 99], [0: #","a":98"#, 1: #","a":99,"d":2"#])
        let answers = try DecodedAnswers(settings: settings()).decode(right)
        #expect(answers.deadLetters == [])
        #expect(
            answers.rows(answers.events.corporateActions) == [
                "venue=V symbol=X kind=dividend effective_ns=\(answers.starts[1]) value=2.0"
            ])
        let wrong = rows([100, 99], [0: #","a":100"#, 1: #","a":99,"d":2"#])
        let told = try DecodedAnswers(settings: settings()).decode(wrong)
        #expect(told.bars.count == 2 && told.events.corporateActions.count == 1)
        #expect(
            told.deadLetters == [
                "1 implausible: dividend 2.0 asks for an adjustment by 0.98, adjusted closes show 1.0; both are kept"
            ])
    }

    @Test func `answers about several symbols are checked symbol by symbol`() throws {
        let text =
            #"[{"t":"2026-01-02","c":1,"n":"A"},{"t":"2026-01-02","c":100,"n":"B"},{"t":"2026-01-05","c":1,"n":"A"}]"#
        let answers = try DecodedAnswers(settings: settings { $0.main.fields["symbol"] = "n" }).decode(text)
        #expect(answers.bars.map { $0.prefix(3) } == ["V:A", "V:A", "V:B"])
        #expect(answers.deadLetters == [])
    }

    @Test(arguments: 0..<300)
    func `damaged answers never give more than they have`(_ seed: Int) throws {
        var random = SeededGenerator(seed: UInt64(seed))
        var bytes = Array(rows([100, 101, 102], [1: #","d":1,"s":2,"a":3"#]).utf8)
        for _ in 0..<Int.random(in: 1...4, using: &random) {
            let place = Int.random(in: 0..<bytes.count, using: &random)
            bytes[place] = UInt8.random(in: 32...126, using: &random)
        }
        let answers = try DecodedAnswers(settings: settings()).decode(String(decoding: bytes, as: UTF8.self))
        #expect(answers.bars.count <= 3)
        #expect(answers.bars.count + answers.deadLetters.count + answers.events.ignored > 0)
    }
}

@testable import Feeds
import Market
import Platform

/// Answers of vendors: the first byte chooses a mapping, the rest are bodies.
struct AnswerFuzzer: FuzzTarget {
    static let name = "answers"

    private static let prices = "open=o\nhigh=h\nlow=l\nclose=c\nvolume=v\nadjusted_close=a\ndividend=d\nsplit=s"
    private static let mappings: [[String: String]] = [
        ["fields": "time=t\n\(prices)", "errors": "error", "zone": "America/New_York"],
        ["fields": "time=t\n\(prices)", "format": "csv"],
        ["fields": "time=@name\nclose='4. close'\ntrades=n\nvwap=w", "rows": "'Time Series'", "interval": "1m"],
        [
            "fields": "time=r[0].t\nclose=r[0].q.c\nopen=r[0].q.o\nhigh=r[0].q.h\nlow=r[0].q.l", "layout": "columns",
            "time_format": "s", "dividend_rows": "r[0].e.d", "dividend_fields": "time=t\namount=a",
            "split_rows": "r[0].e.s", "split_fields": "time=t\nratio=r", "about_fields": "currency=r[0].m.c",
        ],
        ["fields": "time=t\nclose=c\nsymbol=y", "implausible": "keep", "time_format": "ms", "zone": "Asia/Tokyo"],
        ["fields": "time=t\ncurrent=c\nhigh=h\nsymbol=y", "kind": "quotes"],
        ["fields": "symbol=y\nname=@value\ntick_size=c\nlisted=t", "kind": "instruments", "rows": "data"],
        ["fields": "time=t\n\(prices)\nsymbol=y", "format": "csv", "interval": "1h", "time_is": "end"],
    ]

    func run(_ input: [UInt8]) {
        guard let first = input.first else { return }
        let values = ["source": "v", "kind": "bars", "interval": "1d"]
            .merging(Self.mappings[Int(first) % Self.mappings.count]) { $1 }
        let head = Array(#"{"symbol":"S","venue":"V","fetched_at":"2026-01-02T00:00:00Z","status":200}"#.utf8) + [10]
        let frames = Array(input.dropFirst()).records.map { head + $0 }
        do throws(FeedError) {
            let mapping = try AnswerMapping(values: values)
            let make = { (context: DecoderContext) throws(FeedError) in try AnswerDecoder(context, ["": mapping]) }
            let (single, run) = (try DecodedInput(make), try DecodedInput(make))
            single.decode(frames, asRun: false)
            run.decode(frames, asRun: true)
            single.checkLetters()
            single.checkSame(run)
            checkBars(single)
            if mapping.format == .json {
                let groups = AnswerGroups(mapping).groups
                let tables = (try JSONAnswerTable(groups), try JSONAnswerTable(groups))
                for body in Array(input.dropFirst()).records { compare(tables, groups, body) }
            }
        } catch {
            require(false, "mapping \(values): \(error)")
        }
    }

    /// Plain texts are read as all others.
    private func compare(_ tables: (JSONAnswerTable, JSONAnswerTable), _ groups: [AnswerGroup], _ body: [UInt8]) {
        PaddedBytes.with(body) { bytes in
            let (short, long) = (tables.0.read(bytes), tables.1.readAnyForm(bytes))
            require(short == long, "\(short ?? "read"), \(long ?? "read")")
            guard short == nil else { return }
            for (number, group) in groups.enumerated() {
                let rows = tables.0.rows(number)
                require(tables.1.rows(number) == rows, "rows of group \(number)")
                for row in 0..<rows {
                    require(tables.0.rowText(number, row: row) == tables.1.rowText(number, row: row), "row \(row)")
                    for column in group.columns.indices {
                        let (one, other) = (
                            tables.0.cell(number, column, row: row), tables.1.cell(number, column, row: row)
                        )
                        require(one.text == other.text, "text of \(number), \(column), \(row)")
                        guard group.numbers.contains(column) else { continue }
                        let (left, right) = (Self.number(one), Self.number(other))
                        require(left == right, "number of \(number), \(column), \(row)")
                    }
                }
            }
        }
    }

    private static func number(_ cell: AnswerCell) -> Result<Double?, AnswerFault> {
        Result { () throws(AnswerFault) in try cell.number("n") }
    }

    /// Bars are what they say, and those of one answer and instrument in the order of time.
    private func checkBars(_ decoded: DecodedInput) {
        let bars = decoded.events.vendorBars
        for row in 0..<bars.count {
            let bar = bars[row]
            for price in [bar.open, bar.high, bar.low, bar.close] {
                require(price > 0 && price.isFinite, "price \(price)")
            }
            require(bar.low <= bar.high && bar.volume >= 0 && bar.volume.isFinite && bar.trades >= 0, "bar \(bar)")
            require(bar.startNs < CSVTimeReader.endNs, "start \(bar.startNs)")
            require(Int(bar.instrument) < decoded.instruments.count, "instrument of bar \(row)")
            guard row > 0, case let before = bars[row - 1], before.journalOffset == bar.journalOffset else { continue }
            require(before.instrument != bar.instrument || before.startNs < bar.startNs, "order of bars")
        }
    }

    private static let bodies = [
        #"[{"t":"2026-01-02T00:00:00.000Z","o":1,"h":3,"l":0.5,"c":"2","v":7,"a":1.5,"d":0.1,"s":2,"x":[1]},{"c":2,"t":"2026-01-01"}]"#,
        #"{"error":"none"}"#,
        "t,o,h,l,c,v,a,d,s,y\n2026-01-02,1,3,0.5,2,7,1.5,0,0,A\r\n\"2026-01-01\",,,,\"2\",None,1e2,0,1\n\n2026-01-01 10:00:00,1,1,1,1,1,1,1,1,B",
        #"{"Time Series":{"2026-01-02 10:00:00":{"4. close":"86.5","n":3},"2026-01-02 09:59:00":{"4. close":"86","w":1}}}"#,
        #"{"r":[{"m":{"c":"USD"},"t":[1767571200,1767657600],"q":{"c":[3,null],"o":[1,2],"h":[4,2],"l":[1,2]},"e":{"d":{"7":{"t":1767571200,"a":0.5}},"s":[{"t":1767657600,"r":"4:1"}]}}]}"#,
        #"[{"t":1767571200000,"c":1,"y":"A"},{"t":1767571200000,"c":100,"y":"B\u0041"},{"t":1767657600000,"c":-1e3,"y":"A"}]"#,
        #"[{"c":1.5,"h":2,"t":"2026-01-02T10:00:00Z","y":"A"},{"c":0}]"#,
        #"{"data":[{"y":"A","c":0.01,"t":"2020-01-01"},"x",null]}"#,
    ]

    static func seeds(_ folder: SeedFolder) throws -> [[UInt8]] {
        mappings.indices.flatMap { mapping in bodies.map { [UInt8(mapping)] + Array($0.utf8) } }
    }
}

import CommandLineKit
import TestKit
import Testing

struct TextTableTests {
    @Test func `numbers stand right, text left`() {
        var table = TextTable(["symbol", "price", "note"])
        table.add(["AAPL", "1.5", "x"])
        table.add(["BTC", "61,800.25"])
        table.add(["E", "-3e-5", "7 a"])
        #expect(
            table.text() == """
                symbol      price  note
                ──────  ─────────  ────
                AAPL          1.5  x
                BTC     61,800.25
                E           -3e-5  7 a

                """)
    }

    @Test func `wide characters keep columns aligned`() {
        var table = TextTable(["name", "n"])
        table.add(["日本", "1"])
        table.add(["e\u{301}t\u{E9}", "22"])
        table.add(["📈", "3"])
        #expect(
            table.text(unicode: false) == """
                name   n
                ----  --
                日本   1
                e\u{301}t\u{E9}   22
                📈     3

                """)
    }

    @Test func `the widest column is cut to fit`() {
        var table = TextTable(["id", "payload", "n"])
        table.add(["1", String(repeating: "x", count: 100), "2"])
        let lines = table.text(width: 20).split(separator: "\n")
        #expect(lines[2] == " 1  xxxxxxxxxxxx…  2")
        #expect(lines.allSatisfy { DisplayWidth.of($0) <= 20 })
    }

    @Test func `data cannot command the terminal`() {
        var table = TextTable(["payload"])
        table.add(["a\u{1B}[2Jb\nc\u{9B}d\u{202E}e"])
        #expect(table.text().split(separator: "\n")[2] == "a␛[2Jb␊c�d�e")
    }

    @Test(arguments: UInt64(0)..<100)
    func `lines never exceed a width that has room for the columns`(seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        let columns = Int.random(in: 1...8, using: &generator)
        var table = TextTable((0..<columns).map { "c\($0)" })
        let pieces = ["a", "日", "é", "📈", " ", "1", "\t", "👩‍👩‍👧"]
        for _ in 0..<Int.random(in: 0...5, using: &generator) {
            table.add(
                (0..<columns).map { _ in
                    (0..<Int.random(in: 0...30, using: &generator)).map { _ in
                        pieces[Int.random(in: 0..<pieces.count, using: &generator)]
                    }.joined()
                })
        }
        let width = columns * 6 + Int.random(in: 0...80, using: &generator)
        for line in table.text(width: width).split(separator: "\n") { #expect(DisplayWidth.of(line) <= width) }
    }
}

struct HumanizedTests {
    @Test(arguments: [
        (0, "0"), (999, "999"), (1000, "1.00k"), (1234, "1.23k"), (12_345, "12.3k"), (123_456, "123k"),
        (999_499, "999k"), (999_500, "1.00M"), (1_240_000, "1.24M"), (0.5, "0.50"), (-1500, "-1.50k"),
    ])
    func `counts have three digits`(value: Double, text: String) {
        #expect(Humanized.count(value) == text)
    }

    @Test(arguments: [(512, "512 B"), (1536, "1.50 KiB"), (64 << 20, "64.0 MiB"), (1023, "1.00 KiB"), (0, "0 B")])
    func `bytes have binary units`(value: Int64, text: String) {
        #expect(Humanized.bytes(value) == text)
    }

    @Test(arguments: [
        (850, "850 ns"), (1_250_000, "1.25 ms"), (12_300_000_000, "12.3 s"), (59_949_000_000, "59.9 s"),
        (59_950_000_000, "1 min 00 s"), (125_000_000_000, "2 min 05 s"), (3_599_600_000_000, "1 h 00 min"),
        (12_000_000_000_000, "3 h 20 min"), (367_200_000_000_000, "4 d 06 h"), (0, "0 ns"), (-2_000_000_000, "-2.00 s"),
    ])
    func `time spans have the unit that fits`(value: Int64, text: String) {
        #expect(Humanized.duration(nanoseconds: value) == text)
    }

    @Test func `clocks round up`() {
        #expect(Humanized.clock(seconds: 4.2) == "0:05")
        #expect(Humanized.clock(seconds: 754) == "12:34")
        #expect(Humanized.clock(seconds: 3723) == "1:02:03")
        #expect(Humanized.clock(seconds: .infinity) == "more than 99 h")
    }

    @Test func `thousands are grouped`() {
        #expect(Humanized.grouped(1_234_567) == "1,234,567")
        #expect(Humanized.grouped(-123) == "-123")
        #expect(Humanized.grouped(.min) == "-9,223,372,036,854,775,808")
    }
}

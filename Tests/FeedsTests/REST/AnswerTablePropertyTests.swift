import Market
import TestKit
import Testing

@testable import Feeds

/// The texts of cells, `-` where one is missing, row by row; what is wrong with the text where it is refused.
private func cells(
    _ table: any AnswerTable, _ columns: Int, _ text: String, _ read: ((UnsafeRawBufferPointer) -> String?)? = nil
) -> [[String]] {
    PaddedBytes.with(Array(text.utf8)) { bytes in
        if let problem = (read ?? table.read)(bytes) { return [[problem]] }
        return (0..<table.rows(0)).map { row in (0..<columns).map { table.cell(0, $0, row: row).text ?? "-" } }
    }
}

/// Tables of many shapes, compared with plain models.
@Suite struct AnswerTablePropertyTests {
    @Test(arguments: 0..<200)
    func `rows of CSV are cut as single lines are`(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        let pieces = ["a", "12.5", ",", ",", "\n", "\r\n", "\"", "\"\"", "\r", " ", "long text of some length", "é"]
        let header = ["x", "b", "", "c", "c", "a"].prefix(Int.random(in: 1...6, using: &random))
        var text = header.joined(separator: ",") + "\n"
        for _ in 0..<Int.random(in: 0...120, using: &random) { text += pieces.randomElement(using: &random) ?? "" }
        let columns = ["c", "a", "x", "none"]
        let places = columns.map { header.firstIndex(of: $0) ?? -1 }
        let line = CSVRow(fields: (places.max() ?? 0) + 1, delimiter: ",")
        var expected: [[String]] = []
        PaddedBytes.with(Array(text.utf8)) { bytes in
            TextLines.forEach(bytes) { bytes, _ in
                guard bytes.count > 0 else { return }
                line.split(bytes)
                expected.append(
                    places.map { place in
                        guard let field = line.bytes(place) else { return "-" }
                        return String(decoding: field, as: UTF8.self)
                    })
            }
        }
        expected.removeFirst()
        guard places.contains(where: { $0 >= 0 }) else { return }
        #expect(cells(CSVAnswerTable([AnswerGroup(columns: columns)]), 4, text) == expected, "\(text.debugDescription)")
    }

    @Test(arguments: 0..<200)
    func `members are found in whatever order rows have them`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let long = "a name of more than thirty-two bytes"
        var names = ["a", "ab", "4. close", long, "other", "b\\\"", "another name of more than thirty-two bytes"]
        var (rows, expected): ([String], [[String]]) = ([], [])
        for row in 0..<Int.random(in: 1...80, using: &random) {
            if Int.random(in: 0..<6, using: &random) == 0 { names.shuffle(using: &random) }
            let present = names.filter { _ in Int.random(in: 0..<8, using: &random) > 0 }
            let space = Int.random(in: 0..<10, using: &random) == 0 ? " " : ""
            rows.append(
                "{" + present.map { "\"\($0)\"\(space):\"\($0.utf8.count)/\(row)\"" }.joined(separator: ",") + "}")
            expected.append(
                ["a", "ab", "4. close", long].map { present.contains($0) ? "\($0.utf8.count)/\(row)" : "-" })
        }
        let columns = ["a", "ab", "'4. close'", "'\(long)'"]
        let text = "[" + rows.joined(separator: ",") + "]"
        let table = try JSONAnswerTable([AnswerGroup(columns: columns)])
        #expect(cells(table, 4, text) == expected)
        #expect(cells(table, 4, text, table.readAnyForm) == expected)
    }

    /// Texts of JSON and nearly so, plain and not: what is written with an escape means what is written without.
    @Test(arguments: 0..<400)
    func `plain texts are read as all others`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        let names = ["t", "c", "longer name", "other"]
        let values = [
            "1", "0.5", "12345678", "-1.25", "1e3", "\"2026-01-02\"", "\"3.5\"", "\"\"", "null", "true",
            "[1,{\"c\":2}]", "{\"c\":[ ]}", "75.487499999999997", "\"-0.30000000000000004\"", "1e400", "\"1e400\"",
            "123456789012345678", "\"a text of more than thirty-two bytes in quotes\"",
        ]
        let odd = ["01", "1.", ".5", "\"\u{1}\"", "1 2", "tru", "\"a\"b", "\"\\u00e9\"", "\"é\"", "\"\\x\"", "", "]"]
        let spaces = Int.random(in: 0..<4, using: &random) == 0 ? ["", " ", "\n  ", "\t"] : [""]
        let oddness = [0, 0, 400, 40][Int.random(in: 0..<4, using: &random)]
        func space() -> String { spaces.randomElement(using: &random) ?? "" }
        let rows = (0..<Int.random(in: 1...40, using: &random)).map { _ in
            let members = names.prefix(Int.random(in: 2...4, using: &random)).map { name in
                let isOdd = oddness > 0 && Int.random(in: 0..<oddness, using: &random) == 0
                let value = (isOdd ? odd : values).randomElement(using: &random) ?? ""
                return "\(space())\"\(name)\"\(space()):\(space())\(value)\(space())"
            }
            return "{\(members.joined(separator: ","))}"
        }
        let text = "\(space())[\(rows.joined(separator: space() + "," + space()))]\(space())"
        let group = AnswerGroup(columns: ["t", "c", "'longer name'"], numbers: [1])
        let (short, long) = (try JSONAnswerTable([group]), try JSONAnswerTable([group]))
        let expected = cells(long, 3, text, long.readAnyForm)
        #expect(cells(short, 3, text) == expected, "\(text)")
        // With an escape in front no way is short.
        let escaped = "[{\"\\u0074\":1}," + text.drop { $0 != "[" }.dropFirst()
        let same = cells(short, 3, escaped)
        #expect((same == [["not JSON"]] ? same : Array(same.dropFirst())) == expected, "\(text)")
    }

    @Test func `two groups may have the same rows`() throws {
        let table = try JSONAnswerTable([
            AnswerGroup(path: "d", columns: ["a"]), AnswerGroup(path: "d", columns: ["b"]),
        ])
        PaddedBytes.with(Array(#"{"d":[{"a":1,"b":2},{"b":3}]}"#.utf8)) { bytes in
            #expect(table.read(bytes) == nil)
            #expect((0..<2).map { table.cell(0, 0, row: $0).text } == ["1", nil])
            #expect((0..<2).map { table.cell(1, 0, row: $0).text } == ["2", "3"])
        }
    }

    @Test(arguments: [
        ("1.5", 1.5), ("\"2.25\"", 2.25), ("-3e2", -300), ("0.1234567890123456789", 0.1234567890123456789),
        ("\".5\"", 0.5), ("\"007\"", 7), ("null", nil), ("\"\"", nil), ("\"None\"", nil), ("\"N\\/A\"", nil),
        ("\"-\"", nil), ("\"\\u0031\"", .nan), ("true", .nan), ("\"1 \"", .nan), ("[1]", nil),
    ])
    func `numbers are read from plain values and texts, and words for nothing are no numbers`(
        _ value: String, _ number: Double?
    ) throws {
        let table = try JSONAnswerTable([AnswerGroup(columns: ["n"], numbers: [0])])
        PaddedBytes.with(Array("[{\"n\":\(value)}]".utf8)) { bytes in
            #expect(table.read(bytes) == nil)
            let found = Result { () throws(AnswerFault) in try table.cell(0, 0, row: 0).number("n") }
            let isWrong = number?.isNaN ?? false
            #expect(found == (isWrong ? .failure(AnswerFault(.wrongType, "n")) : .success(number)))
        }
    }
}

import TestKit
import Testing

@testable import Feeds

/// The cells of all groups as text: rows separated by `|`, cells by `,`, missing ones `-`.
private func cells(
    _ table: any AnswerTable, _ groups: [AnswerGroup], _ text: String,
    _ read: ((UnsafeRawBufferPointer) -> String?)? = nil
) -> [String] {
    let bytes = Array(text.utf8) + [UInt8](repeating: 0x5d, count: 64)
    return bytes.withUnsafeBytes { buffer in
        if let problem = (read ?? table.read)(UnsafeRawBufferPointer(rebasing: buffer[..<(bytes.count - 64)])) {
            return [problem]
        }
        return groups.indices.map { group in
            (0..<table.rows(group)).map { row in
                groups[group].columns.indices.map { table.cell(group, $0, row: row).text ?? "-" }.joined(separator: ",")
            }.joined(separator: "|")
        }
    }
}

private func json(_ groups: [AnswerGroup], _ text: String) throws -> [String] {
    let table = try JSONAnswerTable(groups)
    let found = cells(table, groups, text)
    #expect(cells(table, groups, text, table.readAnyForm) == found, "on the way that takes every form")
    return found
}

@Suite struct AnswerTableTests {
    @Test func `paths are read as they are written`() {
        #expect(JSONPath("")?.steps == [])
        #expect(JSONPath("a.b_c[0].d-1")?.steps == [.key("a"), .key("b_c"), .index(0), .key("d-1")])
        #expect(JSONPath("'1. open'.\"x'y\"")?.steps == [.key("1. open"), .key("x'y")])
        #expect(JSONPath("[2]")?.steps == [.index(2)])
        #expect(JSONPath("@name")?.steps == [.rowName])
        for text in [".", "a.", "a..b", "a[", "a[x]", "a[-1]", "'a", "a.[0]", "@other", "a b", "''", "a[0]b"] {
            #expect(JSONPath(text) == nil, "\(text)")
        }
    }

    @Test func `a list of objects`() throws {
        let groups = [AnswerGroup(path: "data", columns: ["t", "c", "x.y"])]
        let text = #" {"n":1,"data":[{"t":"a","c":1.5,"x":{"y":2}}, {"c":null,"t":"b"},{"z":[{"t":1}]}],"c":9} "#
        #expect(try json(groups, text) == ["a,1.5,2|b,-,-|-,-,-"])
    }

    @Test func `an object whose members are rows`() throws {
        let groups = [AnswerGroup(path: "'Time Series (1min)'", columns: ["@name", "'1. open'"])]
        let text = #"{"Meta Data":{"1. open":"no"},"Time Series (1min)":{"d1":{"1. open":"86"},"d2":{"1. open":"87"}}}"#
        #expect(try json(groups, text) == ["d1,86|d2,87"])
    }

    @Test func `lists in lists, and plain values as rows`() throws {
        #expect(try json([AnswerGroup(columns: ["[0]", "[2]"])], "[[1,2,3],[4,5]]") == ["1,3|4,-"])
        #expect(try json([AnswerGroup(columns: ["@name", "@value"])], #"{"a":1,"b":"x"}"#) == ["a,1|b,x"])
    }

    @Test func `columns side by side, with groups beside them`() throws {
        let groups = [
            AnswerGroup(layout: .columns, columns: ["r[0].t", "r[0].q[0].close"]),
            AnswerGroup(path: "r[0].events.div", columns: ["amount", "@name"]),
            AnswerGroup(layout: .columns, columns: ["r[0].meta.currency"]),
        ]
        let text =
            #"{"r":[{"meta":{"currency":"USD"},"t":[1,2],"events":{"div":{"7":{"amount":0.5}}},"q":[{"close":[3,null]}]}]}"#
        #expect(try json(groups, text) == ["1,3|2,-", "0.5,7", "USD"])
        let uneven = #"{"r":[{"t":[1,2],"q":[{"close":[3]}]}]}"#
        #expect(try json(groups, uneven) == ["the lists of its columns have different lengths"])
    }

    @Test func `a name given twice counts once, escapes are resolved`() throws {
        let groups = [AnswerGroup(columns: ["a"])]
        #expect(try json(groups, #"[{"a":1,"a":2},{"a":"x\u00e9\"y"}]"#) == [#"1|xé"y"#])
    }

    @Test(arguments: [
        "", "{", "[1,2", #"{"a":}"#, #"[{"a":1}]]"#, #"[{"a":tru}]"#, #"[{"a":1}{"a":2}]"#, "\u{1}", #"["a]"#,
        #"{"a":1,}"#, #"[{"a" 1}]"#, "[[[", "Thank you for using our API",
    ])
    func `what is not JSON is refused`(_ text: String) throws {
        #expect(try json([AnswerGroup(columns: ["a"])], text) == ["not JSON"])
    }

    @Test func `text cut off anywhere is refused, and never read beyond its end`() throws {
        let groups = [AnswerGroup(path: "data", columns: ["t", "@name"]), AnswerGroup(columns: ["@value"])]
        let text = #"{"data":{"k":{"t":"v"},"l":{"t":-1.5e3}},"s":[1,"two",null]}"#
        for count in 0..<text.utf8.count {
            let cut = String(decoding: Array(text.utf8)[..<count], as: UTF8.self)
            #expect(try json(groups, cut) == ["not JSON"], "\(cut)")
        }
    }

    @Test func `deep nesting is refused`() throws {
        let deep = String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000)
        #expect(try json([AnswerGroup(path: "a", columns: ["b"])], deep) == ["not JSON"])
    }

    @Test func `CSV with a header, quotes and other columns between`() {
        let groups = [AnswerGroup(columns: ["date", "close"])]
        let text = "\u{feff}Date,\"Open\",Close\r\n2024-01-02,1,2\r\n\"2024-01-03\",,\n\n2024-01-04\n"
        #expect(cells(CSVAnswerTable(groups), groups, text) == ["2024-01-02,2|2024-01-03,-|2024-01-04,-"])
        #expect(cells(CSVAnswerTable(groups), groups, "No data") == ["no header with date, close: No data"])
        #expect(cells(CSVAnswerTable(groups), groups, "") == ["empty"])
    }

    @Test func `the text of a row is kept for dead letters`() throws {
        let table = try JSONAnswerTable([AnswerGroup(path: "d", columns: ["a"])])
        let bytes = Array(#"{"d":[{"a":1 } , {"a":2}]}"#.utf8) + [UInt8](repeating: 0, count: 64)
        bytes.withUnsafeBytes { buffer in
            #expect(table.read(UnsafeRawBufferPointer(rebasing: buffer[..<(bytes.count - 64)])) == nil)
            #expect(
                (0..<2).map { String(decoding: table.rowText(0, row: $0), as: UTF8.self) } == [
                    #"{"a":1 }"#, #"{"a":2}"#,
                ])
        }
    }
}

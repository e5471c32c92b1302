import Databases
import Foundation
import Platform
import Testing

@testable import Stores

@Suite struct BigQueryAnswersTests {
    private func value(_ field: String, _ text: String) throws -> SQLValue {
        let field = try JSONDecoder().decode(BigQueryResults.Field.self, from: Data(field.utf8))
        let cell = try JSONDecoder().decode(BigQueryValue.Cell.self, from: Data("{\"v\":\(text)}".utf8))
        return field.value(cell.v)
    }

    @Test(arguments: [
        ("INTEGER", "\"-5\"", SQLValue.integer(-5)), ("FLOAT64", "\"1.5E3\"", .double(1500)),
        ("BOOL", "\"true\"", .boolean(true)), ("NUMERIC", "\"-1.25\"", .decimal("-1.25")),
        ("BYTES", "\"AP8=\"", .binary([0, 255])), ("STRING", "\"\"", .text("")),
        ("DATE", "\"2026-01-31\"", .text("2026-01-31")),
        ("STRING", "null", .null),
        (
            "TIMESTAMP", "\"1700956800000001\"",
            .timestamp(Timestamp(nanoseconds: 1_700_956_800_000_001_000), isUTC: true)
        ),
        ("TIMESTAMP", "\"1.7009568E9\"", .timestamp(Timestamp(nanoseconds: 1_700_956_800_000_000_000), isUTC: true)),
        // A year that nanoseconds do not hold.
        ("TIMESTAMP", "\"253402300799999999\"", .text("253402300799999999")),
    ])
    func `values are those of their types`(type: String, text: String, expected: SQLValue) throws {
        #expect(try value("{\"name\":\"a\",\"type\":\"\(type)\"}", text) == expected)
    }

    @Test func `lists and records are taken apart`() throws {
        let list = try value(
            "{\"name\":\"a\",\"type\":\"INTEGER\",\"mode\":\"REPEATED\"}", "[{\"v\":\"1\"},{\"v\":null}]")
        #expect(list == .list([.integer(1), .null]))
        let record = try value(
            "{\"name\":\"a\",\"type\":\"RECORD\",\"fields\":[{\"name\":\"b\",\"type\":\"BOOL\"},{\"name\":\"c\",\"type\":\"STRING\"}]}",
            "{\"f\":[{\"v\":\"false\"},{\"v\":\"x\"}]}")
        #expect(record == .structure([.init("b", .boolean(false)), .init("c", .text("x"))]))
    }
}

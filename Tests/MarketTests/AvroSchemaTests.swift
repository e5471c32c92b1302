import Foundation
import Market
import Testing

@Suite struct AvroSchemaTests {
    private let table = TableSchema(
        name: "samples", layer: .silver, summary: "\"sample\"", timeColumn: "t_ns", sortKey: [],
        columns: [
            .init("t", .timestamp, "When."), .init("t_ns", .int64, "When."), .init("d", .date, nullable: true, "Day."),
            .init("i", .int32, "Count."), .init("f", .float64, nullable: true, "Price."), .init("b", .boolean, "Flag."),
            .init("s", .string, nullable: true, "Text."), .init("x", .binary, "Bytes."),
            .init("m", .decimal(scale: 8), nullable: true, "Money."),
        ])

    // By fastavro 1.13.1: to_parsing_canonical_form of the text, and fingerprint(…, "CRC-64-AVRO"), whose bytes are the lowest first.
    @Test func `form and fingerprint are those that fastavro finds`() {
        let schema = AvroSchema(table)
        #expect(
            schema.canonical
                == #"{"name":"tapedeck.samples","type":"record","fields":[{"name":"t","type":"long"},{"name":"t_ns","type":"long"},{"name":"d","type":["null","int"]},{"name":"i","type":"int"},{"name":"f","type":["null","double"]},{"name":"b","type":"boolean"},{"name":"s","type":["null","string"]},{"name":"x","type":"bytes"},{"name":"m","type":["null","bytes"]}]}"#
        )
        #expect(schema.fingerprint.byteSwapped == 0xd6470a1bfb6eaa41)
    }

    @Test func `the text is the schema with what columns mean`() throws {
        let parsed = try JSONSerialization.jsonObject(with: Data(AvroSchema(table).text.utf8))
        let schema = try #require(parsed as? [String: Any])
        #expect(schema["name"] as? String == "samples" && schema["doc"] as? String == "One row per \"sample\".")
        let fields = try #require(schema["fields"] as? [[String: Any]])
        #expect(fields.map { $0["name"] as? String } == table.columns.map(\.name))
        #expect(fields.map { $0["doc"] as? String } == table.columns.map(\.summary))
        #expect(fields.map { $0["default"] is NSNull } == table.columns.map(\.isNullable))
        let money = try #require((fields[8]["type"] as? [Any])?[1] as? [String: Any])
        #expect(money["logicalType"] as? String == "decimal" && money["precision"] as? Int == 18)
        #expect(money["scale"] as? Int == 8)
    }

    @Test func `no two tables have the same fingerprint`() {
        #expect(Set(Tables.all.map { AvroSchema($0).fingerprint }).count == Tables.all.count)
    }
}

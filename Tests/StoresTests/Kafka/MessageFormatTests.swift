import Delivery
import Kafka
import Market
import Platform
import TestKit
import Testing

@testable import Stores

@Suite struct MessageFormatTests {
    /// A row as a consumer sees it.
    private struct Row: Equatable {
        let key: String
        let offset: Int64
        let index: Int32
        let values: [String]
    }

    private func sample(_ table: TableSchema) throws -> SampleRows {
        var rows = try SampleRows(table)
        rows.perOffset = 7
        return rows
    }

    /// The rows of all messages of a unit, in the order in which they would be sent.
    private func rows(
        _ unit: DeliveryUnit, _ format: MessageFormat, partBytes: Int = .max, messageBytesMax: Int = 1_000_000
    ) throws -> [Row] {
        let parts = try format.messages(of: unit, messageBytesMax: messageBytesMax)
        let messages = OutgoingMessages()
        var found: [Row] = []
        var last: Int64 = -1
        while let end = parts.encode(into: messages, bytes: partBytes) {
            let offsets = (0..<messages.count).map { messages.place($0).offset }
            #expect(!offsets.isEmpty && offsets.allSatisfy { $0 > last && $0 <= end })
            last = end
            for number in 0..<messages.count {
                found += try rows(of: messages, number, unit.table, format, messageBytesMax: messageBytesMax)
            }
        }
        #expect(parts.isAtEnd && parts.rowCount == found.count)
        return found
    }

    private func rows(
        of messages: OutgoingMessages, _ number: Int, _ table: TableSchema, _ format: MessageFormat,
        messageBytesMax: Int
    ) throws -> [Row] {
        let place = messages.place(number)
        #expect(place.value.count + place.key.count <= messageBytesMax)
        let key = String(decoding: messages.keys.buffer[place.key], as: UTF8.self)
        let value = Array(messages.values.buffer[place.value])
        if format == .avro {
            let values = try #require(AvroRecord.values(value, of: table))
            return [Row(key: key, offset: place.offset, index: place.index, values: values)]
        }
        let stream = ArrowStream(value)
        #expect(stream.columns.map(\.name) == table.columns.map(\.name) + ["row_index"])
        let offset = try #require(table.columns.firstIndex { $0.name == "journal_offset" })
        let rows = try stream.rows.map { values in
            Row(
                key: key, offset: try #require(Int64(values[offset])), index: try #require(Int32(values.last ?? "")),
                values: values.dropLast())
        }
        #expect(rows.first.map { $0.offset == place.offset && $0.index == place.index } == true)
        return rows
    }

    @Test(arguments: 0..<12 as Range<UInt64>)
    func `Arrow messages hold the rows of Avro messages, however they are cut`(seed: UInt64) throws {
        for table in [Tables.trades, Tables.bars, Tables.indicators, Tables.deals, Tables.coverage, Tables.frames] {
            let sample = try sample(table)
            let expected = try rows(try sample.unit(0..<700), .avro)
            let partBytes = [1, 5000, .max][Int(seed) % 3], messageBytesMax = [6000, 1_000_000][Int(seed) / 3 % 2]
            let found = try rows(
                try sample.unit(0..<700, seed: seed), .arrow, partBytes: partBytes, messageBytesMax: messageBytesMax)
            #expect(found.sorted { ($0.offset, $0.index) < ($1.offset, $1.index) } == expected, "\(table.name)")
            for (key, ofKey) in Dictionary(grouping: found, by: \.key) {
                let places = ofKey.map { ($0.offset, $0.index) }
                #expect(zip(places, places.dropFirst()).allSatisfy { $0 < $1 }, "\(table.name) \(key)")
            }
        }
    }

    @Test(arguments: MessageFormat.allCases)
    func `a row that is too large is told before anything is sent`(format: MessageFormat) throws {
        var sample = try SampleRows()
        sample.textBytes = 5000
        #expect(try format.messages(of: try sample.unit(0..<100), messageBytesMax: 12_000).rowCount == 100)
        let error = #expect(throws: DeliveryError.self) {
            try format.messages(of: try sample.unit(0..<100), messageBytesMax: 4000)
        }
        #expect(error?.kind == .row && error?.message.contains("offset 0 ") == true)
    }

    @Test func `frames that go as they came are those of venues, not what the program says of itself`() throws {
        var sample = try SampleRows(Tables.frames)
        func sent(_ numbers: Range<Int>) throws -> (values: [String], last: Int64?) {
            let parts = try MessageEncoder(try sample.unit(numbers), messageBytesMax: 1000, asReceived: true)
            let messages = OutgoingMessages()
            let last = parts.encode(into: messages, bytes: .max)
            #expect(parts.isAtEnd && parts.rowCount == messages.count)
            return (
                (0..<messages.count).map {
                    String(decoding: messages.values.buffer[messages.place($0).value], as: UTF8.self)
                }, last
            )
        }
        sample.feed = "CASE WHEN n % 2 = 1 THEN 'diagnostics' ELSE 'diagnostics-of-a-venue' END"
        #expect(try sent(0..<8) == (["b0", "b2", "b4", "b6"], 3))
        sample.feed = "'diagnostics'"
        #expect(try sent(0..<8) == ([], nil))
    }

    @Test func `messages in Arrow have the key of their rows, and tell how many there are`() throws {
        let cluster = try SinkCluster()
        let target = try cluster.target(["format=arrow"])
        try target.open([Tables.trades])
        #expect(try target.deliver(try SampleRows().unit(0..<1000)) == 1000)
        target.close()
        let schema = MessageIdentity.schema(Tables.trades)
        let found = try cluster.rows().map { "\($0.key) \($0.header)" }
        #expect(
            found.sorted() == [
                "venue0:symbol0 p/trades/0/0/\(schema)/334", "venue1:symbol1 p/trades/0/1/\(schema)/333",
                "venue2:symbol2 p/trades/1/0/\(schema)/333",
            ])
        #expect(try cluster.offsets() == ["p/trades 499"])
    }
}

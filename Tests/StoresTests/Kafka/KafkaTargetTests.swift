import Foundation
import Databases
import Delivery
import Kafka
import Market
import Platform
import TestKit
import Testing

@testable import Stores

/// The target against librdkafka's mock cluster, over TCP. The mock shows messages of transactions that were not committed to
/// everybody, so what is compared is what a consumer keeps that knows rows by their header.
@Suite struct KafkaTargetTests {
    @Test func `rows arrive as JSON objects, keyed by instrument, in order, with where they come from`() throws {
        let cluster = try SinkCluster()
        let rows = try SampleRows()
        let target = try cluster.target()
        try target.open([Tables.trades])
        #expect(try target.committedOffset(Tables.trades) == -1)
        #expect(try target.deliver(try rows.unit(0..<1000, seed: 1)) == 1000)
        target.close()
        let found = try cluster.rows()
        let result = try rows.stream(0..<1000).collect()
        let schema = MessageIdentity.schema(Tables.trades)
        var expected: [String: TopicMessage] = [:]
        for (number, row) in result.rows.enumerated() {
            let object = zip(result.columns, row).map { column, value in
                let text = column.type == .timestamp ? Self.moment(value) : value.json
                return "\"\(column.name)\":\(text)"
            }
            let header = "p/trades/\(number / 2)/\(number % 2)/\(schema)"
            expected[header] = TopicMessage(
                partition: 0, key: "venue\(number % 3):symbol\(number % 3)",
                value: "{\(object.joined(separator: ","))}", header: header)
        }
        #expect(found.count == 1000 && Set(found.map(\.header)).count == 1000)
        for message in found {
            let row = try #require(expected[message.header])
            #expect(message.key == row.key && message.value == row.value)
        }
        for (_, messages) in Dictionary(grouping: found, by: \.key) {
            let places = messages.map { $0.header.split(separator: "/")[2...3].map { Int($0) ?? -1 } }
            #expect(Set(messages.map(\.partition)).count == 1)
            #expect(places == places.sorted { ($0[0], $0[1]) < ($1[0], $1[1]) })
        }
        #expect(try cluster.offsets() == ["p/trades 499"])
    }

    /// With six digits, always.
    private static func moment(_ value: SQLValue) -> String {
        guard case .timestamp(let time, _) = value else { return value.json }
        let micros = time.nanoseconds / 1000 % 1_000_000
        let second = Timestamp(nanoseconds: time.nanoseconds / 1_000_000_000 * 1_000_000_000).description.dropLast()
        let digits = String(micros)
        return "\"\(second).\(String(repeating: "0", count: 6 - digits.count))\(digits)Z\""
    }

    @Test func `the next target goes on where the last one stopped, and nowhere else`() throws {
        let tables = [Tables.trades, Tables.bars]
        let cluster = try SinkCluster(tables: tables)
        let trades = try SampleRows(), bars = try SampleRows(Tables.bars)
        var target = try cluster.target()
        try target.open(tables)
        _ = try target.deliver(try trades.unit(0..<100))
        _ = try target.deliver(try bars.unit(0..<60))
        #expect(kind { _ = try target.deliver(try trades.unit(0..<100)) } == .conflict)
        target.close()
        #expect(kind { _ = try target.committedOffset(Tables.trades) } == .unavailable)
        target = try cluster.target()
        try target.open(tables)
        #expect(try target.committedOffset(Tables.trades) == 49 && target.committedOffset(Tables.bars) == 29)
        _ = try target.deliver(try trades.unit(100..<200))
        #expect(try cluster.offsets() == ["p/trades 49", "p/bars 29", "p/trades 99"])
        #expect(try cluster.rows().count == 200 && cluster.rows(Tables.bars).count == 60)
    }

    @Test func `a row that is too large is told before anything is sent, and can be gone past`() throws {
        let cluster = try SinkCluster()
        var rows = try SampleRows()
        let target = try cluster.target(["settings=message.max.bytes=10000"])
        try target.open([Tables.trades])
        rows.textBytes = 20_000
        let error = #expect(throws: DeliveryError.self) { _ = try target.deliver(try rows.unit(0..<10)) }
        #expect(error?.kind == .row && error?.message.contains("offset 0 ") == true)
        #expect(try cluster.rows().isEmpty)
        try target.reject(Tables.trades, after: -1, last: 4, reason: "too \"large\"")
        rows.textBytes = 9000
        #expect(try target.deliver(try rows.unit(10..<20)) == 10)
        #expect(try cluster.offsets() == ["p/trades 4", "p/trades 9"])
        let rejected = try #require(try cluster.messages("tapedeck.rejected", partitions: 1).first)
        #expect(
            rejected.value.hasPrefix(
                #"{"pipeline":"p","table":"trades","journal_offset":4,"reason":"too \"large\"","rejected":"2"#))
    }

    @Test func `much is delivered in parts, each with its end`() throws {
        let cluster = try SinkCluster(partitions: 12)
        var rows = try SampleRows()
        rows.textBytes = 8000
        let target = try cluster.target(["settings=compression.type=none"])
        try target.open([Tables.trades])
        #expect(try target.deliver(try rows.unit(0..<15_001)) == 15_001)
        let offsets = try cluster.offsets().compactMap { Int($0.split(separator: " ")[1]) }
        #expect(offsets.count >= 5 && offsets == offsets.sorted() && offsets.last == 7500, "\(offsets)")
    }

    @Test func `frames go as they came where that is asked for, other tables as rows`() throws {
        let cluster = try SinkCluster(partitions: 2)
        try cluster.cluster.createTopic("tapedeck.frames", partitions: 2)
        let target = try cluster.target(["as_received=true"])
        try target.open([Tables.frames, Tables.trades])
        var frames = try SampleRows(Tables.frames)
        frames.textBytes = 40
        #expect(try target.deliver(try frames.unit(0..<20)) == 20)
        let asRows = try SinkCluster(partitions: 2)
        try asRows.cluster.createTopic("tapedeck.frames", partitions: 2)
        let other = try asRows.target([])
        try other.open([Tables.frames])
        #expect(try other.deliver(try frames.unit(0..<20)) == 20)
        // What the rows hold in base 64 is what came.
        let payloads = try asRows.messages("tapedeck.frames", partitions: 2).map { message in
            let encoded = try #require(message.value.split(separator: #""payload":""#).last?.prefix { $0 != "\"" })
            return String(decoding: try #require(Data(base64Encoded: String(encoded))), as: UTF8.self)
        }
        #expect(try cluster.messages("tapedeck.frames", partitions: 2).map(\.value).sorted() == payloads.sorted())
        #expect(payloads.count == 20 && payloads.allSatisfy { !$0.isEmpty })
        #expect(try target.deliver(try SampleRows().unit(0..<4)) == 4)
        #expect(try cluster.messages("tapedeck.trades", partitions: 2).allSatisfy { $0.value.hasPrefix("{\"venue\"") })
    }

    @Test(arguments: [0, 1, 2] as [UInt64])
    func `rows have the same index whatever order they come in`(seed: UInt64) throws {
        for table in [Tables.bars, Tables.indicators, Tables.coverage, Tables.trades] {
            var rows = try SampleRows(table)
            rows.perOffset = 7
            func identities(_ unit: DeliveryUnit) throws -> Set<String> {
                let encoder = try MessageEncoder(unit, messageBytesMax: 1_000_000)
                let messages = OutgoingMessages()
                _ = encoder.encode(into: messages, bytes: .max)
                #expect(encoder.isAtEnd && messages.count == 700)
                return Set((0..<messages.count).map { messages.text($0) })
            }
            let expected = try identities(try rows.unit(0..<700))
            #expect(try identities(try rows.unit(0..<700, seed: seed)) == expected)
        }
    }
}

extension OutgoingMessages {
    /// Place and value of a message.
    func text(_ place: Int) -> String {
        let found = self.place(place)
        return "\(found.offset)/\(found.index) " + String(decoding: values.buffer[found.value], as: UTF8.self)
    }
}

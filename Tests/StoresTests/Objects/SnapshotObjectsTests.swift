import Databases
import Delivery
import Market
import Networking
import Objects
import Platform
import Testing

@testable import Stores

@Suite struct SnapshotObjectsTests {
    private let fixture = ObjectsFixture()

    /// Quotes, with their answers behind them.
    private func unit(
        _ quotes: [(symbol: String, second: Int64, offset: Int64, frame: String?)], after: Int64, last: Int64
    ) throws -> DeliveryUnit {
        let rows = quotes.map { quote in
            let columns = Tables.quoteSnapshots.columns.map { column in
                let value =
                    switch column.name {
                    case "symbol": "'\(quote.symbol)'"
                    case "fetched_at_ns": "\(quote.second * 1_000_000_000 + 999_999_999)::BIGINT"
                    case "journal_offset": "\(quote.offset)::BIGINT"
                    case "frame_index": "0::INTEGER"
                    default: "NULL"
                    }
                return "\(value) AS \"\(column.name)\""
            }
            let frame = quote.frame.map { "'\($0)'::BLOB" } ?? "NULL::BLOB"
            return "SELECT \(columns.joined(separator: ", ")), \(frame) AS payload"
        }
        let sql = rows.joined(separator: " UNION ALL ")
        return DeliveryUnit(
            table: Tables.quoteSnapshots, after: after, last: last, months: [],
            rows: try Database.duckDB().connect().query(sql))
    }

    private func target() throws -> any DeliveryTarget {
        try fixture.target(["layout=snapshots", "tables=quote_snapshots"])
    }

    private func objects() throws -> [String: String] {
        let keys = try fixture.store.list(prefix: "", after: "", limit: 1000).objects.map(\.key)
        let pairs = try keys.filter { !$0.hasPrefix("_") }.map { key in
            (key, String(decoding: try fixture.store.get(key) ?? [], as: UTF8.self))
        }
        return Dictionary(uniqueKeysWithValues: pairs)
    }

    @Test func `each answer is an object as the vendor sent it, and a repeat changes nothing`() throws {
        let head = #"{"symbol":"AAPL","status":200}"# + "\n"
        let quotes: [(symbol: String, second: Int64, offset: Int64, frame: String?)] = [
            ("AAPL", 1_700_000_000, 3, head + #"{"c":1}"#), ("BRK/B", 1_700_000_000, 4, head + "{\"c\":2,\n\"t\":5}"),
            // Another answer in the same second, and one without a line about it.
            ("AAPL", 1_700_000_000, 5, head + #"{"c":3}"#), ("AAPL", 1_700_000_010, 6, #"{"c":4}"#),
        ]
        let expected = [
            "AAPL/1700000000.json": #"{"c":1}"#, "BRK%2FB/1700000000.json": "{\"c\":2,\n\"t\":5}",
            "AAPL/1700000000-5.json": #"{"c":3}"#, "AAPL/1700000010.json": #"{"c":4}"#,
        ]
        var target = try target()
        try target.open([Tables.quoteSnapshots])
        #expect(try target.committedOffset(Tables.quoteSnapshots) == -1 && target.wantsPayloads)
        #expect(try target.deliver(try unit(quotes, after: -1, last: 9)) == 4)
        #expect(try objects() == expected)
        // As after a kill between the objects and what says that they are there.
        try fixture.store.delete("_tapedeck/progress/quote_snapshots")
        target = try self.target()
        try target.open([Tables.quoteSnapshots])
        #expect(try target.committedOffset(Tables.quoteSnapshots) == -1)
        _ = try target.deliver(try unit(quotes, after: -1, last: 9))
        #expect(try objects() == expected)
        target = try self.target()
        try target.open([Tables.quoteSnapshots])
        #expect(try target.committedOffset(Tables.quoteSnapshots) == 9)
    }

    @Test func `an answer that the lake no longer has is told, and can be gone past`() throws {
        let target = try target()
        try target.open([Tables.quoteSnapshots])
        let error = #expect(throws: DeliveryError.self) {
            _ = try target.deliver(try unit([("A", 1, 7, nil)], after: -1, last: 7))
        }
        #expect(error?.kind == .row && error?.message.contains("offset 7") == true)
        try target.reject(Tables.quoteSnapshots, after: -1, last: 7, reason: "gone")
        #expect(try target.committedOffset(Tables.quoteSnapshots) == 7 && objects().isEmpty)
        #expect(deliveryKind { try target.reject(Tables.quoteSnapshots, after: 5, last: 8, reason: "") } == .conflict)
    }

    @Test func `an error on the way does not make it begin anew`() throws {
        let bucket = try LoopbackBucket()
        let assignments = [
            "url=s3://market", "endpoint=\(bucket.url)", "access_key=AKID", "secret_key=s", "layout=snapshots",
            "tables=quote_snapshots",
        ]
        let target = try ObjectSink.make(
            try Options(ObjectSink.spec, assignments: assignments),
            SinkContext(pipeline: "p", sink: "objects", folder: ""))
        try target.open([Tables.quoteSnapshots])
        bucket.decide { $0.path.contains("/B/") ? .refused(LoopbackBucket.error(403, "AccessDenied")) : nil }
        let quotes: [(symbol: String, second: Int64, offset: Int64, frame: String?)] = [
            ("A", 1, 3, "{}"), ("A", 2, 4, "{}"), ("B", 3, 5, "{}"), ("A", 4, 6, "{}"),
        ]
        #expect(deliveryKind { _ = try target.deliver(try unit(quotes, after: -1, last: 9)) } == .setup)
        target.close()
        try target.open([Tables.quoteSnapshots])
        #expect(try target.committedOffset(Tables.quoteSnapshots) == 4)
        bucket.decide { _ in nil }
        #expect(try target.deliver(try unit(Array(quotes[2...]), after: 4, last: 9)) == 2)
        #expect(
            bucket.objects.keys.filter { !$0.hasPrefix("_") }.sorted() == [
                "A/1.json", "A/2.json", "A/4.json", "B/3.json",
            ])
    }
}

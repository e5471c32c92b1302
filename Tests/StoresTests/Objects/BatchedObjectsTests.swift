import Databases
import Delivery
import Foundation
import Market
import Networking
import Objects
import Platform
import TestKit
import Testing

@testable import Stores

/// Targets over a folder.
struct ObjectsFixture {
    let folder = TemporaryFolder()
    var store: LocalObjectStore { LocalObjectStore(folder.path) }

    func target(_ assignments: [String] = [], pipeline: String = "p") throws -> any DeliveryTarget {
        try ObjectSink.make(
            try Options(ObjectSink.spec, assignments: ["url=\(folder.path)"] + assignments),
            SinkContext(pipeline: pipeline, sink: "objects", folder: ""))
    }

    /// Keys of a table's objects, without its name.
    func keys(_ table: TableSchema = Tables.trades) throws -> [String] {
        try store.list(prefix: table.name + "/", after: "", limit: 1000).objects.map {
            String($0.key.dropFirst(table.name.count + 1))
        }
    }

    /// The lines of an object.
    func lines(_ key: String, _ compression: ObjectCompression = .gzip) throws -> [String] {
        let content = try #require(try store.get("trades/" + key))
        let text = try #require(compression.lines(content))
        return String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
    }
}

func deliveryKind(_ body: () throws -> Void) -> DeliveryError.Kind? {
    do {
        try body()
        return nil
    } catch {
        return (error as? DeliveryError)?.kind
    }
}

@Suite struct BatchedObjectsTests {
    private let fixture = ObjectsFixture()
    private static let day = "ingest_date=1970-01-01/"
    /// Times of receipt in `SampleRows` are `n * 7 - 1` ns: the first row is of the day before the others.
    private static func key(_ offset: Int, _ suffix: String = ".ndjson.gz") -> String {
        (offset == 0 ? "ingest_date=1969-12-31/" : day) + String(repeating: "0", count: 20 - "\(offset)".count)
            + "\(offset)" + suffix
    }

    @Test(arguments: ["gzip", "zstd", "none"])
    func `an object's lines are the unit's rows in the order of their offsets`(compression: String) throws {
        let rows = try SampleRows()
        let target = try fixture.target(["compression=\(compression)"])
        try target.open([Tables.trades])
        #expect(try target.committedOffset(Tables.trades) == -1)
        #expect(try target.deliver(try rows.unit(0..<1001, seed: 3)) == 1001)
        let kind = try #require(ObjectCompression(rawValue: compression))
        #expect(try fixture.keys() == [Self.key(0, kind.suffix)])
        let lines = try fixture.lines(Self.key(0, kind.suffix), kind)
        let json = JSONRows(try rows.stream(0..<1).columns)
        let expected = try #require(try rows.stream(0..<1001).next())
        json.open(expected)
        #expect(lines.count == 1001)
        for (place, line) in lines.enumerated() {
            let text = Column<UInt8>()
            json.write(place, to: text)
            #expect(line == String(decoding: text.buffer, as: UTF8.self))
        }
    }

    @Test func `the next target goes on behind the last row, and nowhere else`() throws {
        let rows = try SampleRows()
        var target = try fixture.target()
        try target.open([Tables.trades, Tables.bars])
        _ = try target.deliver(try rows.unit(0..<100))
        #expect(deliveryKind { _ = try target.deliver(try rows.unit(0..<100)) } == .conflict)
        // The unit reaches further than its rows do.
        let wide = DeliveryUnit(
            table: Tables.trades, after: 49, last: 500, months: [], rows: try rows.stream(200..<300))
        _ = try target.deliver(wide)
        #expect(try target.committedOffset(Tables.trades) == 500)
        target.close()
        #expect(deliveryKind { _ = try target.committedOffset(Tables.trades) } == .unavailable)
        try target.open([Tables.trades, Tables.bars])
        #expect(try target.committedOffset(Tables.trades) == 149)
        target = try fixture.target()
        try target.open([Tables.trades, Tables.bars])
        #expect(try target.committedOffset(Tables.trades) == 149 && target.committedOffset(Tables.bars) == -1)
        _ = try target.deliver(
            DeliveryUnit(table: Tables.trades, after: 149, last: 510, months: [], rows: try rows.stream(1000..<1002)))
        #expect(try fixture.keys() == [0, 100, 500].map { Self.key($0) })
    }

    @Test func `much becomes several objects, each of whole offsets`() throws {
        var rows = try SampleRows()
        rows.perOffset = 7
        rows.textBytes = 500
        let target = try fixture.target(["object_size=64KiB"])
        try target.open([Tables.trades])
        #expect(try target.deliver(try rows.unit(0..<700, seed: 1)) == 700)
        let keys = try fixture.keys()
        #expect(keys.count > 5)
        var next = 0
        for key in keys {
            #expect(key == Self.key(next))
            let lines = try fixture.lines(key)
            #expect(lines.count % 7 == 0)
            next += lines.count / 7
        }
        #expect(next == 100)
        target.close()
        try target.open([Tables.trades])
        #expect(try target.committedOffset(Tables.trades) == 99)
    }

    @Test func `two programs want the same key, which one of them gets; the other goes on behind it`() throws {
        let rows = try SampleRows()
        let (first, second) = (try fixture.target(), try fixture.target())
        try first.open([Tables.trades])
        try second.open([Tables.trades])
        _ = try first.deliver(try rows.unit(0..<100))
        // An attempt that was given up may have had more rows, or fewer.
        let error = #expect(throws: DeliveryError.self) { _ = try second.deliver(try rows.unit(0..<60)) }
        #expect(error?.kind == .conflict && error?.message.contains("is there already") == true)
        #expect(deliveryKind { _ = try second.committedOffset(Tables.trades) } == .unavailable)
        try second.open([Tables.trades])
        #expect(try second.committedOffset(Tables.trades) == 49)
        _ = try second.deliver(try rows.unit(100..<140))
        #expect(deliveryKind { _ = try first.deliver(try rows.unit(100..<200)) } == .conflict)
        try first.open([Tables.trades])
        _ = try first.deliver(try rows.unit(140..<200))
        #expect(try fixture.keys() == [0, 50, 70].map { Self.key($0) })
        #expect(try fixture.keys().flatMap { try fixture.lines($0) }.count == 200)
    }

    @Test func `dates never go back, and tables without a time of receipt have none`() throws {
        let connection = try Database.duckDB().connect()
        func unit(_ offset: Int64, day: String) throws -> DeliveryUnit {
            let ns = "epoch_ns(TIMESTAMP '\(day) 12:00:00')"
            let columns = Tables.trades.columns.map { column in
                let value =
                    switch column.name {
                    case "journal_offset": "\(offset)::BIGINT"
                    case "ingest_time_ns": ns
                    case "frame_index": "0::INTEGER"
                    default: "NULL"
                    }
                return "\(value) AS \"\(column.name)\""
            }
            return DeliveryUnit(
                table: Tables.trades, after: offset - 1, last: offset, months: [],
                rows: try connection.query("SELECT \(columns.joined(separator: ", "))"))
        }
        let target = try fixture.target()
        try target.open([Tables.trades, Tables.bars])
        for (offset, day) in ["2026-11-21", "2026-11-20", "2026-11-22"].enumerated() {
            _ = try target.deliver(try unit(Int64(offset), day: day))
        }
        let days = try fixture.keys().map { String($0.prefix(22)) }
        #expect(days == ["2026-11-21", "2026-11-21", "2026-11-22"].map { "ingest_date=\($0)" })
        _ = try target.deliver(try SampleRows(Tables.bars).unit(0..<10))
        #expect(try fixture.keys(Tables.bars) == ["00000000000000000000.ndjson.gz"])
        let other = try fixture.target()
        try other.open([Tables.trades, Tables.bars])
        #expect(try other.committedOffset(Tables.trades) == 2 && other.committedOffset(Tables.bars) == 4)
    }

    @Test func `what is left out is noted, and the place where it would stand is taken`() throws {
        let rows = try SampleRows()
        let target = try fixture.target()
        try target.open([Tables.trades])
        try target.reject(Tables.trades, after: -1, last: 3, reason: "too \"large\"")
        #expect(try target.committedOffset(Tables.trades) == 3)
        #expect(try fixture.keys() == [Self.key(3)] && fixture.lines(Self.key(3)).isEmpty)
        let note = try #require(try fixture.store.get("_tapedeck/rejected/trades/3.json"))
        #expect(
            String(decoding: note, as: UTF8.self).hasPrefix(
                #"{"pipeline":"p","table":"trades","journal_offset":3,"reason":"too \"large\"","rejected":"2"#))
        target.close()
        try target.open([Tables.trades])
        #expect(try target.committedOffset(Tables.trades) == 3)
        _ = try target.deliver(try rows.unit(8..<20))
        #expect(try fixture.keys().count == 2)
    }

    @Test func `a folder belongs to one pipeline, one layout and one compression`() throws {
        try fixture.target().open([Tables.trades])
        for (assignments, pipeline) in [
            ([], "other"), (["compression=zstd"], "p"), (["layout=snapshots", "tables=quote_snapshots"], "p"),
        ] {
            let target = try fixture.target(assignments, pipeline: pipeline)
            let error = #expect(throws: DeliveryError.self) { try target.open([Tables.quoteSnapshots]) }
            #expect(error?.kind == .setup && error?.message.contains("choose another folder") == true)
        }
    }

    @Test func `a store that heeds no conditions is refused`() throws {
        let bucket = try LoopbackBucket()
        let target = try ObjectSink.make(
            try Options(
                ObjectSink.spec,
                assignments: ["url=s3://market/x", "endpoint=\(bucket.url)", "access_key=AKID", "secret_key=s"]),
            SinkContext(pipeline: "p", sink: "objects", folder: ""))
        // A request that says nothing of a condition.
        bucket.decide { request in
            request.method == .put && request.headers["If-None-Match"] != nil ? .lost(HTTPResponse(status: 200)) : nil
        }
        let error = #expect(throws: DeliveryError.self) { try target.open([Tables.trades]) }
        #expect(error?.kind == .setup && error?.message.contains("If-None-Match") == true)
        #expect(bucket.objects.isEmpty)
        bucket.decide { _ in nil }
        try target.open([Tables.trades])
        #expect(try target.deliver(try SampleRows().unit(0..<10)) == 10)
    }

    @Test func `many objects are found from a note on, and without it, and foreign ones are left alone`() throws {
        let rows = try SampleRows()
        let target = try fixture.target()
        try target.open([Tables.trades])
        for first in stride(from: 0, to: 1200, by: 2) { _ = try target.deliver(try rows.unit(first..<first + 2)) }
        let note = "_tapedeck/newest/trades"
        #expect(try fixture.store.get(note) == Array("trades/\(Self.key(499))".utf8))
        try fixture.store.put("trades/readme.txt", [1], type: "text/plain")
        try fixture.store.put("trades/\(Self.day)7.ndjson.gz", [1], type: "text/plain")
        func offset() throws -> Int64 {
            let other = try fixture.target()
            try other.open([Tables.trades])
            return try other.committedOffset(Tables.trades)
        }
        #expect(try offset() == 599)
        try fixture.store.delete(note)
        #expect(try offset() == 599)
        // A note about an object that was taken away says nothing.
        try fixture.store.put(note, Array("trades/\(Self.key(900))".utf8), type: "text/plain")
        #expect(try offset() == 599)
        for key in try fixture.store.list(prefix: "trades/", after: "", limit: 1000).objects {
            try fixture.store.delete(key.key)
        }
        #expect(try offset() == -1)
    }

    @Test func `an object that was damaged is told, and not gone past`() throws {
        let target = try fixture.target()
        try target.open([Tables.trades])
        _ = try target.deliver(try SampleRows().unit(0..<10))
        for content in [
            [1, 2, 3] as [UInt8], Array(try #require(try fixture.store.get("trades/" + Self.key(0))).dropLast(9)),
        ] {
            try fixture.store.put("trades/" + Self.key(0), content, type: "text/plain")
            let other = try fixture.target()
            let error = #expect(throws: DeliveryError.self) { try other.open([Tables.trades]) }
            #expect(error?.kind == .setup && error?.message.contains("damaged") == true)
        }
    }

    @Test(arguments: [
        ["object_size=1KiB"], ["object_size=1GiB"], ["layout=snapshots"], ["layout=snapshots", "tables=trades"],
        ["layout=snapshots", "tables=quote_snapshots", "compression=none"],
    ])
    func `options that do not fit together are refused`(_ assignments: [String]) {
        #expect(throws: ConfigError.self) { try fixture.target(assignments) }
    }
}

import Databases
import Foundation
import Lake
import Market
import Platform
import TestKit
import Testing

/// Rows in memory as SQL sees them, beyond what `HotStoreTests` looks at.
@Suite struct HotRowsTests {
    private static let none = StringDictionary(values: [])

    private func frames(_ offsets: Range<Int64>, bytes: (Int64) -> Int) -> FrameBatch {
        let batch = FrameBatch()
        for offset in offsets {
            let payload = [UInt8](repeating: UInt8(truncatingIfNeeded: offset), count: bytes(offset))
            payload.withUnsafeBytes {
                batch.append(ingestTimeNs: offset, feed: 0, journalOffset: offset, payload: $0)
            }
        }
        return batch
    }

    private let dictionaries = BatchDictionaries(
        venues: none, symbols: none, conditions: none, feeds: StringDictionary(values: ["feed"]))

    @Test func `payloads of every size keep their bytes over segments and flushes`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        // Some frames are larger than what a segment begins with; some are empty.
        func size(_ offset: Int64) -> Int { offset % 97 == 0 ? 3_000_000 : Int(offset % 5) * 700 }
        for step in 0..<40 {
            let range = Int64(step) * 50..<Int64(step + 1) * 50
            store.append([frames(range, bytes: size)], dictionaries, upTo: range.upperBound - 1)
            if step % 15 == 14 { _ = try store.flush(upTo: Int64(step - 3) * 50 + 17) }
        }
        let sql = """
            SELECT journal_offset, octet_length(payload), count(*) OVER (),
              coalesce(left(hex(payload), 2), ''), coalesce(right(hex(payload), 2), '')
            FROM frames ORDER BY journal_offset
            """
        let rows = try store.connect().query(sql).collect().rows
        #expect(rows.count == 2000)
        for (offset, row) in rows.enumerated() {
            let bytes = size(Int64(offset))
            let edge = bytes == 0 ? "" : String(format: "%02X", offset & 0xff)
            #expect(row == [.integer(Int64(offset)), .integer(Int64(bytes)), .integer(2000), .text(edge), .text(edge)])
        }
    }

    @Test func `all tables of a query show the same step, also while steps come in`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        let sample = SampleSteps(seed: 51, steps: 200, events: 10)
        let connection = try store.connect()
        let appender = NamedThread("appender") {
            for step in 0..<200 {
                sample.append(to: store, step..<step + 1)
                Pause.wait(ns: 1_000_000)
            }
        }
        var seen: Int64 = 0
        while seen < 2000 {
            let row = try connection.query(
                "SELECT (SELECT count(*) FROM trades), (SELECT count(*) FROM quotes), (SELECT count(*) FROM frames)"
            ).collect().rows[0]
            #expect(row[0] == row[1] && row[1] == row[2])
            guard case .integer(let count) = row[0] else { break }
            #expect(count >= seen)
            seen = count
        }
        appender.join()
    }

    @Test func `a query that was planned keeps its rows over a flush`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        let sample = SampleSteps(seed: 52, steps: 40, events: 1000)
        sample.append(to: store, 0..<20)
        let stream = try store.connect().query("SELECT journal_offset FROM trades")
        _ = try store.flush(upTo: store.visibleOffset)
        sample.append(to: store, 20..<40)
        _ = try store.flush(upTo: store.visibleOffset)
        #expect(try stream.collect().rows.count == 20_000)
    }

    @Test func `one call of the table function cannot see what has left memory`() throws {
        let folder = TemporaryFolder()
        let store = try HotStore(options(folder))
        let connection = try store.connect()
        SampleSteps(seed: 53, steps: 1).append(to: store, 0..<1)
        let count = "SELECT count(*) FROM hot_trades(-1::BIGINT, txid_current()::BIGINT)"
        #expect(try connection.query(count).collect().rows == [[.integer(50)]])
        #expect(throws: DatabaseError.self) { _ = try connection.query("SELECT * FROM hot_trades(1)").collect() }
    }
}

import Databases
import Delivery
import Market
import Platform
import Testing

@testable import Stores

@Suite struct RowDigestsTests {
    private func digests(_ rows: SampleRows, _ numbers: Range<Int>, seed: UInt64? = nil) throws -> RowDigests {
        var digests = RowDigests()
        let table = rows.table
        try rows.connection.execute("DROP TABLE IF EXISTS rows")
        try rows.connection.execute("CREATE TEMP TABLE rows AS \(rows.text(numbers, seed: seed))")
        try digests.add(
            try rows.connection.query("SELECT \(RowDigests.selection(table)) FROM rows"), of: table)
        return digests
    }

    @Test(arguments: Tables.all.map(\.name))
    func `rows amount to the same in whatever order and parts they come`(name: String) throws {
        let rows = try SampleRows(try #require(Tables.all.first { $0.name == name }))
        let all = try digests(rows, 0..<500)
        #expect(all.rows == 500)
        #expect(try digests(rows, 0..<500, seed: 4) == all)
        var parts = try digests(rows, 300..<500, seed: 1)
        parts.add(try digests(rows, 0..<300))
        #expect(parts == all)
    }

    @Test(arguments: Tables.all.map(\.name))
    func `rows that come back as lines of JSON amount to the same`(name: String) throws {
        var rows = try SampleRows(try #require(Tables.all.first { $0.name == name }))
        rows.textBytes = 70
        let lines = try ObjectLines(try rows.unit(0..<500, seed: 2), bytesMax: 20_000)
        let reader = try JSONLineRows()
        var found = RowDigests()
        while let part = lines.part() {
            try reader.add(Array(part.lines.buffer), of: rows.table, upTo: 199, to: &found) { _ in true }
        }
        #expect(try digests(rows, 0..<400) == found)
        #expect(throws: DeliveryError.self) {
            try reader.add(Array("{\"journal_offset\":\n".utf8), of: rows.table, upTo: 9, to: &found) { _ in true }
        }
    }

    @Test func `what is missing, doubled or changed shows, in whichever column`() throws {
        let table = Tables.trades
        let rows = try SampleRows(table)
        let all = try digests(rows, 0..<200)
        #expect(try digests(rows, 0..<199) != all)
        var twice = all
        twice.add(try digests(rows, 7..<8))
        #expect(twice != all)
        for column in RowDigests.columns(table) {
            try rows.connection.execute("CREATE OR REPLACE TEMP TABLE changed AS \(rows.text(0..<200))")
            let name = SQLText.identifier(column.name)
            let other = column.type == .string ? "coalesce(\(name), '') || 'x'" : "coalesce(\(name), 0) + 1"
            try rows.connection.execute("UPDATE changed SET \(name) = \(other) WHERE journal_offset = 50")
            var changed = RowDigests()
            try changed.add(
                try rows.connection.query("SELECT \(RowDigests.selection(table)) FROM changed"), of: table)
            #expect(changed != all, "\(column.name)")
        }
    }

    @Test func `days are those of UTC, before 1970 too`() throws {
        var digests = RowDigests()
        let day: Int64 = 86_400_000_000_000
        for (place, time) in [0, day - 1, day, -1, -day, -day - 1].enumerated() {
            digests.add(timeNs: time, offset: Int64(place), RowDigest())
        }
        #expect(digests.days.mapValues(\.rows) == [0: 2, 1: 1, -1: 2, -2: 1])
        #expect(digests.days[-1]?.firstOffset == 3 && digests.days[-1]?.lastOffset == 4)
    }

    @Test func `a missing value is none of the values`() {
        var missing = RowDigest(), zero = RowDigest(), empty = RowDigest()
        missing.addMissing()
        zero.add(Int64(0))
        empty.add([UInt8]())
        #expect(Set([missing.value, zero.value, empty.value]).count == 3)
    }
}

import Databases
import Delivery
import Foundation
import Market
import Platform
import TestKit
import Testing

@testable import Stores

@Suite struct BigQueryTablesTests {
    @Test(arguments: Tables.all)
    func `a table is partitioned by its time and clustered by what is asked for`(_ table: TableSchema) throws {
        let text = "{\(BigQueryTables.resource(table))}"
        let resource = try #require(JSONSerialization.jsonObject(with: Data(text.utf8)) as? [String: Any])
        let partition = try #require(resource["timePartitioning"] as? [String: String])
        #expect(partition["type"] == (table.partition == .date ? "DAY" : "MONTH"))
        #expect(table.columns.contains { $0.name == partition["field"] && $0.type == .timestamp })
        let clustering = try #require((resource["clustering"] as? [String: [String]])?["fields"])
        #expect((1...4).contains(clustering.count) && Set(clustering).count == clustering.count)
        if table.columns.contains(where: { $0.name == "symbol" }) { #expect(clustering[0] == "symbol") }
        let fields = try #require((resource["schema"] as? [String: Any])?["fields"] as? [[String: String]])
        #expect(fields.map { $0["name"]! } == table.columns.map(\.name) + ["pipeline"])
    }

    @Test func `what does not fit is named, with what to do`() {
        var found = Dictionary(
            uniqueKeysWithValues: Tables.trades.columns.map { ($0.name, BigQueryTables.type($0.type)) })
        found["pipeline"] = "STRING"
        found["mine"] = "GEOGRAPHY"
        #expect(BigQueryTables.difference(Tables.trades, found, "m.trades") == nil)
        found["trade_id"] = "INT64"
        #expect(BigQueryTables.difference(Tables.trades, found, "m.trades") == nil)
        found["side"] = nil
        #expect(
            BigQueryTables.difference(Tables.trades, found, "m.trades")
                == "m.trades has no column side; add it: ALTER TABLE `m.trades` ADD COLUMN `side` STRING")
        found["side"] = "BYTES"
        #expect(
            BigQueryTables.difference(Tables.trades, found, "m.trades")?.hasPrefix(
                "m.trades: column side is BYTES, not STRING")
                == true)
    }

    @Test(arguments: [
        Tables.trades, Tables.transactions, Tables.deals, Tables.frames, Tables.coverage, Tables.instruments,
    ])
    func `a Parquet file has the values of its unit, in types that BigQuery takes`(_ table: TableSchema) throws {
        let folder = TemporaryFolder()
        let rows = try SampleRows(table)
        let parquet = try BigQueryParquet(SinkContext(pipeline: "p", sink: "s", folder: folder.path))
        let (bytes, count) = try parquet.file(rows.unit(0..<2000), pipeline: "it's me")
        #expect(count == 2000)
        #expect(try Folder.names(folder.path).isEmpty)
        let path = folder.path + "/unit.parquet"
        try Data(bytes).write(to: URL(filePath: path))
        let connection = try Database.duckDB().connect()
        let there = try connection.query("SELECT * FROM '\(path)'")
        #expect(there.columns.map(\.name) == table.columns.map(\.name) + ["pipeline"])
        let stored = try there.collect().rows
        let wanted = try rows.stream(0..<2000).collect().rows
        #expect(stored.count == wanted.count)
        for (left, right) in zip(stored, wanted) { #expect(left == right + [.text("it's me")]) }
        // Whether times are in UTC decides between TIMESTAMP and DATETIME.
        let types = try connection.query(
            "SELECT name, logical_type FROM parquet_schema('\(path)') WHERE logical_type LIKE 'Timestamp%'"
        ).collect().rows
        #expect(!types.isEmpty)
        for type in types { #expect(type[1].text.contains("isAdjustedToUTC=1") && type[1].text.contains("MICROS")) }
    }

    @Test func `names differ where identities do`() {
        let names = BigQueryNames(pipeline: "Market", dataset: "p.d")
        let others = [
            BigQueryNames(pipeline: "market", dataset: "p.d"), BigQueryNames(pipeline: "Market", dataset: "p.e"),
        ]
        let job = names.job("trades", creation: "17", after: -1, attempt: 0)
        #expect(job.hasPrefix("tapedeck-market-trades-") && job.hasSuffix("-17-0-0"))
        for other in others { #expect(other.job("trades", creation: "17", after: -1, attempt: 0) != job) }
        #expect(others[0].progressKey != names.progressKey)
        #expect(names.progressKey.utf8.count <= 63 && names.progressKey == names.progressKey.lowercased())
        let note = BigQueryNote(offset: .max, seconds: 1_795_290_384, creation: "1795290372012")
        #expect(note.text.utf8.count <= 63 && BigQueryNote(note.text) == note)
        #expect(BigQueryNote("7") == nil && BigQueryNote("a_b_c") == nil)
    }
}

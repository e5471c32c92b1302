import Delivery
import Market
import Platform
import Testing

@testable import Stores

@Suite struct ClickHouseTablesTests {
    private func tables(_ version: String, cluster: String = "", keepNs: Int64? = nil) -> ClickHouseTables {
        ClickHouseTables(
            layout: ClickHouseLayout(database: "my`db", cluster: cluster, keepNs: keepNs),
            dialect: ClickHouseDialect(version: version))
    }

    @Test func `today's servers get types, codecs, months, expiry and writes that are on the disk`() {
        let make = tables("26.9.2.1", keepNs: 86_400_000_000_000).make(Tables.trades)
        #expect(make.count == 1)
        #expect(
            make[0].hasPrefix(
                #"CREATE TABLE IF NOT EXISTS `my\`db`.`trades` (`venue` LowCardinality(String) CODEC(ZSTD(1)), "#))
        for part in [
            "`event_time` DateTime64(6, 'UTC') CODEC(Delta, ZSTD(1))", "`event_time_ns` Int64 CODEC(Delta, ZSTD(1))",
            "`side` LowCardinality(Nullable(String))", "`trade_id` Nullable(Int64) CODEC(Delta, ZSTD(1))",
            "`pipeline` LowCardinality(String)", "ENGINE = MergeTree() PARTITION BY toYYYYMM(`event_time`)",
            "ORDER BY (`venue`, `symbol`, `event_time`)", "TTL toDateTime(`event_time`) + toIntervalSecond(86400)",
            "fsync_after_insert = 1",
        ] { #expect(make[0].contains(part), "\(part)") }
        let bars = tables("22.8.1").make(Tables.bars)[0]
        #expect(bars.contains("`start` DateTime64(6, 'UTC') CODEC(DoubleDelta, ZSTD(1))"))
        #expect(bars.contains("ORDER BY (`interval`, `venue`, `symbol`, `price_type`, `start`)"))
    }

    @Test func `old servers get numbers and texts, with the same bytes`() {
        let old = tables("18.16.1")
        let make = old.make(Tables.trades)[0]
        #expect(make.contains("`event_time` Int64, `event_time_ns` Int64, "))
        #expect(make.contains("`side` Nullable(String), "))
        #expect(
            make.contains(
                "PARTITION BY toYYYYMM(toDate(greatest(0, least(65000, intDiv(`event_time_ns`, 86400000000000)))))"))
        for word in ["CODEC", "LowCardinality", "SETTINGS", "INDEX"] { #expect(!make.contains(word), "\(word)") }
        #expect(old.make(Tables.instruments)[0].contains("`valid_from` Nullable(Int32)"))
        #expect(!ClickHouseDialect(version: "22.7.9").hasModernTypes && ClickHouseDialect(version: "22.7.9").dropsLater)
        #expect(!ClickHouseDialect(version: "20.9").dropsLater)
    }

    @Test(arguments: Tables.all.map(\.name))
    func `no table is sorted by what may be missing`(name: String) throws {
        let table = try #require(Tables.named(name))
        for version in ["18.16.1", "26.9"] {
            let key = tables(version).sortKey(table)
            #expect(!key.isEmpty && Set(key).isSubset(of: table.columns.filter { !$0.isNullable }.map(\.name)))
        }
    }

    /// Words that ClickHouse 18.16 writes without quotes into a table's definition, and does not read again.
    @Test(arguments: Tables.all.map(\.name))
    func `old servers can start with their tables`(name: String) throws {
        let key = tables("18.16.1").sortKey(try #require(Tables.named(name)))
        #expect(
            Set(key).isDisjoint(with: ["interval", "from", "to", "final", "as", "limit", "order", "group", "union"]))
    }

    @Test func `a cluster gets replicas on its servers and one table over them`() {
        let make = tables("18.16.1", cluster: "c1").make(Tables.trades)
        #expect(make.count == 2)
        #expect(make[0].hasPrefix(#"CREATE TABLE IF NOT EXISTS `my\`db`.`trades_local` ON CLUSTER `c1` (`venue`"#))
        #expect(
            make[0].contains(#"ENGINE = ReplicatedMergeTree('/clickhouse/tables/{shard}/my`db/trades', '{replica}')"#))
        #expect(
            make[1] == #"CREATE TABLE IF NOT EXISTS `my\`db`.`trades` ON CLUSTER `c1` AS `my\`db`.`trades_local` "#
                + #"ENGINE = Distributed(`c1`, `my\`db`, `trades_local`, cityHash64(symbol))"#)
        let offsets = tables("26.9", cluster: "c1").makeOffsets
        #expect(offsets.count == 1)
        #expect(
            offsets[0].contains(
                #"ReplicatedReplacingMergeTree('/clickhouse/tables/my`db/tapedeck_offsets', '{shard}-{replica}', step)"#
            ))
    }

    @Test func `what differs is named, with what to do`() {
        let tables = tables("26.9")
        let dialect = tables.dialect
        var found = Dictionary(uniqueKeysWithValues: Tables.trades.columns.map { ($0.name, dialect.typeName($0)) })
        found["pipeline"] = "LowCardinality(String)"
        found["mine"] = "UInt8"
        #expect(tables.difference(Tables.trades, found) == nil)
        // What an older release made, and texts without a dictionary, are the same values.
        found["event_time"] = "Int64"
        found["venue"] = "String"
        #expect(tables.difference(Tables.trades, found) == nil)
        found["venue"] = "Nullable(String)"
        #expect(tables.difference(Tables.trades, found)?.contains("column venue is Nullable(String)") == true)
        found["venue"] = "String"
        found["price"] = "Float32"
        #expect(tables.difference(Tables.trades, found)?.contains("column price is Float32, not Float64") == true)
        found["price"] = nil
        #expect(tables.difference(Tables.trades, found)?.hasSuffix("ADD COLUMN `price` Float64") == true)
    }

    @Test func `names and texts are quoted, answers are read`() {
        #expect(ClickHouseSQL.literal(#"a'b\c"#) == #"'a\'b\\c'"#)
        #expect(ClickHouseSQL.rows("a\\tb\tc\\\\n\n\\N\t\n") == [["a\tb", "c\\n"], ["N", ""]])
    }
}

import Delivery
import Market
import Platform
import Testing

@testable import Stores

@Suite struct PostgreSQLTablesTests {
    private let tables = PostgreSQLTables(schema: "my \"schema\"", hasTimescale: false)

    @Test func `a table of much data is partitioned by the month of its time`() throws {
        let make = tables.make(Tables.trades)
        #expect(
            make[0].hasPrefix(
                #"CREATE TABLE "my ""schema"""."trades" ("venue" text NOT NULL, "symbol" text NOT NULL, "#))
        #expect(make[0].contains(#""event_time" timestamp with time zone NOT NULL, "event_time_ns" bigint NOT NULL"#))
        #expect(make[0].contains(#""side" text, "#))
        #expect(make[0].hasSuffix(#"PARTITION BY RANGE ("event_time")"#))
        let day = try #require(CivilDate("2026-12-01"))
        #expect(
            tables.makePartition(Tables.trades, month: day)
                == #"CREATE TABLE IF NOT EXISTS "my ""schema"""."trades_2026_12" PARTITION OF "my ""schema"""."trades" "#
                + "FOR VALUES FROM ('2026-12-01 00:00Z') TO ('2027-01-01 00:00Z')")
    }

    @Test func `every table has a time, and few rows are not partitioned`() {
        for table in Tables.all {
            #expect(table.columns.contains { $0.name == table.moment && $0.type == .timestamp }, "\(table.name)")
        }
        #expect(!tables.make(Tables.positions)[0].contains("PARTITION"))
        #expect(tables.make(Tables.deals)[0].contains("numeric(18,"))
    }

    @Test func `hypertables take the place of partitions`() {
        let make = PostgreSQLTables(schema: "s", hasTimescale: true).make(Tables.quotes)
        #expect(!make[0].contains("PARTITION"))
        #expect(make[1] == #"SELECT create_hypertable('"s"."quotes"', 'event_time')"#)
    }

    @Test func `what differs is named, with what to do`() {
        var found = Dictionary(
            uniqueKeysWithValues: Tables.trades.columns.map { ($0.name, PostgreSQLTables.typeName($0.type)) })
        found["mine"] = "integer"
        #expect(tables.difference(Tables.trades, found) == nil)
        found["price"] = "real"
        #expect(tables.difference(Tables.trades, found)?.contains("column price is real, not double precision") == true)
        found["price"] = nil
        #expect(
            tables.difference(Tables.trades, found)?.hasSuffix(
                #"ALTER TABLE "my ""schema"""."trades" ADD COLUMN "price" double precision"#) == true)
    }

    @Test func `without a server the reason is clear, and the password stays hidden`() {
        let target = PostgreSQLTarget(
            uri: "postgresql://me:geheim@127.0.0.1:1/nowhere?connect_timeout=2", schema: "s", pipeline: "p")
        let error = #expect(throws: DeliveryError.self) { try target.open([Tables.trades]) }
        #expect(error?.kind == .unavailable)
        #expect(error?.message.contains("127.0.0.1") == true)
        #expect(error?.message.contains("geheim") == false)
    }
}

import Databases
import Delivery
import Market
import Networking
import Synchronization
import TestKit
import Testing

@testable import Stores

/// What is asked of a server, in which order, and what is made of its answers.
@Suite struct ClickHouseTargetTests {
    /// A server that knows what a test says: answers by the beginning of a statement.
    private final class Script: Sendable {
        let answers: Mutex<[(beginning: String, answer: String)]>
        let server: AnsweringServer

        init(_ answers: [(String, String)]) throws {
            let columns = Tables.trades.columns.map { column in
                "trades\t\(column.name)\t"
                    + ClickHouseDialect(version: "18.16.1").typeName(column).replacing("'", with: "\\'")
            }
            let all =
                answers + [
                    ("SELECT version()", "18.16.1"), ("SELECT count() FROM system.databases", "1"),
                    (
                        "SELECT table, name, type",
                        (columns + [
                            "trades\tpipeline\tString", "tapedeck_offsets\tstep\tUInt64", "tapedeck_rejected\tx\tUInt8",
                        ])
                        .joined(separator: "\n")
                    ),
                ]
            self.answers = Mutex(all)
            server = try AnsweringServer { _ in .text("") }
            server.answer { [self] asked in
                let statement = asked.query.items.first { $0.name == "query" }?.value ?? asked.text
                let answer = self.answers.withLock { known in
                    known.first { statement.hasPrefix($0.beginning) }?.answer ?? ""
                }
                return answer.hasPrefix("Code:") ? .text(answer, status: 500) : .text(answer)
            }
        }

        var statements: [String] {
            server.asked.map { asked in asked.query.items.first { $0.name == "query" }?.value ?? asked.text }
        }

        func says(_ beginning: String, _ answer: String) {
            answers.withLock { $0.insert((beginning, answer), at: 0) }
        }
    }

    private func target(_ script: Script, password: String = "") -> ClickHouseTarget {
        let address = ClickHouseAddress(url: script.server.url, user: "me", password: password)
        return ClickHouseTarget(address, ClickHouseLayout(database: "d"), compression: .lz4, pipeline: "p")
    }

    private func unit(after: Int64, last: Int64) throws -> DeliveryUnit {
        let columns = Tables.trades.columns.map { column -> String in
            switch column.name {
            case "venue", "symbol": "'x' AS \(column.name)"
            case "event_time", "ingest_time": "TIMESTAMPTZ '2026-11-21 00:00:00+00' AS \(column.name)"
            case "event_time_ns": "(1795219200000000000 + i * 2592000000000000)::BIGINT AS event_time_ns"
            case "side", "conditions": "NULL::VARCHAR AS \(column.name)"
            case "price", "size": "1.5::DOUBLE AS \(column.name)"
            case "frame_index": "0::INTEGER AS frame_index"
            default: "i::BIGINT AS \(column.name)"
            }
        }
        let sql = "SELECT \(columns.joined(separator: ", ")) FROM range(4) AS t (i)"
        let rows = try Database.duckDB().connect().query(sql)
        return DeliveryUnit(table: Tables.trades, after: after, last: last, months: [], rows: rows)
    }

    @Test func `a session takes away the ways of others before it looks at what is there`() throws {
        let script = try Script([])
        let names = Mutex<[String]>([
            "other_trades_view", "other_trades", "other_tapedeck_offsets_view", "other_tapedeck_offsets",
        ])
        script.server.answer { asked in
            guard asked.text.hasPrefix("SELECT name FROM system.tables") || asked.text.hasPrefix("DROP") else {
                let text = asked.text
                let answer = script.answers.withLock { known in
                    known.first { text.hasPrefix($0.beginning) }?.answer ?? ""
                }
                return .text(answer)
            }
            return names.withLock { names in
                guard let dropped = names.firstIndex(where: { asked.text.contains("`\($0)`") }) else {
                    return .text(names.joined(separator: "\n"))
                }
                names.remove(at: dropped)
                return .text("")
            }
        }
        let target = target(script)
        try target.open([Tables.trades])
        _ = try target.committedOffset(Tables.trades)
        let drops = script.statements.filter { $0.hasPrefix("DROP") }
        #expect(
            drops
                == [
                    "other_tapedeck_offsets", "other_trades", "other_trades_view", "other_tapedeck_offsets_view",
                ].map { "DROP TABLE IF EXISTS `d`.`\($0)`" }
                || drops
                    == [
                        "other_tapedeck_offsets", "other_trades", "other_tapedeck_offsets_view", "other_trades_view",
                    ].map { "DROP TABLE IF EXISTS `d`.`\($0)`" }
        )
        let lastDrop = try #require(script.statements.lastIndex { $0.hasPrefix("DROP") })
        let read = try #require(script.statements.firstIndex { $0.hasPrefix("SELECT step") })
        #expect(lastDrop < read)
    }

    @Test(arguments: [(100, 90, "done"), (0, 7, "none"), (40, 7, "some")])
    func `a unit that was begun is found out about`(count: Int, offset: Int, what: String) throws {
        let script = try Script([("SELECT step", "5\t7\t90\t100"), ("SELECT count() FROM `d`.`trades`", "\(count)")])
        let target = target(script)
        try target.open([Tables.trades])
        if what == "some" {
            // Until they are taken out, nothing else is delivered.
            #expect(throws: DeliveryError.self) { try target.committedOffset(Tables.trades) }
            #expect(
                script.statements.contains(
                    "ALTER TABLE `d`.`trades` DELETE WHERE pipeline = 'p' AND journal_offset > 7 AND journal_offset <= 90"
                ))
            script.says("SELECT count() FROM `d`.`trades`", "0")
        }
        #expect(try target.committedOffset(Tables.trades) == Int64(offset))
        let notes = script.statements.filter { $0.hasPrefix("INSERT") }
        #expect(notes.count == (what == "done" ? 1 : 0))
        if what == "done" { #expect(notes[0].hasSuffix("VALUES ('p', 'trades', 6, 90, 90, 0)")) }
    }

    @Test func `a unit is begun, sent month by month, and ended`() throws {
        let script = try Script([])
        let target = target(script)
        try target.open([Tables.trades])
        #expect(try target.committedOffset(Tables.trades) == -1)
        #expect(try target.deliver(unit(after: -1, last: 9)) == 4)
        let inserts = script.statements.filter { $0.hasPrefix("INSERT") }
        #expect(inserts.count == 6)
        #expect(inserts[0].hasSuffix("VALUES ('p', 'trades', 1, -1, 9, 4)"))
        #expect(inserts[1...4].allSatisfy { $0.hasSuffix("_trades` FORMAT Native") })
        #expect(inserts[5].hasSuffix("VALUES ('p', 'trades', 2, 9, 9, 0)"))
        // The server says that others moved the table on.
        script.says("SELECT step", "2\t12\t12\t0")
        let error = #expect(throws: DeliveryError.self) { try target.deliver(unit(after: 9, last: 20)) }
        #expect(error?.kind == .conflict && error?.message.contains("another program") == true)
    }

    @Test func `a session whose ways are taken away says who did it`() throws {
        let script = try Script([])
        let target = target(script)
        try target.open([Tables.trades])
        _ = try target.committedOffset(Tables.trades)
        script.says(
            "INSERT", "Code: 60, e.displayText() = DB::Exception: Table d.x doesn't exist., e.what() = DB::Exception")
        let error = #expect(throws: DeliveryError.self) { try target.deliver(unit(after: -1, last: 9)) }
        #expect(error?.kind == .conflict)
        #expect(error?.message.contains("another program delivers to d under the name p") == true)
    }

    @Test func `no message repeats the password`() throws {
        let script = try Script([("SELECT version()", "Code: 193. DB::Exception: me:geheim is wrong (version 1)")])
        let error = #expect(throws: DeliveryError.self) { try target(script, password: "geheim").open([]) }
        #expect(error?.kind == .setup && error?.message == "me:… is wrong")
        for url in ["http://me:geheim@h:1", "geheim://h", "http://h:geheim", "http://127.0.0.1:1/?password=geheim"] {
            let address = ClickHouseAddress(url: url, user: "me", password: "geheim")
            let target = ClickHouseTarget(address, ClickHouseLayout(database: "d"), compression: .none, pipeline: "p")
            let error = #expect(throws: DeliveryError.self) { try target.open([]) }
            #expect(error?.message.contains("geheim") == false, "\(url)")
        }
    }
}

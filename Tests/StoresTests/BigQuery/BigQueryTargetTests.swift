import Delivery
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Stores

/// What is asked of BigQuery, and what is made of its answers.
@Suite struct BigQueryTargetTests {
    private static let pipeline = "p"
    private let names = BigQueryNames(pipeline: pipeline, dataset: "proj.m")

    private let folder = TemporaryFolder()

    private func target(_ service: FakeBigQuery, _ more: [String] = []) throws -> BigQueryTarget {
        let options = try Options(
            BigQuerySink.spec, assignments: ["dataset=proj.m", "endpoint=\(service.url)"] + more)
        return BigQueryTarget(
            try BigQuerySettings(options),
            SinkContext(pipeline: Self.pipeline, sink: "bigquery", folder: folder.path),
            pollNs: 1_000_000...2_000_000)
    }

    private func open(_ service: FakeBigQuery, _ more: [String] = []) throws -> BigQueryTarget {
        let target = try target(service, more)
        try target.open([Tables.trades])
        return target
    }

    /// Names of the jobs into the table of trades, by where they begin and which attempt they are.
    private func jobs(_ service: FakeBigQuery) -> [String] {
        service.state.withLock { state in
            state.jobs.filter { $0.value.table == "trades" }.keys.map {
                $0.split(separator: "-").suffix(2).joined(separator: "-")
            }.sorted()
        }
    }

    private func note(_ service: FakeBigQuery) -> BigQueryNote? {
        service.state.withLock { $0.labels["trades"]?[names.progressKey].flatMap(BigQueryNote.init) }
    }

    @Test func `a unit is one load job, and the label of its table goes as far`() throws {
        let service = try FakeBigQuery()
        let target = try open(service)
        #expect(try target.committedOffset(Tables.trades) == -1)
        let rows = try SampleRows()
        #expect(try target.deliver(rows.unit(0..<10)) == 10)
        #expect(try target.deliver(rows.unit(10..<20)) == 10)
        #expect(jobs(service) == ["0-0", "5-0"] && note(service)?.offset == 9)
        #expect(try open(service).committedOffset(Tables.trades) == 9)
    }

    @Test func `a load job whose answer got lost is found by its name, also when the label does not know of it`() throws
    {
        let service = try FakeBigQuery()
        let target = try open(service)
        let rows = try SampleRows()
        service.state.withLock { $0.unanswered = 1 }
        let error = #expect(throws: DeliveryError.self) { try target.deliver(rows.unit(0..<10)) }
        #expect(error?.kind == .unavailable && note(service) == nil)
        // It still runs when the next session begins.
        service.state.withLock { state in for name in state.jobs.keys { state.jobs[name]!.running = 5 } }
        let next = try open(service)
        #expect(try next.committedOffset(Tables.trades) == 4)
        #expect(note(service)?.offset == 4)
        service.state.withLock { state in
            state.labels["trades"] = [:]
            state.labelsFail = true
        }
        #expect(try next.deliver(rows.unit(10..<20)) == 10)
        #expect(try next.deliver(rows.unit(20..<30)) == 10)
        #expect(note(service) == nil)
        #expect(try open(service).committedOffset(Tables.trades) == 14)
        #expect(jobs(service) == ["0-0", "10-0", "5-0"])
    }

    @Test func `attempts that failed are passed by, however many there are`() throws {
        let service = try FakeBigQuery()
        let rows = try SampleRows()
        _ = try open(service)
        let creation = try #require(service.state.withLock { $0.creations["trades"] })
        for count in [1, 2, 5, 37] {
            service.state.withLock { state in
                state.jobs = [:]
                for attempt in 0..<count {
                    let name = names.job("trades", creation: "\(creation)", after: -1, attempt: attempt)
                    state.jobs[name] = .init(labels: [:], fault: ("backendError", "again"), table: "trades")
                }
            }
            let target = try open(service)
            #expect(try target.committedOffset(Tables.trades) == -1)
            #expect(try target.deliver(rows.unit(0..<10)) == 10)
            #expect(jobs(service).contains("0-\(count)"))
            #expect(try open(service).committedOffset(Tables.trades) == 4)
            service.state.withLock { $0.labels["trades"] = [:] }
            #expect(try open(service).committedOffset(Tables.trades) == 4)
            service.state.withLock { $0.labels["trades"] = [:] }
        }
    }

    @Test func `a unit that another program has delivered is a conflict`() throws {
        let service = try FakeBigQuery()
        let first = try open(service)
        let second = try open(service)
        let rows = try SampleRows()
        #expect(try first.deliver(rows.unit(0..<10)) == 10)
        let error = #expect(throws: DeliveryError.self) { try second.deliver(rows.unit(0..<20)) }
        #expect(error?.kind == .conflict && error?.message.contains("another program") == true)
        second.close()
        try second.open([Tables.trades])
        #expect(try second.committedOffset(Tables.trades) == 4)
    }

    @Test func `a bad row is a row's fault, is left out and noted once`() throws {
        let service = try FakeBigQuery()
        let target = try open(service)
        let rows = try SampleRows()
        service.state.withLock { $0.faults = [("invalid", "Could not parse row 3")] }
        let error = #expect(throws: DeliveryError.self) { try target.deliver(rows.unit(0..<2)) }
        #expect(error?.kind == .row && error?.message.contains("Could not parse row 3") == true)
        try target.reject(Tables.trades, after: -1, last: 0, reason: "it is \"bad\"")
        #expect(try target.committedOffset(Tables.trades) == 0 && note(service)?.offset == 0)
        #expect(try target.deliver(rows.unit(2..<4)) == 2)
        // Whoever is killed before the label is written notes it again.
        service.state.withLock { $0.labels["trades"] = [:] }
        let next = try open(service)
        #expect(try next.committedOffset(Tables.trades) == -1)
        try next.reject(Tables.trades, after: -1, last: 0, reason: "it is bad")
        #expect(service.state.withLock { $0.jobs.values.count { $0.table == BigQueryTables.rejected } } == 1)
        #expect(try open(service).committedOffset(Tables.trades) == 1)
    }

    @Test func `a label that is old, or of another table, is not believed alone`() throws {
        let service = try FakeBigQuery()
        let old = Timestamp.now().nanoseconds / 1_000_000_000 - 200 * 86_400
        for note in [
            BigQueryNote(offset: 7, seconds: old, creation: "1795000000001"),
            BigQueryNote(offset: 7, seconds: old + 199 * 86_400, creation: "1"),
        ] {
            for (last, found) in [(90, 90), (nil, 7)] as [(Int?, Int64)] {
                service.state.withLock { state in
                    state.creation = 1_795_000_000_000
                    state.queries = []
                    state.maxOffset = last
                }
                service.makeTable(Tables.trades, labels: [names.progressKey: note.text])
                #expect(try open(service).committedOffset(Tables.trades) == found)
                #expect(try open(service).committedOffset(Tables.trades) == found)
                let queries = service.state.withLock { $0.queries }
                #expect(queries.count == 1 && queries[0].contains("journal_offset > 7"))
            }
        }
    }

    @Test func `a table that is made again is filled from the beginning`() throws {
        let service = try FakeBigQuery()
        let target = try open(service)
        let rows = try SampleRows()
        #expect(try target.deliver(rows.unit(0..<10)) == 10)
        service.makeTable(Tables.trades)
        let error = #expect(throws: DeliveryError.self) { try target.deliver(rows.unit(10..<20)) }
        #expect(error?.kind == .setup && error?.message.contains("made again") == true)
        let next = try open(service)
        #expect(try next.committedOffset(Tables.trades) == -1)
        #expect(try next.deliver(rows.unit(0..<10)) == 10)
    }

    @Test func `columns that do not fit are named before a unit is sent`() throws {
        let service = try FakeBigQuery()
        let target = try open(service)
        service.state.withLock { $0.tables["trades"]?["price"] = "NUMERIC" }
        let error = #expect(throws: DeliveryError.self) { try target.deliver(SampleRows().unit(0..<10)) }
        #expect(error?.kind == .setup && error?.message.contains("column price is NUMERIC, not FLOAT64") == true)
        #expect(jobs(service).isEmpty)
    }

    @Test func `a table whose quota is used up is left alone for a while, and others are not`() throws {
        let service = try FakeBigQuery()
        let target = try target(service)
        try target.open([Tables.trades, Tables.quotes])
        service.state.withLock { $0.faults = [("quotaExceeded", "too many")] }
        for _ in 0..<3 {
            let error = #expect(throws: DeliveryError.self) { try target.deliver(SampleRows().unit(0..<10)) }
            #expect(error?.kind == .unavailable && error?.message.contains("quotaExceeded") == true)
            target.close()
            try target.open([Tables.trades, Tables.quotes])
        }
        #expect(jobs(service) == ["0-0"])
        #expect(try target.deliver(SampleRows(Tables.quotes).unit(0..<10)) == 10)
    }

    @Test func `a dataset that is missing is made only where that was said`() throws {
        let service = try FakeBigQuery()
        service.state.withLock { $0.hasDataset = false }
        let error = #expect(throws: DeliveryError.self) { try open(service) }
        #expect(error?.kind == .setup && error?.message.contains("there is no dataset proj.m") == true)
        _ = try open(service, ["location=EU"])
        #expect(service.asked.contains { $0.text.contains("\"location\":\"EU\"") })
    }

    @Test func `views are made of the tables that are delivered`() throws {
        let service = try FakeBigQuery()
        let target = try target(service, ["views=mt5"])
        try target.open([Tables.quotes, Tables.deals])
        let views = service.state.withLock { $0.views }
        #expect(Set(views.keys) == ["mt5.price_updates", "mt5.transactions"])
        #expect(views["mt5.price_updates"]?.hasSuffix("FROM `proj.m.quotes`") == true)
    }

    @Test func `rows that are streamed have an identity each, and the label goes along`() throws {
        let service = try FakeBigQuery()
        let target = try open(service, ["mode=stream"])
        let rows = try SampleRows()
        #expect(try target.deliver(rows.unit(0..<6)) == 6)
        #expect(note(service)?.offset == 2)
        let again = try open(service, ["mode=stream"])
        #expect(try again.committedOffset(Tables.trades) == 2)
        service.state.withLock { $0.labels["trades"] = [:] }
        #expect(try open(service, ["mode=stream"]).deliver(rows.unit(0..<6)) == 6)
        let bodies = service.state.withLock { $0.streamed }
        #expect(bodies.count == 2 && bodies[0] == bodies[1])
        let identities = bodies[0].split(separator: "\"insertId\":\"").dropFirst().map { $0.prefix { $0 != "\"" } }
        #expect(Set(identities).count == 6)
        #expect(bodies[0].contains("\"pipeline\":\"p\"}}"))
        service.state.withLock {
            $0.insertErrors =
                "{\"index\":0,\"errors\":[{\"reason\":\"stopped\"}]},{\"index\":3,\"errors\":[{\"reason\":\"invalid\",\"message\":\"no date\"}]}"
        }
        let error = #expect(throws: DeliveryError.self) {
            try open(service, ["mode=stream"]).deliver(rows.unit(6..<12))
        }
        #expect(error?.kind == .row && error?.message.contains("row 3 of the request: invalid: no date") == true)
    }
}

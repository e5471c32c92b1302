import Databases
import Delivery
import Foundation
import Journaling
import Lake
import Market
import Platform
import Synchronization
import TestKit
import Testing

@testable import Orchestration

/// Delivery of what a pipeline has to a target that fails in every way, beside flushes and restarts.
@Suite struct SinkTests {
    /// A table of text rows and its offset, kept as a database keeps them: both or neither.
    private final class FakeTarget: DeliveryTarget {
        enum Fault: CaseIterable { case none, before, after, closed }

        struct State {
            var rows: [String: [String]] = [:]
            var offsets: [String: Int64] = [:]
            var rejected: [String: [Int64]] = [:]
            var largestUnit = 0
            var isOpen = false
            var random = SeededGenerator(seed: 0)
            var faultPercent = 0
        }
        let state = Mutex(State())
        /// A text that the target does not take.
        let refused: String?

        init(seed: UInt64, faultPercent: Int, refused: String? = nil) {
            self.refused = refused
            state.withLock { state in
                state.random = SeededGenerator(seed: seed)
                state.faultPercent = faultPercent
            }
        }

        private func fault() -> Fault {
            state.withLock { state in
                guard Int.random(in: 0..<100, using: &state.random) < state.faultPercent else { return .none }
                return Fault.allCases.randomElement(using: &state.random)!
            }
        }

        func open(_ tables: [TableSchema]) throws(DeliveryError) {
            guard fault() == .none else { throw DeliveryError(.unavailable, "nobody listens") }
            state.withLock { $0.isOpen = true }
        }

        func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
            state.withLock { $0.offsets[table.name] ?? -1 }
        }

        func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
            try take(unit.table, unit.after, unit.last) { () throws(DeliveryError) in try Self.texts(unit) }
        }

        static func texts(_ unit: DeliveryUnit) throws(DeliveryError) -> [String] {
            do {
                return try unit.rows.collect().rows.map { $0.map(\.json).joined(separator: ",") }
            } catch {
                throw DeliveryError(.unavailable, "\(error)")
            }
        }

        func take(
            _ table: TableSchema, _ after: Int64, _ last: Int64, _ read: () throws(DeliveryError) -> [String]
        ) throws(DeliveryError) -> Int64 {
            let fault = fault()
            guard fault != .before else { throw DeliveryError(.unavailable, "the connection was lost") }
            let rows = try read()
            if let refused, rows.contains(where: { $0.contains(refused) }) {
                throw DeliveryError(.row, "will not have \(refused)")
            }
            try advance(table, after, last) { state in
                state.rows[table.name, default: []] += rows
                state.largestUnit = max(state.largestUnit, rows.count)
            }
            guard fault != .after else { throw DeliveryError(.unavailable, "no word of what became of it") }
            return Int64(rows.count)
        }

        func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
            try advance(table, after, last) { $0.rejected[table.name, default: []].append(last) }
        }

        private func advance(
            _ table: TableSchema, _ after: Int64, _ last: Int64, _ body: (inout State) -> Void
        ) throws(DeliveryError) {
            let isHere = state.withLock { state in
                guard state.isOpen, state.offsets[table.name] ?? -1 == after else { return false }
                body(&state)
                state.offsets[table.name] = last
                return true
            }
            if !isHere { throw DeliveryError(.conflict, "the target is elsewhere") }
        }

        func close() { state.withLock { $0.isOpen = false } }
    }

    /// The same, of a target that gets the next unit ready meanwhile, and now and then fails to.
    private final class PreparingFakeTarget: PreparingTarget {
        let target: FakeTarget
        private let faultPercent: Int
        private let random: Mutex<SeededGenerator>
        /// Units that were made ready on another thread than that of the sink, and delivered.
        let deliveredAhead = Mutex(0)

        private struct Content: Sendable {
            let rows: [String]
            let thread: UInt
        }

        init(_ target: FakeTarget, seed: UInt64, faultPercent: Int) {
            self.target = target
            self.faultPercent = faultPercent
            random = Mutex(SeededGenerator(seed: seed))
        }

        func open(_ tables: [TableSchema]) throws(DeliveryError) { try target.open(tables) }
        func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 { try target.committedOffset(table) }

        func preparation(of table: TableSchema) throws(DeliveryError) -> UnitPreparation {
            { [self] (unit) throws(DeliveryError) in
                let fails = random.withLock { Int.random(in: 0..<100, using: &$0) < faultPercent }
                guard !fails else { throw DeliveryError(.unavailable, "no memory") }
                return PreparedUnit(unit, Content(rows: try FakeTarget.texts(unit), thread: pthread_self()))
            }
        }

        func deliver(_ unit: PreparedUnit) throws(DeliveryError) -> Int64 {
            guard let content = unit.content as? Content else { throw DeliveryError(.setup, "not prepared here") }
            let count = try target.take(unit.table, unit.after, unit.last) { content.rows }
            if content.thread != pthread_self() { deliveredAhead.withLock { $0 += 1 } }
            return count
        }

        func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
            try target.reject(table, after: after, last: last, reason: reason)
        }

        func close() { target.close() }
    }

    private static let tables = Tables.all

    /// What a target must have in the end, sorted.
    private func expected(_ table: TableSchema, _ pipeline: Pipeline) throws -> [String] {
        let last = max(pipeline.store.visibleOffset, pipeline.store.committedOffset(table.name))
        let sql = pipeline.store.finalRows(of: table, after: -1, upTo: last)
        let rows = try pipeline.store.connect().query(sql).collect().rows
        return rows.map { $0.map(\.json).joined(separator: ",") }.sorted()
    }

    /// Delivers what is there, over all faults.
    private func catchUp(_ target: any DeliveryTarget, _ pipeline: Pipeline, rowsMax: Int64) throws {
        var attempts = 0
        while true {
            do {
                let cursor = try SinkCursor(target, Self.tables, pipeline.store)
                for table in Self.tables {
                    let last = cursor.visibleOffset(table)
                    while cursor.offset(table) < last {
                        _ = try cursor.deliver(table, upTo: last, rowsMax: rowsMax)
                    }
                }
                return
            } catch let error as DeliveryError {
                attempts += 1
                try #require(attempts < 1000, "\(error)")
                target.close()
            }
        }
    }

    @Test(arguments: UInt64(0)..<4, [false, true])
    func `every row arrives once, whatever fails, is flushed or starts again`(seed: UInt64, isPreparing: Bool) throws {
        let folder = TemporaryFolder()
        let settings = try configuration(folder.path)
        let script = FrameScript(seed: seed, count: 400).records
        let fake = FakeTarget(seed: seed, faultPercent: 30)
        let preparing = PreparingFakeTarget(fake, seed: seed, faultPercent: 20)
        let target: any DeliveryTarget = isPreparing ? preparing : fake
        var random = SeededGenerator(seed: seed)
        var done = 0
        while done < script.count {
            let next = min(script.count, done + Int.random(in: 20...150, using: &random))
            let pipeline = try Pipeline.playing(Array(script[done..<next]), settings)
            defer { pipeline.stop() }
            #expect(pipeline.catchUp())
            try catchUp(target, pipeline, rowsMax: 40)
            if Bool.random(using: &random) { #expect(pipeline.flush()) }
            if Bool.random(using: &random) { try catchUp(target, pipeline, rowsMax: 1000) }
            done = next
        }
        let pipeline = try Pipeline.playing([], settings)
        defer { pipeline.stop() }
        try catchUp(target, pipeline, rowsMax: 500)
        #expect(preparing.deliveredAhead.withLock { $0 } > 0 || !isPreparing)
        let rows = fake.state.withLock { $0.rows }
        for table in Self.tables {
            let wanted = try expected(table, pipeline)
            #expect((rows[table.name] ?? []).sorted() == wanted, "\(table.name)")
        }
        #expect(rows["trades"]?.isEmpty == false && rows["bars"]?.isEmpty == false)
        // A sink that comes late gets the past, from the lake alone.
        let late = FakeTarget(seed: seed, faultPercent: 0)
        try catchUp(late, pipeline, rowsMax: 100)
        for table in Self.tables {
            #expect(
                late.state.withLock { $0.rows[table.name] ?? [] }.sorted() == rows[table.name, default: []].sorted())
        }
        #expect(late.state.withLock { $0.largestUnit } <= 100)
    }

    @Test(arguments: [false, true])
    func `a row that the target does not take is left out and told, and nothing else`(isPreparing: Bool) throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(FrameScript(seed: 7, count: 300).records, try configuration(folder.path))
        defer { pipeline.stop() }
        #expect(pipeline.catchUp())
        let target = FakeTarget(seed: 7, faultPercent: 0, refused: "AAPL")
        let preparing = PreparingFakeTarget(target, seed: 7, faultPercent: 0)
        try catchUp(isPreparing ? preparing : target, pipeline, rowsMax: 1000)
        let state = target.state.withLock { ($0.rows["trades"] ?? [], $0.rejected["trades"] ?? []) }
        let refused = try pipeline.store.connect().query(
            "SELECT DISTINCT journal_offset FROM trades WHERE symbol = 'AAPL' ORDER BY 1"
        ).collect().rows
        #expect(!refused.isEmpty && refused == state.1.map { [.integer($0)] })
        let rest = try pipeline.store.connect().query(
            "SELECT count(*) FROM trades WHERE journal_offset NOT IN (SELECT journal_offset FROM trades WHERE symbol = 'AAPL')"
        ).collect().rows
        #expect(rest == [[.integer(Int64(state.0.count))]])
    }

    @Test func `what can still change is not delivered`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(
            FrameScript(seed: 3, count: 200).records.filter { $0.kind != .end }, try configuration(folder.path))
        defer { pipeline.stop() }
        #expect(pipeline.catchUp())
        func count(_ sql: String) throws -> [[SQLValue]] { try pipeline.store.connect().query(sql).collect().rows }
        #expect(eventually { (try? count("SELECT count(*) > 0 FROM bars WHERE NOT final")) == [[.boolean(true)]] })
        let target = FakeTarget(seed: 3, faultPercent: 0)
        try catchUp(target, pipeline, rowsMax: 1000)
        let bars = target.state.withLock { $0.rows["bars"] ?? [] }
        #expect(try count("SELECT count(*) FROM bars WHERE final") == [[.integer(Int64(bars.count))]])
    }

    @Test func `rows come with the message that they were made of, where a target wants it`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(FrameScript(seed: 4, count: 200).records, try configuration(folder.path))
        defer { pipeline.stop() }
        #expect(pipeline.catchUp())
        let last = pipeline.store.visibleOffset
        for isFlushed in [false, true] {
            if isFlushed { #expect(pipeline.flush()) }
            let with = pipeline.store.finalRowsWithPayloads(of: Tables.trades, after: 20, upTo: last)
            let without = pipeline.store.finalRows(of: Tables.trades, after: 20, upTo: last)
            let connection = try pipeline.store.connect()
            let columns = try connection.query(with).columns.map(\.name)
            #expect(columns == Tables.trades.columns.map(\.name) + ["payload"])
            let same = try connection.query(
                "SELECT count(*) > 0 AND count(*) = (SELECT count(*) FROM (\(without))) AND bool_and(w.payload = f.payload) "
                    + "FROM (\(with)) w JOIN frames f USING (journal_offset)"
            ).collect().rows
            #expect(same == [[.boolean(true)]])
        }
    }

    private static func unlimited(_ folder: TemporaryFolder) -> BudgetGuard {
        BudgetGuard(sink: "fake", UsageMeter(), nil, prices: nil, folder: folder.path)
    }

    @Test func `a sink whose budget is used up is held back, and goes on with a larger one`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(FrameScript(seed: 7, count: 6000).records, try configuration(folder.path))
        defer { pipeline.stop() }
        #expect(pipeline.catchUp())
        let target = FakeTarget(seed: 7, faultPercent: 0)
        let last = pipeline.store.visibleOffset
        var delivered: Int64 = 0
        for (rows, isEnough) in [(1200, false), (1_000_000_000, true)] {
            let budget = try Budget(
                Options(Budget.spec, assignments: ["rows=\(rows)", "action=stop"]), sink: "fake", service: nil)
            let loop = SinkLoop(
                "fake", target, Self.tables, pipeline.store, everyNs: 10_000_000,
                budget: BudgetGuard(sink: "fake", UsageMeter(), budget, prices: nil, folder: folder.path))
            let thread = NamedThread("sink") { loop.run() }
            if isEnough {
                #expect(eventually { loop.hasDelivered(upTo: last) })
                #expect(loop.report.held == nil && delivered + loop.report.rows > 2200)
            } else {
                #expect(eventually { loop.report.held?.contains("budget of rows is used up") == true })
                #expect((1200...2200).contains(loop.report.rows) && !loop.hasDelivered(upTo: last))
                #expect(loop.report.behindSinceNs != nil)
                delivered = loop.report.rows
            }
            loop.close()
            thread.join()
        }
    }

    @Test func `a loop shows what fails, tries again, and ends when asked`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(FrameScript(seed: 5, count: 100).records, try configuration(folder.path))
        defer { pipeline.stop() }
        #expect(pipeline.catchUp())
        let target = FakeTarget(seed: 5, faultPercent: 100)
        let loop = SinkLoop(
            "fake", target, Self.tables, pipeline.store, everyNs: 10_000_000, budget: Self.unlimited(folder))
        let thread = NamedThread("sink") { loop.run() }
        #expect(eventually { loop.report.failure != nil })
        #expect(loop.report.behindSinceNs != nil)
        target.state.withLock { $0.faultPercent = 0 }
        let last = pipeline.store.visibleOffset
        #expect(eventually { loop.report.failure == nil && loop.hasDelivered(upTo: last) })
        #expect(loop.report.behindSinceNs == nil && loop.report.rows > 0)
        loop.close()
        thread.join()
        #expect(loop.hasEnded)
    }

    @Test func `a loop in a hurry does not wait for the time between looks`() throws {
        let folder = TemporaryFolder()
        let pipeline = try Pipeline.playing(FrameScript(seed: 6, count: 100).records, try configuration(folder.path))
        defer { pipeline.stop() }
        let target = FakeTarget(seed: 6, faultPercent: 0)
        let loop = SinkLoop(
            "fake", target, Self.tables, pipeline.store, everyNs: 3_600_000_000_000, budget: Self.unlimited(folder))
        let thread = NamedThread("sink") { loop.run() }
        #expect(eventually { loop.report.offset != nil })
        #expect(pipeline.catchUp())
        let last = pipeline.store.visibleOffset
        #expect(
            eventually {
                loop.hurry()
                return loop.hasDelivered(upTo: last)
            })
        loop.close()
        thread.join()
    }
}

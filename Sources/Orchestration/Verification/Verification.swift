internal import Delivery
internal import Journaling
internal import Lake
internal import Market
internal import Platform

/// Compares what journal, lake and targets of a pipeline hold, and fills targets anew from where they differ.
///
/// Everything is read as it is; the pipeline may run meanwhile. What is compared goes up to where both sides say they are.
public struct Verification {
    /// A day of a table that differs.
    public struct Difference: Sendable {
        /// Days since 1970-01-01.
        public let day: Int64
        /// Rows that should be there, and that are.
        public let expected: Int64
        public let found: Int64
        /// The least offset where rows of the day can differ.
        public let firstOffset: Int64
    }

    /// What came of comparing one table.
    public struct Outcome: Sendable {
        /// `journal`, or the name of a sink; compared with the lake.
        public let place: String
        public let table: String
        /// Rows that were expected.
        public var rows: Int64 = 0
        /// Up to this offset, itself included; -1 where nothing was compared.
        public var upTo: Int64 = -1
        public var differences: [Difference] = []
        /// Why it could not be compared.
        public var problem: String?
        /// Why it is not compared: that is how it is, and no fault.
        public var skipped: String?
        /// What was done about the differences.
        public var repair: String?

        /// Whether nothing is wrong: what was compared is the same.
        public var isSame: Bool { differences.isEmpty && problem == nil }
    }

    private let configuration: PipelineConfiguration
    private let tables: [String]

    /// - Parameter tables: names of the tables that are compared; empty compares all.
    public init(_ configuration: PipelineConfiguration, tables: [String] = []) {
        self.configuration = configuration
        self.tables = tables
    }

    /// Compares everything.
    ///
    /// - Parameters:
    ///   - repairs: takes out of targets what lies behind the first difference, so that it is delivered again.
    ///   - progress: told what is looked at, and how many rows more were; false ends it.
    /// - Throws: where the lake cannot be read, and `CancellationError`.
    public func run(repairs: Bool = false, progress: @escaping (String, Int64) -> Bool) throws -> [Outcome] {
        let lake = try LakeRows(
            configuration.lakePlace(), archive: configuration.archivePlace(), pipeline: configuration.name)
        var outcomes: [Outcome] = []
        func add(_ outcome: Outcome) throws {
            // What was not read to its end differs.
            guard progress(outcome.place, 0) else { throw CancellationError() }
            outcomes.append(outcome)
        }
        if isWanted(Tables.frames) { try add(compareJournal(lake, progress)) }
        for sink in configuration.sinks where sink.kind != LakeSink.spec.name {
            let tables = DeliveryTables.named(sink.options.list("tables")).filter(isWanted)
            guard Registry.isReadable(sink) else {
                let names = tables.map(\.name).joined(separator: ", ")
                try add(Outcome(place: sink.name, table: names, skipped: "a \(sink.kind) sink is not read back"))
                continue
            }
            for table in tables { try add(compare(sink, table, lake, progress)) }
            if repairs { repair(sink, &outcomes) }
        }
        return outcomes
    }

    private func isWanted(_ table: TableSchema) -> Bool { tables.isEmpty || tables.contains(table.name) }

    private func compareJournal(_ lake: LakeRows, _ progress: (String, Int64) -> Bool) -> Outcome {
        var outcome = Outcome(place: "journal", table: Tables.frames.name)
        do {
            let journal = JournalRows(path: configuration.journal.path)
            guard let last = lake.committedOffset(Tables.frames) else {
                outcome.skipped = "nothing is there yet"
                return outcome
            }
            // The lake keeps what the journal has dropped.
            let first = try journal.oldestOffset()
            let expected = try journal.digests(upTo: last) { progress("journal", $0) }
            let found = try lake.digests(Tables.frames, from: first, upTo: last) { progress("lake", $0) }
            outcome.compare(expected, found, upTo: last)
        } catch {
            outcome.problem = "\(error)"
        }
        return outcome
    }

    private func compare(
        _ sink: ConfiguredComponent, _ table: TableSchema, _ lake: LakeRows, _ progress: (String, Int64) -> Bool
    ) -> Outcome {
        var outcome = Outcome(place: sink.name, table: table.name)
        do {
            guard let target = try Registry.storedRows(sink, of: configuration) else {
                outcome.skipped = "what it holds are no rows"
                return outcome
            }
            guard let there = try target.committedOffset(table), let here = lake.committedOffset(table)
            else {
                outcome.skipped = "nothing is there yet"
                return outcome
            }
            let last = min(there, here)
            let expected = try lake.digests(table, upTo: last) { progress("lake", $0) }
            let found = try target.digests(table, upTo: last) { progress(sink.name, $0) }
            outcome.compare(expected, found, upTo: last)
        } catch {
            outcome.problem = "\(error)"
        }
        return outcome
    }

    private func repair(_ sink: ConfiguredComponent, _ outcomes: inout [Outcome]) {
        let places = outcomes.indices.filter { outcomes[$0].place == sink.name && !outcomes[$0].differences.isEmpty }
        guard !places.isEmpty else { return }
        do {
            guard let target = try Registry.target(sink, of: configuration) as? any RewindableTarget else {
                for place in places {
                    outcomes[place].repair =
                        "not repaired: take the table out of the target, and the pipeline delivers all of it again"
                }
                return
            }
            guard target.isNoticed || !JournalInspector.isBeingWritten(configuration.journal.path) else {
                for place in places {
                    outcomes[place].repair = "not repaired: the pipeline runs, and would not notice; stop it first"
                }
                return
            }
            defer { target.close() }
            try target.open(DeliveryTables.named(places.map { outcomes[$0].table }))
            for place in places {
                guard let table = DeliveryTables.named([outcomes[place].table]).first,
                    let first = outcomes[place].differences.map(\.firstOffset).min()
                else { continue }
                try target.rewind(table, to: first - 1)
                outcomes[place].repair = "rows from offset \(first) on were taken out; the pipeline delivers them again"
            }
        } catch {
            for place in places where outcomes[place].repair == nil {
                outcomes[place].repair = "not repaired: \(error)"
            }
        }
    }
}

extension Verification.Outcome {
    /// Finds the days that differ.
    fileprivate mutating func compare(_ expected: RowDigests, _ found: RowDigests, upTo last: Int64) {
        upTo = last
        rows = expected.rows
        for day in Set(expected.days.keys).union(found.days.keys).sorted() {
            let (wanted, there) = (expected.days[day] ?? .init(), found.days[day] ?? .init())
            guard wanted != there else { continue }
            differences.append(
                Verification.Difference(
                    day: day, expected: wanted.rows, found: there.rows,
                    firstOffset: min(wanted.firstOffset, there.firstOffset)))
        }
    }
}

internal import Analytics
internal import Feeds
internal import Foundation
internal import Journaling
public import Lake
public import Market
public import Platform

/// Makes tables of a lake anew from what was received, and puts the rows where those of the lake differ.
///
/// Everything is decoded from the beginning of the journal, since what was seen before, watermarks and open bars decide what becomes
/// of a frame. The pipeline may run meanwhile: its rows up to where each table is when this begins are made anew.
/// - Threading: one thread at a time.
public struct LakeRebuild {
    /// What became of a table.
    public struct Outcome: Sendable {
        public let table: String
        /// Up to this offset, itself included; -1 where the pipeline has no rows there.
        public var upTo: Int64 = -1
        /// Partitions that were looked at.
        public var partitions: [TableRebuild.Partition] = []
        /// The version that has the new rows; nil where nothing was changed.
        public var version: Int64?
        /// Partitions of these days that were archived: they stay as they are.
        public var archived: [String] = []

        /// Whether the table holds what it should, or does by now.
        public var isSame: Bool { partitions.allSatisfy(\.isSame) }
    }

    /// Tables that can be made anew: all but those of which they are made.
    public static let tables = Tables.all.filter {
        $0.name != Tables.frames.name && $0.name != Tables.controlRecords.name
    }

    /// The tables of a layer: `gold` are bars and indicators, `silver` is the rest that decoders make of frames.
    public static func tables(of layer: TableSchema.Layer) -> [TableSchema] {
        tables.filter { ($0.layer == .gold) == (layer == .gold) }
    }

    private let configuration: PipelineConfiguration
    private let tables: [TableSchema]
    private let days: ClosedRange<CivilDate>
    /// Rows in memory beyond which they go to files.
    private let flushRows = 1_000_000
    private let stepRows = 131_072

    /// - Parameters:
    ///   - tables: of those in `LakeRebuild.tables`.
    ///   - days: partitions that are replaced: those with any of these days.
    /// - Throws: where the pipeline cannot be made anew.
    public init(
        _ configuration: PipelineConfiguration, tables: [TableSchema], days: ClosedRange<CivilDate>
    ) throws {
        guard configuration.journal.topic == nil else {
            throw PipelineError(
                "the journal of this pipeline is a Kafka topic: only pipelines with a journal of their own can be rebuilt"
            )
        }
        self.configuration = configuration
        self.tables = tables
        self.days = days
    }

    /// All days.
    public static let allDays = CivilDate(daysSinceEpoch: -100_000)...CivilDate(daysSinceEpoch: 100_000)

    /// Makes the rows and compares them with those of the lake.
    ///
    /// - Parameters:
    ///   - commits: false leaves the lake as it is.
    ///   - options: sizes of files and memory.
    ///   - progress: told what is done, how far it is and what there is in all; returns false to stop.
    /// - Returns: the tables in the order of a flush; nil where it was stopped: tables are as they were, or have the new rows.
    /// - Throws: where the journal does not reach back, or cannot be read; where the lake is not one of this pipeline.
    public func run(
        commits: Bool, _ options: Compaction.Options = .init(),
        progress: (_ step: String, _ done: Int64, _ total: Int64) -> Bool
    ) throws -> [Outcome]? {
        let lake = try configuration.lakeFolder()
        let present = Set(try lake.tables())
        let opened = try tables.filter { present.contains($0.name) }.map { try lake.open($0.name) }
        let last = opened.compactMap { $0.committedOffset(of: configuration.name) }.max()
        guard let last else { throw try strange(lake) }
        let scratch = try RebuildScratch(in: configuration.dataFolder)
        guard try decode(upTo: last, into: scratch.lake, progress) else { return nil }
        var outcomes: [Outcome] = []
        for table in opened {
            var outcome = Outcome(table: table.name)
            let rebuild = try TableRebuild(
                table, pipeline: configuration.name, from: 0, madeIn: scratch.lake,
                archive: lake.archive?.folder(table.name), days: days, options)
            if let rebuild {
                outcome.upTo = table.committedOffset(of: configuration.name) ?? -1
                var rows: Int64 = 0
                let done = try rebuild.run(commits: commits) { more in
                    rows += more
                    return progress("Comparing \(table.name)", rows, 0)
                }
                guard let done else { return nil }
                outcome.partitions = done.partitions
                outcome.version = done.version
                outcome.archived = rebuild.archivedPartitions
            }
            outcomes.append(outcome)
        }
        return outcomes
    }

    /// Why there is nothing of the pipeline in a lake.
    private func strange(_ lake: LakeFolder) throws -> PipelineError {
        var names: Set<String> = []
        for table in try lake.tables() {
            for progress in try lake.open(table).description().progress where progress.appId.hasSuffix("/\(table)") {
                names.insert(String(progress.appId.dropLast(table.count + 1)))
            }
        }
        return PipelineError(
            "the lake in \(lake.path) has no rows of the pipeline `\(configuration.name)` in these tables"
                + (names.isEmpty ? "" : "; it has those of \(names.sorted().map { "`\($0)`" }.joined(separator: ", "))")
                + ": name the pipeline's file with --config")
    }

    // MARK: Decoding

    /// Makes the rows of all records up to an offset, itself included, and those of wanted days into a lake of their own.
    ///
    /// - Returns: false where it was stopped.
    private func decode(
        upTo last: Offset, into path: String, _ progress: (String, Int64, Int64) -> Bool
    ) throws -> Bool {
        let names = FeedNames()
        let stage = try EngineStage(
            try configuration.engine(), board: MarketBoard(), feedNames: names, makeDecoder: FeedRegistry.makeDecoder)
        let store = try HotStore(
            HotStore.Options(lake: path, pipeline: configuration.name, tables: tables, threads: 1))
        defer { store.close() }
        let bronze = try BronzeReader(configuration, names)
        let step = stage.makeStep()
        while stage.offset <= last {
            stage.process(try bronze.block(from: stage.offset, upTo: last), into: step)
            guard progress("Decoding", stage.offset, last + 1) else { return false }
            if step.rows >= stepRows || stage.offset > last { append(step, stage, to: store) }
            if store.hotRows >= flushRows { _ = try store.flush(upTo: store.visibleOffset) }
        }
        _ = try store.flush(upTo: store.visibleOffset)
        return true
    }

    /// Takes the rows of a step where some are of wanted days.
    private func append(_ step: Step, _ stage: EngineStage, to store: HotStore) {
        let dictionaries = stage.dictionaries()
        let wanted = step.batches.filter { batch in
            tables.contains { $0.name == batch.schema.name } && hasWanted(batch, dictionaries)
        }
        store.append(wanted, dictionaries, upTo: step.endOffset - 1)
        step.removeAll()
    }

    private func hasWanted(_ batch: any ColumnarBatch, _ dictionaries: BatchDictionaries) -> Bool {
        let schema = batch.schema
        guard let column = batch.columns(dictionaries).first(where: { $0.name == schema.timeColumn }),
            case .int64(let times) = column.values
        else { return true }
        let (from, _) = Self.span(days.lowerBound, schema), (_, to) = Self.span(days.upperBound, schema)
        return (0..<times.count).contains { times[$0] >= from && times[$0] < to }
    }

    /// The moments of the partition that has a day.
    private static func span(_ day: CivilDate, _ schema: TableSchema) -> (Int64, Int64) {
        guard (-100_000 + 1..<100_000).contains(day.daysSinceEpoch) else { return (.min, .max) }
        let span = schema.partition.spanNs(firstDay: schema.partition.firstDay(ofNs: day.start.nanoseconds))
        return (span.lowerBound, span.upperBound)
    }
}

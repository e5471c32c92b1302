internal import Delivery
public import Lake
internal import Market
internal import Platform

/// Moves what is over into a pipeline's archive, partition by partition.
///
/// - Threading: one thread at a time; a lock keeps other programs out.
public struct ArchiveRun {
    /// A partition that is over.
    public struct Candidate {
        public let table: String
        public let partition: DeltaTable.Partition
    }

    private let lake: LakeFolder
    private let archive: any LakePlace
    private let settings: ArchiveSettings
    private let journal: String
    private let pipeline: String
    private let lock: ArchiveLock

    /// - Throws: `PipelineError` where the pipeline has no archive, or a lake in a bucket; `LakeError` `locked` where another program
    ///   archives.
    public init(_ configuration: PipelineConfiguration, scratch: String? = nil) throws {
        guard let settings = configuration.archive, let archive = try configuration.archivePlace(scratch: scratch)
        else {
            throw PipelineError("this pipeline has no archive: add `archive: { url: s3://BUCKET/FOLDER }` to its file")
        }
        try self.init(
            configuration.lakePlace(), archive, settings, journal: configuration.journal.path,
            pipeline: configuration.name)
    }

    init(
        _ lake: any LakePlace, _ archive: any LakePlace, _ settings: ArchiveSettings, journal: String, pipeline: String
    ) throws {
        self.lake = LakeFolder(lake)
        self.archive = archive
        self.settings = settings
        self.journal = journal
        self.pipeline = pipeline
        lock = try ArchiveLock(lake)
    }

    /// What is over, the oldest first of each table.
    public func candidates() throws -> [Candidate] {
        let names = try lake.tables().filter { settings.tables.isEmpty || settings.tables.contains($0) }
        return try names.flatMap { name in
            guard Compaction.isKnown(try lake.open(name)) else { return [Candidate]() }
            return try archiving(name).partitions().map { Candidate(table: name, partition: $0) }
        }
    }

    /// Moves one.
    ///
    /// - Parameter progress: told of rows as they are read, three times each; returns false to stop.
    /// - Returns: nil where it was stopped.
    public func move(_ candidate: Candidate, _ progress: (Int64) -> Bool) throws -> Archiving.Outcome? {
        try archiving(candidate.table).run(candidate.partition.value, progress)
    }

    private func archiving(_ name: String) throws(LakeError) -> Archiving {
        var options = Archiving.Options()
        options.afterNs = settings.afterNs
        options.uploads = settings.uploads
        let table = try lake.open(name)
        if name == Tables.frames.name, table.isOnly(of: pipeline) {
            let journal = JournalRows(path: journal)
            options.check = { digests throws(LakeError) in try Self.compare(digests, journal) }
        }
        return try Archiving(table, to: archive.folder(name), options)
    }

    /// Compares frames with those of the journal, as far as it reaches back.
    private static func compare(_ digests: RowDigests, _ journal: JournalRows) throws(LakeError) {
        for (number, day) in digests.days {
            let found: RowDigests
            do {
                guard try journal.oldestOffset() <= day.firstOffset else { continue }
                found = try journal.digests(from: day.firstOffset, upTo: day.lastOffset) { _ in true }
            } catch {
                throw LakeError(.io, "\(error)", operation: journal.path)
            }
            guard found.days[number] == day else {
                throw LakeError(
                    .corrupt,
                    "the journal has other frames of \(CivilDate(daysSinceEpoch: number)) than the lake: \(found.days[number]?.rows ?? 0) "
                        + "and \(day.rows) rows from offset \(day.firstOffset) to \(day.lastOffset)",
                    operation: journal.path)
            }
        }
    }
}

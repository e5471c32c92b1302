internal import Databases
internal import Foundation
internal import Market
internal import Platform

/// Makes few large files of many small ones, with the same rows in the order of the table.
///
/// Only files of one partition are put together, and in a lake that several partitions of a journal write, only those of one of
/// them. Files that are large enough stay. Memory is bounded, whatever the size of a partition; a crash anywhere leaves the table
/// as it was, or compacted.
/// - Threading: one thread at a time; pipelines and others may write the table meanwhile.
public struct Compaction {
    /// How a table is compacted.
    public struct Options: Sendable {
        /// Bytes of a file about which it is large enough.
        public var targetBytes: Int64 = 256 << 20
        /// Fewer small files of a partition than this stay as they are; at least two.
        public var filesMin = 2
        /// Memory for rows, in bytes, about; partitions with more rows are read several times, a part of the instruments each.
        public var memoryBytes: Int64 = 1 << 30
        /// Rows of a row group.
        public var rowGroupRows = 131_072
        /// How many columns are read and written at once; all cores by default.
        public var threads = ProcessInfo.processInfo.activeProcessorCount
        /// Which partitions, by their value (`date=2026-01-31`).
        public var isWanted: @Sendable (String) -> Bool = { _ in true }
        /// Called at each point that a compaction passes; what it throws stops it there.
        public var reached: @Sendable (CompactionStep) throws(LakeError) -> Void = { _ in }

        public init() {}
    }

    /// Files of a partition that become one, or a few.
    public struct Group: Sendable {
        /// As folders are named.
        public let partition: String
        public let files: [AddFile]
        /// Bytes of the files.
        public var bytes: Int64 { files.reduce(0) { $0 + $1.size } }
        /// Rows of the files; 0 where the log does not say.
        public var rows: Int64 { DeltaTable.rows(files) ?? 0 }
    }

    /// What became of a group.
    public struct Outcome: Sendable {
        public let group: Group
        public var rows: Int64 = 0
        public var files = 0
        public var bytes: Int64 = 0
        /// True where somebody else changed its files meanwhile: then nothing was done.
        public var isOutdated = false
    }

    let table: DeltaTable
    let schema: TableSchema
    let options: Options

    /// - Throws: `unsupported` where the table has columns that are not known here, whose values would be lost, or asks something of
    ///   its writers that is not heeded here.
    public init(_ table: DeltaTable, _ options: Options = Options()) throws(LakeError) {
        guard let schema = LakeFolder.schema(table.name) else {
            throw LakeError(.unsupported, "only tables of Tapedeck are compacted", operation: table.path)
        }
        try table.requireWritable()
        let known = Set(schema.columns.map(\.name) + [schema.partition.column])
        let strange = try table.description().columns.map(\.name).filter { !known.contains($0) }
        guard strange.isEmpty else {
            throw LakeError(
                .unsupported, "it has columns that are not known here: \(strange.joined(separator: ", "))",
                operation: table.path)
        }
        self.table = table
        self.schema = schema
        self.options = options
    }

    /// Whether a table is one that can be compacted here.
    public static func isKnown(_ table: DeltaTable) -> Bool { LakeFolder.schema(table.name) != nil }

    /// What would be done now.
    public func groups() -> [Group] {
        let small = table.files.filter { $0.size < options.targetBytes / 4 * 3 }
        let groups = Dictionary(grouping: small) { file in
            // Offsets of a journal's partitions differ in the upper bits.
            let owner = file.partName.map { $0.lastOffset >> 40 }
            return "\(table.partition(file)) \(owner.map(String.init) ?? "")"
        }
        return groups.values.filter { $0.count >= max(2, options.filesMin) }.map {
            Group(partition: table.partition($0[0]), files: $0)
        }.filter { options.isWanted($0.partition) }.sorted { $0.partition < $1.partition }
    }

    /// Compacts a group.
    ///
    /// - Parameter progress: told how many rows were read; returns false to stop, which leaves the table as it is.
    /// - Returns: nil where it was stopped.
    /// - Throws: `corrupt` where files do not hold the rows that the log says; `io`, `database`.
    public func run(_ group: Group, _ progress: (Int64) -> Bool = { _ in true }) throws(LakeError) -> Outcome? {
        var outcome = Outcome(group: group)
        var writer = CompactionWriter(self, group)
        // The version that a commit without an answer may still take.
        var attempt: Int64?
        do throws(LakeError) {
            guard try copy(group, to: &writer, progress) else {
                writer.removeFiles()
                return nil
            }
            let written = try writer.finish()
            outcome.rows = written.reduce(0) { $0 + $1.rows }
            outcome.files = written.count
            outcome.bytes = written.reduce(0) { $0 + $1.file.size }
            if let expected = DeltaTable.rows(group.files), expected != outcome.rows {
                throw LakeError(
                    .corrupt, "files of \(group.partition) have \(outcome.rows) rows, and the log says \(expected)",
                    operation: table.path)
            }
            try options.reached(.filesComplete)
            attempt = table.version + 1
            _ = try table.commit(
                add: written.map(\.file), remove: group.files.map { RemoveFile($0, dataChange: false) },
                operation: "OPTIMIZE", parameters: ["predicate": "[]", "targetSize": "\(options.targetBytes)"])
            try options.reached(.committed)
        } catch  where error.code == .conflict {
            writer.removeFiles()
            outcome.isOutdated = true
        } catch {
            // A commit whose end is not known may have gone through: then the log names the files. Where it may still do so,
            // they stay for a vacuum.
            try? table.refresh()
            if !table.place.isRemote || attempt.map({ $0 <= table.version }) ?? true { writer.removeFiles() }
            throw error
        }
        return outcome
    }

    private func copy(
        _ group: Group, to writer: inout CompactionWriter, _ progress: (Int64) -> Bool
    ) throws(LakeError) -> Bool {
        // Files in the order of the journal: rows with the same key and time stay in it.
        let files = group.files.sorted { ($0.partName?.firstOffset ?? 0) < ($1.partName?.firstOffset ?? 0) }
        let rows = GroupRows(table, schema, files, threads: options.threads)
        var connection: Connection?
        func connected() throws(LakeError) -> Connection {
            if let connection { return connection }
            let made = try connect()
            connection = made
            return made
        }
        let chunks = try CompactionChunks(
            schema, source: rows.source(), memoryBytes: options.memoryBytes, wideBytes: rows.wideBytes, connected)
        for chunk in try chunks.chunks(rows: DeltaTable.rows(files)) {
            guard let parts = try rows.parts(of: chunk, connected, progress) else { return false }
            try writer.append(parts)
        }
        return true
    }

    /// A database for reading rows.
    func connect() throws(LakeError) -> Connection {
        let database = try table.place.database(
            DuckDBSettings(memoryBytes: max(256 << 20, options.memoryBytes / 4)))
        return try onDatabase(table.path) { () throws(DatabaseError) in try database.connect() }
    }

    /// Hands the rows of a source to a writer, in the order of the table, as many at a time as fit into memory.
    ///
    /// - Parameter source: what rows are selected from; those with the same key and time are in order.
    /// - Returns: false where it was stopped.
    func copy(
        _ source: String, _ connection: Connection, to writer: inout CompactionWriter, _ progress: (Int64) -> Bool
    ) throws(LakeError) -> Bool {
        let chunks = try CompactionChunks(schema, source: source, memoryBytes: options.memoryBytes) {
            () throws(LakeError) in connection
        }
        for chunk in try chunks.chunks(rows: nil) {
            let texts = StoredParts.texts(schema)
            guard let parts = try GroupRows.read(source + chunk.filter, schema, texts, connection, progress) else {
                return false
            }
            try writer.append(StoredParts.hotParts([parts], texts))
        }
        return true
    }
}

/// Points that a compaction passes, in this order for each group; a hook may stop it there, as a crash would.
public enum CompactionStep: Sendable, Equatable {
    /// A file is written under its temporary name; the path is relative to the table.
    case fileWritten(path: String)
    case fileNamed(path: String)
    /// All files are there, none counts yet.
    case filesComplete
    /// The new files count, the old ones do not.
    case committed
}

extension AddFile {
    /// The name that Tapedeck gave it; nil for files of others.
    var partName: PartName? { PartName(path: relativePath) }
}

public import Market
internal import Foundation
internal import Platform

/// A Delta table: its files, its progress, and commits to it.
///
/// - Threading: one thread at a time.
/// - Source: Delta transaction log protocol; docs/lake.md lists what of it is read and written.
public final class DeltaTable {
    /// The table's folder.
    public let place: any LakePlace
    /// What errors call it: a path, or a URL.
    public var path: String { place.url }
    let log: DeltaLog
    let writer: String
    private(set) var state = DeltaState()

    /// The newest version that was read.
    public var version: Int64 { state.version }

    /// What became of a commit.
    public enum Outcome: Sendable, Equatable {
        case committed(version: Int64)
        /// The application's progress was already there, or is not where the rows begin: nothing was written.
        case alreadyCommitted
    }

    /// Opens the table of a folder as it is now, or as it was.
    ///
    /// - Parameter writer: who commits, for the names of temporary files.
    /// - Returns: nil where there is no Delta table.
    /// - Throws: `unsupported`, `corrupt`, `io`; `invalidArgument` where the log does not have the version any more.
    public static func open(
        _ place: any LakePlace, at version: TableVersion = .newest, writer: String = "tapedeck"
    ) throws(LakeError) -> DeltaTable? {
        let table = DeltaTable(place, writer)
        let last: Int64? =
            switch version {
            case .newest: nil
            case .number(let number): number
            case .time(let time): try table.log.version(at: time)
            }
        try table.read(upTo: last)
        return table.version >= 0 ? table : nil
    }

    /// Opens the table of a folder, or makes it; columns that it does not have yet are added.
    ///
    /// - Throws: `schemaMismatch` where there is a table with other columns.
    public static func open(
        _ place: any LakePlace, creating schema: TableSchema, writer: String = "tapedeck"
    ) throws(LakeError) -> DeltaTable {
        let table = DeltaTable(place, writer)
        try table.log.removeLeftovers(writer: writer)
        try table.refresh()
        if table.version < 0 {
            // Where another writer is faster, its version 0 counts.
            let actions = creation(of: schema)
            if try table.log.write(0, actions, writer: writer), place.isRemote {
                try table.log.checkConditions(actions, writer: writer)
            }
            try table.refresh()
        }
        try table.adopt(schema)
        return table
    }

    private init(_ place: any LakePlace, _ writer: String) {
        self.place = place
        self.writer = writer
        log = DeltaLog(place: place)
    }

    private static func creation(of schema: TableSchema) -> [DeltaAction] {
        let metadata = DeltaAction.Metadata(
            id: UUID().uuidString.lowercased(), name: schema.name, description: "One row per \(schema.summary).",
            format: .init(provider: "parquet", options: [:]), schemaString: DeltaSchema.text(schema),
            partitionColumns: [schema.partition.column], configuration: [:], createdTime: nowMs())
        return [
            DeltaAction(protocol: .init(minReaderVersion: 1, minWriterVersion: 2)), DeltaAction(metaData: metadata),
            info("CREATE TABLE"),
        ]
    }

    /// Data files of the table, by path.
    public var files: [AddFile] { state.sortedFiles }

    /// Where data files are, as SQL names them.
    func urls(_ files: [AddFile]) -> [String] {
        files.map { file in
            let path = PathText.local(file.relativePath)
            return path.hasPrefix("/") || path.contains("://") ? path : place.location(path)
        }
    }

    /// True where the log names a data file, as part of the table or as removed from it (older versions need it).
    ///
    /// - Parameter relativePath: relative to the table, not encoded.
    func names(_ relativePath: String) -> Bool {
        let path = PathText.encode(relativePath)
        return state.files[path] != nil || state.removed[path] != nil
    }

    /// Whether a file is part of the table.
    func isCurrent(_ file: AddFile) -> Bool { state.files[file.path] != nil }

    /// Progress of an application; nil where it never committed.
    public func transactionVersion(_ appID: String) -> Int64? { state.transactions[appID]?.version }

    /// Reads what others committed since.
    public func refresh() throws(LakeError) { try read(upTo: nil) }

    /// Reads commits up to a version, the newest without one.
    private func read(upTo last: Int64?) throws(LakeError) {
        var listed: [Int64] = []
        if version < 0 {
            let found = try log.versions()
            listed = found.commits
            if let last, let newest = found.commits.last ?? found.checkpoints.last, last > newest {
                throw LakeError(
                    .invalidArgument, "there is no version \(last): the newest is \(newest)", operation: path)
            }
            if let checkpoint = found.checkpoints.last(where: { $0 <= last ?? .max }) {
                try log.checkpoint(checkpoint) { (action) throws(LakeError) in try state.apply(action, table: path) }
                state.version = checkpoint
            } else if let first = found.commits.first, first != 0 {
                if let last {
                    throw LakeError(
                        .invalidArgument, "the log does not have version \(last) any more", operation: path)
                }
                throw LakeError(
                    .corrupt, "the log begins at version \(first) and has no checkpoint", operation: log.folder)
            }
        }
        // Another writer may make a version meanwhile, but none before those that are there.
        let newest = min(last ?? .max, listed.last ?? -1)
        for actions in try log.commits(listed.filter { $0 > version && $0 <= last ?? .max }) {
            for action in actions { try state.apply(action, table: path) }
            state.version += 1
        }
        while version < last ?? .max, let actions = try log.commit(version + 1) {
            for action in actions { try state.apply(action, table: path) }
            state.version += 1
        }
        if version < max(newest, last ?? -1) {
            throw LakeError(.corrupt, "the log has no version \(version + 1)", operation: log.folder)
        }
    }

    /// Adds and removes files in one atomic step, together with an application's progress.
    ///
    /// Where another writer takes the version, its commit is read and this one goes behind it.
    /// - Parameter after: the progress of the application at which the rows begin; -1 where there is none, nil for any.
    /// - Throws: `conflict` where another writer changed the columns or removed a file that this commit removes.
    public func commit(
        add: [AddFile], remove: [RemoveFile] = [], transaction: AppTransaction? = nil, after: Int64? = nil,
        operation: String = "WRITE", parameters: [String: String] = [:]
    ) throws(LakeError) -> Outcome {
        let columns = state.metadata?.schemaString
        for _ in 0..<1000 {
            if let transaction, let known = transactionVersion(transaction.appId), known >= transaction.version {
                return .alreadyCommitted
            }
            if let transaction, let after, transactionVersion(transaction.appId) ?? -1 != after {
                return .alreadyCommitted
            }
            guard remove.allSatisfy({ state.files[$0.path] != nil }), state.metadata?.schemaString == columns else {
                throw LakeError(.conflict, "another writer changed what this commit builds on", operation: path)
            }
            let isAppend = remove.isEmpty && operation == "WRITE"
            var details = parameters
            if isAppend { details.merge(appendParameters) { given, _ in given } }
            var actions = [Self.info(operation, details, isBlindAppend: isAppend)]
            if var transaction {
                transaction.lastUpdated = transaction.lastUpdated ?? Self.nowMs()
                actions.append(DeltaAction(txn: transaction))
            }
            actions += remove.map { DeltaAction(remove: $0) } + add.map { DeltaAction(add: $0) }
            if try write(actions) { return .committed(version: version) }
            try refresh()
        }
        throw LakeError(.conflict, "another writer took every version that was tried", operation: path)
    }

    private var appendParameters: [String: String] {
        let columns = (state.metadata?.partitionColumns ?? []).map { "\"\($0)\"" }
        return ["mode": "Append", "partitionBy": "[\(columns.joined(separator: ","))]"]
    }

    /// Commits actions as the next version, and makes a checkpoint where one is due.
    ///
    /// - Returns: false where another writer took the version.
    /// - Throws: `unsupported` where the table asks something of its writers that is not heeded here.
    func write(_ actions: [DeltaAction]) throws(LakeError) -> Bool {
        try requireWritable()
        if state.property("delta.appendOnly") == "true", actions.contains(where: { $0.remove?.dataChange == true }) {
            throw LakeError(
                .unsupported, "rows cannot be taken out of the table: it is for appending only (appendOnly)",
                operation: path)
        }
        guard try log.write(version + 1, actions, writer: writer) else { return false }
        for action in actions { try state.apply(action, table: path) }
        state.version += 1
        let interval = state.property("delta.checkpointInterval").flatMap { Int64($0) } ?? Self.checkpointInterval
        if interval > 0, version % interval == 0 {
            // The commit counts without it, and the next one comes.
            do { try checkpoint() } catch { Log.warning("no checkpoint of a table", ["reason": "\(error)"]) }
        }
        return true
    }

    /// - Throws: `unsupported` where the table asks something of its writers that is not heeded here.
    public func requireWritable() throws(LakeError) {
        guard let obstacle = state.writeObstacle else { return }
        throw LakeError(.unsupported, "the table cannot be written: \(obstacle)", operation: path)
    }

    /// Commits between checkpoints, unless the table's `delta.checkpointInterval` says otherwise.
    private static let checkpointInterval: Int64 = 100
    /// For how long a checkpoint knows of removed files, and vacuum keeps them, in milliseconds: a week.
    static let retentionMs: Int64 = 7 * 86_400_000

    /// Sums up the log as it is known here in a file of its own.
    public func checkpoint() throws(LakeError) {
        try requireWritable()
        try log.writeCheckpoint(state, forgettingBefore: Self.nowMs() - Self.retentionMs, writer: writer)
    }

    static func info(
        _ operation: String, _ parameters: [String: String] = [:], isBlindAppend: Bool? = nil
    ) -> DeltaAction {
        DeltaAction(
            commitInfo: .init(
                timestamp: nowMs(), operation: operation, operationParameters: parameters,
                isBlindAppend: isBlindAppend))
    }

    static func nowMs() -> Int64 { Timestamp.now().nanoseconds / 1_000_000 }
}

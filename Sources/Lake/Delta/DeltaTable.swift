public import Market
internal import Foundation
internal import Platform

/// A Delta table in a local folder: its files, its progress, and commits to it.
///
/// - Threading: one thread at a time.
/// - Source: Delta transaction log protocol; reader version 1, writer version 2.
public final class DeltaTable {
    /// The table's folder.
    public let path: String
    /// The newest version that was read.
    public private(set) var version: Int64 = -1
    private let log: DeltaLog
    private let writer: String
    private var filesByPath: [String: AddFile] = [:]
    private var removedPaths: Set<String> = []
    private var transactions: [String: Int64] = [:]
    private var metadata: DeltaAction.Metadata?

    /// What became of a commit.
    public enum Outcome: Sendable, Equatable {
        case committed(version: Int64)
        /// The application's progress was already there, or is not where the rows begin: nothing was written.
        case alreadyCommitted
    }

    /// Opens the table of a folder as it is now.
    ///
    /// - Parameter writer: who commits, for the names of temporary files.
    /// - Returns: nil where there is no Delta table.
    /// - Throws: `unsupported`, `corrupt`, `io`.
    public static func open(_ path: String, writer: String = "tapedeck") throws(LakeError) -> DeltaTable? {
        let table = DeltaTable(path, writer)
        try table.refresh()
        return table.version >= 0 ? table : nil
    }

    /// Opens the table of a folder, or makes it.
    ///
    /// - Throws: `schemaMismatch` where there is a table with other columns.
    public static func open(
        _ path: String, creating schema: TableSchema, writer: String = "tapedeck"
    ) throws(LakeError) -> DeltaTable {
        let table = DeltaTable(path, writer)
        try DurableFile.makeFolder(table.log.folder)
        try table.log.removeLeftovers(writer: writer)
        try table.refresh()
        if table.version < 0 {
            // Where another writer is faster, its version 0 counts.
            _ = try table.log.write(0, creation(of: schema), writer: writer)
            try table.refresh()
        }
        try table.checkSchema(schema)
        return table
    }

    private init(_ path: String, _ writer: String) {
        self.path = path
        self.writer = writer
        log = DeltaLog(table: path)
    }

    private static func creation(of schema: TableSchema) -> [DeltaAction] {
        let metadata = DeltaAction.Metadata(
            id: UUID().uuidString.lowercased(), name: schema.name, description: "One row per \(schema.summary).",
            format: .init(provider: "parquet", options: [:]), schemaString: DeltaSchema.text(schema),
            partitionColumns: [schema.partition.column], configuration: [:], createdTime: nowMs())
        let info = DeltaAction.CommitInfo(
            timestamp: nowMs(), operation: "CREATE TABLE", operationParameters: [:], isBlindAppend: nil)
        return [
            DeltaAction(protocol: .init(minReaderVersion: 1, minWriterVersion: 2)), DeltaAction(metaData: metadata),
            DeltaAction(commitInfo: info),
        ]
    }

    private func checkSchema(_ schema: TableSchema) throws(LakeError) {
        guard let metadata else { throw LakeError(.corrupt, "the log has no metadata", operation: path) }
        if let difference = DeltaSchema.difference(metadata.schemaString, schema) {
            throw LakeError(
                .schemaMismatch,
                "the table was made by another version: \(difference); use another folder or move it away",
                operation: path)
        }
        guard metadata.partitionColumns == [schema.partition.column] else {
            throw LakeError(
                .schemaMismatch, "the table is not partitioned by \(schema.partition.column)", operation: path)
        }
    }

    /// Data files of the table, by path.
    public var files: [AddFile] { filesByPath.values.sorted { $0.path < $1.path } }

    /// True where the log names a data file, as part of the table or as removed from it (older versions need it).
    ///
    /// - Parameter relativePath: relative to the table, not encoded.
    func names(_ relativePath: String) -> Bool {
        let path = PathText.encode(relativePath)
        return filesByPath[path] != nil || removedPaths.contains(path)
    }

    /// Progress of an application; nil where it never committed.
    public func transactionVersion(_ appID: String) -> Int64? { transactions[appID] }

    /// Reads what others committed since.
    public func refresh() throws(LakeError) {
        if version < 0 {
            let (commits, checkpoint) = try log.versions()
            if let checkpoint {
                for action in try log.checkpoint(checkpoint) { try apply(action) }
                version = checkpoint
            } else if let first = commits.first, first != 0 {
                throw LakeError(
                    .corrupt, "the log begins at version \(first) and has no checkpoint", operation: log.folder)
            }
        }
        while let actions = try log.commit(version + 1) {
            for action in actions { try apply(action) }
            version += 1
        }
    }

    private func apply(_ action: DeltaAction) throws(LakeError) {
        if let versions = action.protocol, versions.minReaderVersion > 1 || versions.minWriterVersion > 2 {
            throw LakeError(
                .unsupported,
                "the table needs reader version \(versions.minReaderVersion) and writer version "
                    + "\(versions.minWriterVersion); supported are 1 and 2", operation: path)
        }
        if let metadata = action.metaData { self.metadata = metadata }
        if let file = action.add { filesByPath[file.path] = file }
        if let file = action.remove {
            filesByPath[file.path] = nil
            removedPaths.insert(file.path)
        }
        if let transaction = action.txn { transactions[transaction.appId] = transaction.version }
    }

    /// Adds and removes files in one atomic step, together with an application's progress.
    ///
    /// Where another writer takes the version, its commit is read and this one goes behind it.
    /// - Parameter after: the progress of the application at which the rows begin; -1 where there is none, nil for any.
    /// - Throws: `conflict` where another writer changed the columns or removed a file that this commit removes.
    public func commit(
        add: [AddFile], remove: [RemoveFile] = [], transaction: AppTransaction? = nil, after: Int64? = nil,
        operation: String = "WRITE"
    ) throws(LakeError) -> Outcome {
        let columns = metadata?.schemaString
        for _ in 0..<1000 {
            if let transaction, let known = transactions[transaction.appId], known >= transaction.version {
                return .alreadyCommitted
            }
            if let transaction, let after, transactions[transaction.appId] ?? -1 != after { return .alreadyCommitted }
            guard remove.allSatisfy({ filesByPath[$0.path] != nil }), metadata?.schemaString == columns else {
                throw LakeError(.conflict, "another writer changed what this commit builds on", operation: path)
            }
            let actions = actions(add, remove, transaction, operation)
            if try log.write(version + 1, actions, writer: writer) {
                for action in actions { try apply(action) }
                version += 1
                return .committed(version: version)
            }
            try refresh()
        }
        throw LakeError(.conflict, "another writer took every version that was tried", operation: path)
    }

    private func actions(
        _ add: [AddFile], _ remove: [RemoveFile], _ transaction: AppTransaction?, _ operation: String
    ) -> [DeltaAction] {
        let partition = (metadata?.partitionColumns ?? []).map { "\"\($0)\"" }.joined(separator: ",")
        let parameters = ["mode": "Append", "partitionBy": "[\(partition)]"]
        let info = DeltaAction.CommitInfo(
            timestamp: Self.nowMs(), operation: operation, operationParameters: parameters,
            isBlindAppend: remove.isEmpty)
        var actions = [DeltaAction(commitInfo: info)]
        if var transaction {
            transaction.lastUpdated = transaction.lastUpdated ?? Self.nowMs()
            actions.append(DeltaAction(txn: transaction))
        }
        return actions + remove.map { DeltaAction(remove: $0) } + add.map { DeltaAction(add: $0) }
    }

    private static func nowMs() -> Int64 { Timestamp.now().nanoseconds / 1_000_000 }
}

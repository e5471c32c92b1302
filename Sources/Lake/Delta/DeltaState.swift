/// What a Delta log says at one version: its actions, summed up.
///
/// - Source: Delta transaction log protocol, "Action Reconciliation"; reader version 1, writer version 2.
struct DeltaState: Sendable {
    /// The newest version that is in it; -1 for none.
    var version: Int64 = -1
    private(set) var versions: DeltaAction.ProtocolVersions?
    private(set) var metadata: DeltaAction.Metadata?
    /// Data files of the table, by path as the log has it.
    private(set) var files: [String: AddFile] = [:]
    /// Files that are no longer part of the table, by path.
    private(set) var removed: [String: RemoveFile] = [:]
    /// Progress of applications.
    private(set) var transactions: [String: AppTransaction] = [:]

    /// Takes in the next action.
    ///
    /// - Parameter table: the folder, for errors.
    /// - Throws: `unsupported` where the table needs more than is known here.
    mutating func apply(_ action: DeltaAction, table: String) throws(LakeError) {
        if let versions = action.protocol {
            guard versions.minReaderVersion <= 1, versions.minWriterVersion <= 2 else {
                throw LakeError(
                    .unsupported,
                    "the table needs reader version \(versions.minReaderVersion) and writer version "
                        + "\(versions.minWriterVersion); supported are 1 and 2", operation: table)
            }
            self.versions = versions
        }
        if let metadata = action.metaData { self.metadata = metadata }
        if let file = action.add {
            files[file.path] = file
            removed[file.path] = nil
        }
        if let file = action.remove {
            files[file.path] = nil
            removed[file.path] = file
        }
        if let transaction = action.txn { transactions[transaction.appId] = transaction }
    }

    /// The files in the order of their paths.
    var sortedFiles: [AddFile] { files.keys.sorted().compactMap { files[$0] } }

    /// A value that the table's creator set; nil where it did not.
    func property(_ name: String) -> String? { metadata?.configuration?[name] }

    /// Hands out actions that make this state.
    ///
    /// - Parameter expiredMs: files that were removed earlier than this, in milliseconds since 1970, are forgotten.
    func actions(
        forgettingBefore expiredMs: Int64, _ take: (DeltaAction) throws(LakeError) -> Void
    ) throws(LakeError) {
        if let versions { try take(DeltaAction(protocol: versions)) }
        if let metadata { try take(DeltaAction(metaData: metadata)) }
        for transaction in transactions.values.sorted(by: { $0.appId < $1.appId }) {
            try take(DeltaAction(txn: transaction))
        }
        for file in removed.values.sorted(by: { $0.path < $1.path }) where file.deletionTimestamp ?? 0 >= expiredMs {
            try take(DeltaAction(remove: file))
        }
        for file in sortedFiles { try take(DeltaAction(add: file)) }
    }
}

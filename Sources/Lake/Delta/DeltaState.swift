/// What a Delta log says at one version: its actions, summed up.
///
/// - Source: Delta transaction log protocol, "Action Reconciliation".
struct DeltaState: Sendable {
    /// The newest version that is in it; -1 for none.
    var version: Int64 = -1
    private(set) var versions: DeltaAction.ProtocolVersions?
    private(set) var metadata: DeltaAction.Metadata?
    /// Why the table cannot be written here; nil where it can.
    private(set) var writeObstacle: String?
    /// Data files of the table, by path as the log has it, and by which of their rows do not count.
    private(set) var files: [String: AddFile] = [:]
    /// Files that are no longer part of the table, likewise.
    private(set) var removed: [String: RemoveFile] = [:]
    /// Progress of applications.
    private(set) var transactions: [String: AppTransaction] = [:]

    /// Takes in the next action.
    ///
    /// - Parameter table: the folder, for errors.
    /// - Throws: `unsupported` where the table needs more than is known here.
    mutating func apply(_ action: DeltaAction, table: String) throws(LakeError) {
        if let versions = action.protocol {
            if let obstacle = DeltaFeatures.readObstacle(versions) {
                throw LakeError(.unsupported, "the table cannot be read: \(obstacle)", operation: table)
            }
            self.versions = versions
        }
        if let metadata = action.metaData { self.metadata = metadata }
        if action.protocol != nil || action.metaData != nil {
            writeObstacle = versions.flatMap { DeltaFeatures.writeObstacle($0, metadata) }
        }
        if let file = action.add {
            files[file.key] = file
            removed[file.key] = nil
        }
        if let file = action.remove {
            files[file.key] = nil
            removed[file.key] = file
        }
        if let transaction = action.txn { transactions[transaction.appId] = transaction }
    }

    /// What tells a file from others, and from the same one with other rows that do not count.
    static func key(_ path: String, _ deletionVector: DeletionVectorReference?) -> String {
        // No path has a line feed: it would be encoded.
        deletionVector.map { "\(path)\n\($0.id)" } ?? path
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

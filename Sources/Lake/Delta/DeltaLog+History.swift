public import Platform

/// One commit of a table.
public struct TableCommit: Sendable {
    public let version: Int64
    /// When it was made, as its writer says; else when its file was written.
    public let time: Timestamp
    /// What was done, such as `WRITE` or `OPTIMIZE`; empty where the writer does not say.
    public let operation: String
    public let parameters: [String: String]
    /// Which program did it; empty where it does not say.
    public let engine: String
    public let filesAdded: Int
    public let filesRemoved: Int
    /// Rows of the files that it added, where all of them say.
    public let rowsAdded: Int64?
    /// Bytes of the files that it added.
    public let bytesAdded: Int64
    /// How far applications are with it.
    public let progress: [AppTransaction]
}

extension DeltaLog {
    /// A commit; nil where the log does not have it.
    func entry(_ version: Int64) throws(LakeError) -> TableCommit? {
        guard let actions = try commit(version) else { return nil }
        let info = actions.lazy.compactMap(\.commitInfo).first
        let added = actions.compactMap(\.add)
        let rows = added.map { FileStatistics.rows($0) }
        return TableCommit(
            version: version, time: try time(version, info), operation: info?.operation ?? "",
            parameters: info?.operationParameters ?? [:], engine: info?.engineInfo ?? "", filesAdded: added.count,
            filesRemoved: actions.count { $0.remove != nil },
            rowsAdded: rows.reduce(0) { sum, rows in sum.flatMap { sum in rows.map { sum + $0 } } },
            bytesAdded: added.reduce(0) { $0 + $1.size }, progress: actions.compactMap(\.txn))
    }

    private func time(_ version: Int64, _ info: DeltaAction.CommitInfo?) throws(LakeError) -> Timestamp {
        if let ms = info?.inCommitTimestamp ?? info?.timestamp { return Timestamp(nanoseconds: ms * 1_000_000) }
        return Timestamp(nanoseconds: (try place.find(path(version))?.modifiedMs ?? 0) * 1_000_000)
    }

    /// Whether the table was made after a time; false where the log does not have its beginning, or there is none.
    func begins(after time: Timestamp) throws(LakeError) -> Bool {
        guard let first = try entry(0) else { return false }
        return first.time > time
    }

    /// The newest version that was there at a time.
    ///
    /// - Throws: `invalidArgument` where the log's oldest commit is newer.
    func version(at time: Timestamp) throws(LakeError) -> Int64 {
        let commits = try versions().commits
        var low = 0
        var high = commits.count
        while low < high {
            let middle = (low + high) / 2
            let info = try commit(commits[middle])?.lazy.compactMap(\.commitInfo).first
            if try self.time(commits[middle], info) <= time { low = middle + 1 } else { high = middle }
        }
        guard low > 0 else {
            throw LakeError(.invalidArgument, "the log does not reach back to \(time)", operation: folder)
        }
        return commits[low - 1]
    }
}

public import Platform

/// Removes data files that no version needs any more that is kept, and what crashed programs left behind.
///
/// A file goes where the newest version does not have it, it was not removed from the table a short while ago, and it is old itself:
/// so files that others are about to commit stay, and queries over earlier versions go on for that while.
/// - Source: Delta transaction log protocol, "Delta Table Semantics"; the rule is that of `VACUUM` in Delta Lake.
public struct Vacuum {
    /// What was, or would be, removed.
    public struct Report: Sendable {
        public var files = 0
        public var bytes: Int64 = 0
        /// Commits and checkpoints that a later checkpoint stands for.
        public var logFiles = 0
        /// Paths relative to the table.
        public var paths: [String] = []
    }

    /// For how long files are kept unless said otherwise: a week, in nanoseconds.
    public static let retentionNs = DeltaTable.retentionMs * 1_000_000
    /// For how long commits are kept behind a checkpoint unless said otherwise: 30 days, in nanoseconds.
    public static let logRetentionNs: Int64 = 30 * 86_400_000_000_000

    private let table: DeltaTable
    private let keptMs: Int64
    private let logKeptMs: Int64

    /// - Parameters:
    ///   - retentionNs: for how long files are kept that the table no longer has.
    ///   - logRetentionNs: for how long commits are kept that a checkpoint stands for.
    public init(
        _ table: DeltaTable, retentionNs: Int64 = Self.retentionNs, logRetentionNs: Int64 = Self.logRetentionNs,
        now: Timestamp = .now()
    ) {
        self.table = table
        keptMs = (now.nanoseconds - retentionNs) / 1_000_000
        logKeptMs = (now.nanoseconds - logRetentionNs) / 1_000_000
    }

    /// Removes, or only counts.
    ///
    /// - Parameter progress: called for each file that is looked at; returns false to stop.
    public func run(
        removes: Bool = true, _ progress: (Int) -> Bool = { _ in true }
    ) throws(LakeError) -> Report {
        try table.requireWritable()
        var report = Report()
        var seen = 0
        var isStopped = false
        // Others write the same path in other ways: with more of its characters encoded, or fewer.
        let kept = Set(
            table.files.map(\.relativePath)
                + table.state.removed.values.filter { $0.deletionTimestamp ?? .max >= keptMs }.map {
                    PathText.decode($0.path)
                })
        for path in try table.place.paths(below: "") where Self.isData(path) {
            seen += 1
            guard progress(seen) else {
                isStopped = true
                break
            }
            guard !kept.contains(path) else { continue }
            // A file that is gone meanwhile needs no removal.
            guard let file = try table.place.find(path), file.modifiedMs < keptMs else { continue }
            report.files += 1
            report.bytes += file.bytes
            report.paths.append(path)
            if removes { table.place.remove(path) }
        }
        if !isStopped { try cleanLog(&report, removes: removes) }
        return report
    }

    /// Whether a writer of data may have made a file, by its path relative to the table.
    private static func isData(_ path: String) -> Bool {
        let parts = path.utf8.split(separator: UInt8(ascii: "/"))
        // What begins so belongs to others, but for partitions.
        guard parts.dropLast().allSatisfy({ !isHidden($0) || $0.contains(UInt8(ascii: "=")) }) else { return false }
        return parts.last.map { !isHidden($0) || PartName(String(Substring($0)))?.isTemporary == true } ?? false
    }

    private static func isHidden(_ name: Substring.UTF8View) -> Bool {
        name.first == UInt8(ascii: "_") || name.first == UInt8(ascii: ".")
    }

    /// Removes commits and checkpoints that are old and that a checkpoint stands for which is old, too.
    private func cleanLog(_ report: inout Report, removes: Bool) throws(LakeError) {
        let log = table.log
        let found = try log.versions()
        var first: Int64?
        for checkpoint in found.checkpoints.reversed() {
            guard let file = try log.place.find(log.checkpointPath(checkpoint)) else { continue }
            if file.modifiedMs < logKeptMs {
                first = checkpoint
                break
            }
        }
        guard let first else { return }
        // The oldest first: what is left has no holes, wherever this ends.
        for name in try log.names().sorted() {
            guard let version = Int64(name.prefix(20)), version < first else { continue }
            report.logFiles += 1
            if removes { log.place.remove(DeltaLog.path(name)) }
        }
    }
}

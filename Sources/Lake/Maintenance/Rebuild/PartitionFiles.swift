/// The files of a table whose rows a rebuild replaces, by partition.
struct PartitionFiles {
    private(set) var own: [String: [AddFile]] = [:]

    /// - Throws: `unsupported` where a file may hold rows of other pipelines, too: they cannot be told apart.
    init(_ rebuild: TableRebuild) throws(LakeError) {
        let table = rebuild.table
        let progress = table.state.transactions.keys
        let isShared = progress.contains { $0.hasSuffix("/\(table.name)") && $0 != "\(rebuild.pipeline)/\(table.name)" }
        let writer = PartName.writer(of: rebuild.pipeline)
        for file in table.files {
            let partition = table.partition(file)
            guard rebuild.isWanted(partition) else { continue }
            if let name = file.partName {
                if name.firstOffset > rebuild.offsets.upperBound || name.lastOffset < rebuild.offsets.lowerBound,
                    name.kind == .flushed || !isShared
                {
                    continue
                }
                if isShared, name.kind == .flushed, name.writer != writer { continue }
            }
            guard !isShared || file.partName?.kind == .flushed else {
                throw LakeError(
                    .unsupported,
                    "several pipelines fill the table, and the rows of \(file.relativePath) cannot be told apart",
                    operation: table.path)
            }
            own[partition, default: []].append(file)
        }
    }
}

/// Which files of an archive belong to a table.
///
/// An archive is a Delta table of its own. The table's log says up to which version of it rows have moved there, in the commit that
/// takes them out of the table: so each row is in one of the two, at every version of the table.
enum ArchivedFiles {
    /// The application under whose name the log keeps the archive's version.
    static let application = "tapedeck.archive"

    /// Where the table keeps a list of them, so that nobody needs the archive before its rows are asked for.
    private static func listPath(_ version: Int64) -> String { "_archive/\(DeltaLog.number(version)).json" }

    /// The version of the archive that belongs to a table; nil where nothing was archived.
    static func version(_ table: DeltaTable) -> Int64? { table.transactionVersion(application) }

    /// The files, and where they are.
    ///
    /// - Parameter archive: the folder of the table in the archive.
    /// - Throws: `invalidArgument` where there are some and nobody said where.
    static func urls(of table: DeltaTable, in archive: (any LakePlace)?) throws(LakeError) -> [String] {
        try files(of: table, in: archive).map { archive?.location($0.relativePath) ?? $0.relativePath }
    }

    /// The files, with paths relative to the folder of the table in the archive.
    ///
    /// - Throws: as `urls`.
    static func files(of table: DeltaTable, in archive: (any LakePlace)?) throws(LakeError) -> [AddFile] {
        guard let version = version(table) else { return [] }
        guard let archive else {
            throw LakeError(
                .invalidArgument, "older rows are in an archive: name the pipeline file that says where, with --config",
                operation: table.path)
        }
        let path = listPath(version)
        if let bytes = try table.place.read(path) {
            return try DeltaLog.actions(bytes, table.place.location(path)).compactMap(\.add)
        }
        guard let opened = try DeltaTable.open(archive, at: .number(version)) else {
            throw LakeError(.corrupt, "the archive is not there any more", operation: archive.url)
        }
        return opened.files
    }

    /// Keeps the list of an archive's files as they are now.
    static func writeList(of archive: DeltaTable, beside table: DeltaTable) throws(LakeError) {
        let list = archive.files.map { DeltaAction(add: $0) }
        // It may be there from an attempt before, and is then the same.
        _ = try table.place.create(listPath(archive.version), DeltaLog.lines(list), writer: table.writer)
    }

    /// Removes lists of versions before one.
    static func removeLists(before version: Int64, beside table: DeltaTable) throws(LakeError) {
        for path in try table.place.paths(below: "_archive") where path < listPath(version) { table.place.remove(path) }
    }
}

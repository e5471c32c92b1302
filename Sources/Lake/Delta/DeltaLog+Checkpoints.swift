internal import Databases
internal import Foundation
internal import Platform

/// Checkpoints: a version's whole state in one Parquet file, so that a reader needs only the commits behind it.
///
/// - Source: Delta transaction log protocol, "Checkpoints", "Last Checkpoint File".
extension DeltaLog {
    /// The actions that a checkpoint sums up, read by a database of its own.
    ///
    /// - Throws: `database` where it cannot be read, `corrupt` where it does not hold actions.
    func checkpoint(_ version: Int64) throws(LakeError) -> [DeltaAction] {
        var actions = try actions(of: try checkpointPaths(version), of: version)
        let sidecars = actions.compactMap(\.sidecar).map { sidecar in
            sidecar.path.contains("/") ? sidecar.path : Self.path("_sidecars/\(PathText.decode(sidecar.path))")
        }
        if !sidecars.isEmpty { actions += try self.actions(of: sidecars, of: version) }
        return actions
    }

    /// The files of a checkpoint: one of a name that nobody else gives, else one, else several.
    private func checkpointPaths(_ version: Int64) throws(LakeError) -> [String] {
        let start = Self.number(version) + ".checkpoint."
        let names = try names().filter { $0.hasPrefix(start) }.sorted()
        if names.contains(start + "parquet") { return [checkpointPath(version)] }
        let parts = names.filter { $0.split(separator: ".").count == 5 }
        return (parts.isEmpty ? Array(names.prefix(1)) : parts).map(Self.path)
    }

    private func actions(of paths: [String], of version: Int64) throws(LakeError) -> [DeltaAction] {
        if let path = paths.first, path.hasSuffix(".json") {
            guard let bytes = try place.read(path) else {
                throw LakeError(.corrupt, "the checkpoint is not there any more", operation: place.location(path))
            }
            return try Self.actions(bytes.split(separator: UInt8(ascii: "\n")).map { Data($0) }, place.location(path))
        }
        let path = paths.first ?? checkpointPath(version)
        let list = paths.map { SQLText.literal(place.location($0)) }.joined(separator: ", ")
        let database = try place.database(DuckDBSettings(threads: 1))
        let rows = try onDatabase(place.location(path)) { () throws(DatabaseError) in
            try database.connect().query("SELECT to_json(c)::VARCHAR FROM read_parquet([\(list)]) c").collect().rows
        }
        return try Self.actions(rows.map { Data($0[0].text.utf8) }, place.location(path))
    }

    /// Writes the checkpoint of a state, and the file that names it as the latest.
    ///
    /// - Parameter expiredMs: files that were removed earlier than this, in milliseconds since 1970, are forgotten.
    func writeCheckpoint(_ state: DeltaState, forgettingBefore expiredMs: Int64, writer: String) throws(LakeError) {
        let actions = state.actions(forgettingBefore: expiredMs)
        let lines = try place.draft(draftName(writer)), file = try place.draft(draftName(writer))
        defer { for path in [lines, file] { DurableFile.remove(path) } }
        try DurableFile.write(Self.lines(actions), to: lines)
        try onDatabase(place.location(checkpointPath(state.version))) { () throws(DatabaseError) in
            let connection = try Database.duckDB(DuckDBSettings(threads: 1)).connect()
            let source = "read_json(\(SQLText.literal(lines)), format = 'newline_delimited', columns = \(Self.columns))"
            _ = try ParquetFile.write("SELECT * FROM \(source)", to: file, on: connection)
        }
        try DurableFile.sync(file)
        _ = try place.keep(file, as: checkpointPath(state.version))
        let pointer = "{\"version\":\(state.version),\"size\":\(actions.count)}"
        try place.replace(Self.path("_last_checkpoint"), Array(pointer.utf8), writer: writer)
    }

    private func draftName(_ writer: String) -> String { Self.path(".\(writer)-\(UUID().uuidString).tmp") }

    func checkpointPath(_ version: Int64) -> String { Self.path(Self.number(version) + ".checkpoint.parquet") }

    /// The types of actions, as the protocol lists them.
    private static let columns = """
        {txn: 'STRUCT(appId VARCHAR, version BIGINT, lastUpdated BIGINT)', \
        add: 'STRUCT(path VARCHAR, partitionValues MAP(VARCHAR, VARCHAR), size BIGINT, modificationTime BIGINT, \
        dataChange BOOLEAN, stats VARCHAR, tags MAP(VARCHAR, VARCHAR))', \
        remove: 'STRUCT(path VARCHAR, deletionTimestamp BIGINT, dataChange BOOLEAN, extendedFileMetadata BOOLEAN, \
        partitionValues MAP(VARCHAR, VARCHAR), size BIGINT)', \
        metaData: 'STRUCT(id VARCHAR, name VARCHAR, description VARCHAR, format STRUCT(provider VARCHAR, \
        options MAP(VARCHAR, VARCHAR)), schemaString VARCHAR, partitionColumns VARCHAR[], \
        configuration MAP(VARCHAR, VARCHAR), createdTime BIGINT)', \
        protocol: 'STRUCT(minReaderVersion INTEGER, minWriterVersion INTEGER, readerFeatures VARCHAR[], \
        writerFeatures VARCHAR[])'}
        """
}

internal import Databases
internal import Foundation
internal import Platform

/// Checkpoints: a version's whole state in one Parquet file, so that a reader needs only the commits behind it.
///
/// - Source: Delta transaction log protocol, "Checkpoints", "Last Checkpoint File".
extension DeltaLog {
    /// Reads the actions that a checkpoint sums up, by a database of its own.
    ///
    /// - Throws: `database` where it cannot be read, `corrupt` where it does not hold actions.
    func checkpoint(_ version: Int64, _ take: (DeltaAction) throws(LakeError) -> Void) throws(LakeError) {
        var sidecars: [String] = []
        try actions(of: try checkpointPaths(version), of: version) { (action) throws(LakeError) in
            if let path = action.sidecar?.path {
                sidecars.append(path.contains("/") ? path : Self.path("_sidecars/\(PathText.decode(path))"))
            }
            try take(action)
        }
        if !sidecars.isEmpty { try actions(of: sidecars, of: version, take) }
    }

    /// The files of a checkpoint: one of a name that nobody else gives, else one, else several.
    private func checkpointPaths(_ version: Int64) throws(LakeError) -> [String] {
        let start = Self.number(version) + ".checkpoint."
        let names = try names().filter { $0.hasPrefix(start) }.sorted()
        if names.contains(start + "parquet") { return [checkpointPath(version)] }
        let parts = names.filter { $0.split(separator: ".").count == 5 }
        return (parts.isEmpty ? Array(names.prefix(1)) : parts).map(Self.path)
    }

    private func actions(
        of paths: [String], of version: Int64, _ take: (DeltaAction) throws(LakeError) -> Void
    ) throws(LakeError) {
        if let path = paths.first, path.hasSuffix(".json") {
            guard let bytes = try place.read(path) else {
                throw LakeError(.corrupt, "the checkpoint is not there any more", operation: place.location(path))
            }
            for action in try Self.actions(bytes, place.location(path)) { try take(action) }
            return
        }
        let path = paths.first ?? checkpointPath(version)
        let list = paths.map { SQLText.literal(place.location($0)) }.joined(separator: ", ")
        let location = place.location(path)
        let database = try place.database(DuckDBSettings(threads: 1))
        let connection = try onDatabase(location) { () throws(DatabaseError) in try database.connect() }
        let source = "read_parquet([\(list)]) c"
        // Files by their columns, and everything else as JSON.
        let isOther = "(c.add IS NULL) = (c.remove IS NULL)"
        let columns = "SELECT CASE WHEN \(isOther) THEN to_json(c)::VARCHAR END, c.add, c.remove FROM \(source)"
        let rows = try onDatabase(location) { () throws(DatabaseError) in
            do { return try connection.query(columns) } catch {
                // One of the two columns is not there; or something is wrong, and this says what.
                return try connection.query("SELECT to_json(c)::VARCHAR FROM \(source)")
            }
        }
        var shared = SharedValues()
        while let batch = try onDatabase(location, { () throws(DatabaseError) in try rows.next() }) {
            let files = rows.columns.count > 1 ? CheckpointRows(batch) : nil
            for row in 0..<batch.count {
                if let action = files?.action(row, &shared) {
                    try take(action)
                } else {
                    try take(Self.action(Data(Self.json(batch, row).utf8), location))
                }
            }
        }
    }

    /// A row as the line of a log.
    private static func json(_ batch: ResultBatch, _ row: Int) -> String {
        if case .text(let text) = batch.value(row: row, column: 0) { return text }
        return "{\"add\":\(batch.value(row: row, column: 1).json),\"remove\":\(batch.value(row: row, column: 2).json)}"
    }

    /// Writes the checkpoint of a state, and the file that names it as the latest.
    ///
    /// - Parameter expiredMs: files that were removed earlier than this, in milliseconds since 1970, are forgotten.
    func writeCheckpoint(_ state: DeltaState, forgettingBefore expiredMs: Int64, writer: String) throws(LakeError) {
        let lines = try place.draft(draftName(writer)), file = try place.draft(draftName(writer))
        defer { for path in [lines, file] { DurableFile.remove(path) } }
        let count = try Self.write(state, forgettingBefore: expiredMs, to: lines)
        try onDatabase(place.location(checkpointPath(state.version))) { () throws(DatabaseError) in
            let connection = try Database.duckDB(DuckDBSettings(threads: 1)).connect()
            let source = "read_json(\(SQLText.literal(lines)), format = 'newline_delimited', columns = \(Self.columns))"
            // Statistics repeat each other: a higher level takes twice the time and makes them no smaller.
            _ = try ParquetFile.write("SELECT * FROM \(source)", to: file, on: connection, level: 1)
        }
        try DurableFile.sync(file)
        _ = try place.keep(file, as: checkpointPath(state.version))
        let pointer = "{\"version\":\(state.version),\"size\":\(count)}"
        try place.replace(Self.path("_last_checkpoint"), Array(pointer.utf8), writer: writer)
    }

    /// Writes the lines of a state to a file that lives for a moment only.
    ///
    /// - Returns: how many actions they are.
    private static func write(
        _ state: DeltaState, forgettingBefore expiredMs: Int64, to path: String
    ) throws(LakeError) -> Int {
        try DurableFile.writing(path) { (output) throws(LakeError) in
            var lines = FileLineWriter()
            var count = 0
            try state.actions(forgettingBefore: expiredMs) { (action) throws(LakeError) in
                append(action, to: &lines)
                count += 1
                guard lines.bytes.count >= 1 << 20 else { return }
                try output(lines.bytes)
                lines.removeAll()
            }
            try output(lines.bytes)
            return count
        }
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

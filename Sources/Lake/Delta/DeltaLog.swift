internal import Databases
internal import Foundation
internal import Platform

/// The `_delta_log` folder of a table: numbered files, each written once.
struct DeltaLog {
    /// The folder itself.
    let folder: String

    init(table: String) { folder = table + "/_delta_log" }

    static func fileName(_ version: Int64) -> String { number(version) + ".json" }

    private static func number(_ version: Int64) -> String {
        let digits = String(version)
        return String(repeating: "0", count: 20 - digits.count) + digits
    }

    /// Versions with a commit file, rising, and the newest version with a checkpoint.
    func versions() throws(LakeError) -> (commits: [Int64], checkpoint: Int64?) {
        var commits: [Int64] = []
        var checkpoint: Int64?
        for name in try DurableFile.names(in: folder) {
            guard name.count > 20, let version = Int64(name.prefix(20)) else { continue }
            switch name.dropFirst(20) {
            case ".json": commits.append(version)
            case ".checkpoint.parquet": checkpoint = max(version, checkpoint ?? -1)
            case let rest where rest.hasPrefix(".checkpoint."):
                throw LakeError(
                    .unsupported, "checkpoints in several parts or of version 2 cannot be read",
                    operation: "\(folder)/\(name)")
            default: continue
            }
        }
        return (commits.sorted(), checkpoint)
    }

    /// The actions of one commit; nil where there is no such version.
    func commit(_ version: Int64) throws(LakeError) -> [DeltaAction]? {
        let path = folder + "/" + Self.fileName(version)
        guard DurableFile.exists(path) else { return nil }
        return try Self.actions(DurableFile.read(path).split(separator: UInt8(ascii: "\n")).map { Data($0) }, path)
    }

    /// The actions that a checkpoint sums up, read by a database of its own.
    func checkpoint(_ version: Int64) throws(LakeError) -> [DeltaAction] {
        let path = folder + "/" + Self.number(version) + ".checkpoint.parquet"
        let rows = try onDatabase(path) { () throws(DatabaseError) in
            let connection = try Database.duckDB(DuckDBSettings(threads: 1)).connect()
            let sql = "SELECT to_json(c)::VARCHAR FROM read_parquet(\(SQLText.literal(path))) c"
            return try connection.query(sql).collect().rows
        }
        return try Self.actions(rows.map { Data($0[0].text.utf8) }, path)
    }

    private static func actions(_ lines: [Data], _ path: String) throws(LakeError) -> [DeltaAction] {
        let decoder = JSONDecoder()
        do {
            return try lines.map { try decoder.decode(DeltaAction.self, from: $0) }
        } catch {
            throw LakeError(.corrupt, "is not a commit of a Delta table", operation: path, cause: error)
        }
    }

    /// Writes a version unless it exists.
    ///
    /// The file gets its name only once its content is durable, and the name is durable when this returns true.
    /// - Parameter writer: marks the temporary file, so that what a crash leaves behind can be told from others' work.
    /// - Returns: false where another writer was faster.
    func write(_ version: Int64, _ actions: [DeltaAction], writer: String) throws(LakeError) -> Bool {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.withoutEscapingSlashes]
        var bytes: [UInt8] = []
        do {
            for action in actions {
                bytes += try encoder.encode(action)
                bytes.append(UInt8(ascii: "\n"))
            }
        } catch {
            preconditionFailure("an action cannot be written as JSON: \(error)")
        }
        let temporary = "\(folder)/.\(writer)-\(UUID().uuidString).tmp"
        defer { DurableFile.remove(temporary) }
        try DurableFile.write(bytes, to: temporary)
        guard try DurableFile.linkIfAbsent(temporary, to: folder + "/" + Self.fileName(version)) else { return false }
        try DurableFile.syncFolder(folder)
        return true
    }

    /// Removes what a crash of this writer left behind.
    func removeLeftovers(writer: String) throws(LakeError) {
        for name in try DurableFile.names(in: folder) where name.hasPrefix(".\(writer)-") && name.hasSuffix(".tmp") {
            DurableFile.remove(folder + "/" + name)
        }
    }
}

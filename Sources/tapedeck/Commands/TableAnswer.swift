internal import CommandLineKit
internal import Databases
internal import Foundation
internal import Lake
internal import Orchestration

/// What a query over the tables of a data folder gave: from the pipeline that runs on it, else from the lake at rest.
struct TableAnswer {
    let columns: [String]
    let isNumeric: [Bool]
    let rows: [[SQLValue]]
    let isTruncated: Bool

    /// Runs a query.
    ///
    /// - Parameter lake: where it is, where that is not in the data folder.
    /// - Throws: `UsageError` where the folder has no lake; `DatabaseError`.
    static func ask(
        _ sql: String, _ folder: String, lake: String? = nil, at versions: LakeVersions = .newest, limit: Int
    ) throws -> TableAnswer {
        if versions.isNewest, let url = ServerAddress.read(from: folder),
            let answer = try RemoteQuery.run(sql, url, limit: limit)
        {
            return TableAnswer(
                columns: answer.columns, isNumeric: answer.isNumeric, rows: answer.rows,
                isTruncated: answer.isTruncated)
        }
        let reader = try LakeReader(lake ?? lakePath(folder), at: versions)
        let result = try reader.connect().readOnly(sql, past: LakeReader.past(reader.lake)) {
            stream throws(DatabaseError) in
            try stream.collect(rows: limit)
        }
        let numeric: Set<SQLType> = [.integer, .float, .decimal]
        return TableAnswer(
            columns: result.columns.map(\.name), isNumeric: result.columns.map { numeric.contains($0.type) },
            rows: result.rows, isTruncated: result.isTruncated)
    }

    /// Where the lake of a data folder is.
    static func lakePath(_ folder: String) throws -> String {
        let path = folder + "/lake"
        guard FileManager.default.fileExists(atPath: path) else {
            let demo = FileManager.default.fileExists(atPath: "data/demo/lake") ? " (--data data/demo is there)" : ""
            throw UsageError(
                "there is no lake in \(folder)\(demo)",
                suggestion:
                    "name the data folder with --data, or the pipeline's file with --config where it puts the lake "
                    + "elsewhere")
        }
        return path
    }
}

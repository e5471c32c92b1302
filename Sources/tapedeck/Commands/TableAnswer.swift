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
    /// - Parameters:
    ///   - lake: where it is, where that is not in the data folder.
    ///   - asksPipeline: whether the pipeline that runs on the data folder is asked, where there is one.
    /// - Throws: `UsageError` where the folder has no lake; `DatabaseError`.
    static func ask(
        _ sql: String, _ folder: String, lake: LakeFolder? = nil, asksPipeline: Bool = true,
        at versions: LakeVersions = .newest, limit: Int
    ) throws -> TableAnswer {
        if asksPipeline, versions.isNewest, let url = ServerAddress.read(from: folder),
            let answer = try RemoteQuery.run(sql, url, limit: limit)
        {
            return TableAnswer(
                columns: answer.columns, isNumeric: answer.isNumeric, rows: answer.rows,
                isTruncated: answer.isTruncated)
        }
        let lake = try lake ?? LakeFolder(lakePath(folder))
        let reader = try LakeReader(lake.place, archive: lake.archive, at: versions, for: sql)
        let past = LakeReader.past(lake.place, archive: lake.archive)
        let result = try reader.connect().readOnly(sql, past: past) { stream throws(DatabaseError) in
            try stream.collect(rows: limit)
        }
        return TableAnswer(result)
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

extension TableAnswer {
    init(_ result: QueryResult) {
        let numeric: Set<SQLType> = [.integer, .float, .decimal]
        self.init(
            columns: result.columns.map(\.name), isNumeric: result.columns.map { numeric.contains($0.type) },
            rows: result.rows, isTruncated: result.isTruncated)
    }
}

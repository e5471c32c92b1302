internal import CommandLineKit
internal import Databases
internal import Foundation
internal import Lake
internal import Orchestration
internal import Platform

/// `tapedeck sql`: one SELECT over the tables, of a running pipeline or of a lake at rest.
struct SQLCommand: Command {
    static let spec = CommandSpec(
        "sql", "Ask the tables with SQL (DuckDB's dialect, SELECT only).",
        discussion: """
            Where a pipeline runs on the data folder, it is asked and answers with its newest rows. Otherwise, and for \
            --parquet and --at, the lake is read directly: then rows that were not flushed yet are not in the answer.
            """,
        positionals: [.init("SQL", "the statement")],
        options: [
            PipelineOptions.data, PipelineOptions.config, .init(flag: "csv", "comma-separated values"),
            .init(flag: "json", "one JSON object per row"),
            .init("parquet", "FILE", "write the rows to a Parquet file"),
            .init("at", "TIME", "the lake as it was then, or of tables as after a commit: trades=12,bars=7"),
            .init("limit", "ROWS", default: "1000", "rows at most, 0 for all (not with --parquet)"),
        ],
        examples: [
            .init("tapedeck sql \"SELECT symbol, count(*) FROM trades GROUP BY ALL\"", "trades of each instrument"),
            .init("tapedeck sql --csv \"FROM bars WHERE interval = '1m'\" > bars.csv", "one-minute bars as CSV"),
            .init("tapedeck sql --parquet spy.parquet \"FROM trades WHERE symbol = 'SPY'\"", "an extract"),
            .init("tapedeck sql \"SELECT count(*) FROM trades AT (VERSION => 12)\"", "a table after a commit"),
            .init("tapedeck sql --at 2026-01-31T12:00:00Z \"SELECT count(*) FROM trades\"", "what was there then"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let sql = command.positional("SQL") ?? ""
        let named = try command.value("config").map { _ in try PipelineOptions.place(command) }
        let folder = named?.data ?? command.value("data") ?? "data"
        let limit = try command.value("limit", form: "a number of rows") { Int($0) } ?? 1000
        let versions =
            try command.value("at", form: "a time such as 2026-01-31T12:00:00Z, or trades=12") {
                LakeVersions($0)
            } ?? .newest
        if let path = command.value("parquet") {
            return try writeParquet(sql, named?.lake ?? TableAnswer.lakePath(folder), versions, path)
        }
        let answer = try TableAnswer.ask(
            sql, folder, lake: named?.lake, at: versions, limit: limit == 0 ? .max : limit)
        if command.flag("csv") {
            writeCSV(answer)
        } else if command.flag("json") {
            writeJSON(answer)
        } else {
            writeTable(answer)
        }
        if answer.isTruncated {
            Terminal.write("only the first \(answer.rows.count) rows; --limit 0 gives all\n", to: 2)
        }
        return .done
    }

    private static func writeParquet(
        _ sql: String, _ lake: String, _ versions: LakeVersions, _ path: String
    ) throws -> ExitCode {
        let reader = try LakeReader(lake, at: versions)
        let sql = try PastTables.resolve(sql, on: reader.connect(), LakeReader.past(reader.lake))
        let target = URL(filePath: path).standardizedFileURL
        let database = try Database.duckDB()
        let connection = try database.connect()
        let views = try LakeReader.viewStatements(lake, at: versions)
        for statement in views { try connection.execute(statement) }
        let rows = try ParquetFile.write(sql, to: target.path, on: connection)
        Terminal.write("\(Humanized.grouped(rows)) rows in \(path)\n", to: 1)
        return .done
    }

    private static func writeTable(_ answer: TableAnswer) {
        var table = TextTable(answer.columns, alignments: answer.isNumeric.map { $0 ? .right : .left })
        for row in answer.rows { table.add(row.map { $0 == .null ? "NULL" : $0.text }) }
        let width = Terminal.output.isInteractive ? Terminal.output.width() : nil
        Terminal.write(table.text(width: width), to: 1)
        Terminal.write("\(answer.rows.count) rows\n", to: 1)
    }

    private static func writeCSV(_ answer: TableAnswer) {
        Terminal.write(answer.columns.map(SQLValue.csvField).joined(separator: ",") + "\n", to: 1)
        for row in answer.rows { Terminal.write(row.map(\.csv).joined(separator: ",") + "\n", to: 1) }
    }

    private static func writeJSON(_ answer: TableAnswer) {
        for row in answer.rows {
            let members = zip(answer.columns, row).map { "\(JSONText.quoted($0)):\($1.json)" }
            Terminal.write("{" + members.joined(separator: ",") + "}\n", to: 1)
        }
    }
}

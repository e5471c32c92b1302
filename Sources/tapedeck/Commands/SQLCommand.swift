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
            --parquet, --at and --lake, the lake is read directly: then rows that were not flushed yet are not in the answer, and tables \
            of others (Spark, delta-rs) that are in the folder can be asked, too.

            With --config and --sink the statement runs in the target of a sink (bigquery, clickhouse, postgresql), in its \
            dialect, with the sink's address and credentials. What they may do there, the statement may do: give an account \
            that may only read, where that is what you want.
            """,
        positionals: [.init("SQL", "the statement")],
        options: [
            PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake,
            .init(flag: "csv", "comma-separated values"),
            .init(flag: "json", "one JSON object per row"),
            .init("parquet", "FILE", "write the rows to a Parquet file"),
            .init("at", "TIME", "the lake as it was then, or of tables as after a commit: trades=12,bars=7"),
            .init("config", "PIPELINE", "the pipeline's YAML file, for --sink"),
            .init("sink", "NAME", "ask the target of this sink"),
            .init("limit", "ROWS", default: "1000", "rows at most, 0 for all (not with --parquet)"),
        ],
        examples: [
            .init("tapedeck sql \"SELECT symbol, count(*) FROM trades GROUP BY ALL\"", "trades of each instrument"),
            .init("tapedeck sql --csv \"FROM bars WHERE interval = '1m'\" > bars.csv", "one-minute bars as CSV"),
            .init("tapedeck sql --parquet spy.parquet \"FROM trades WHERE symbol = 'SPY'\"", "an extract"),
            .init("tapedeck sql \"SELECT count(*) FROM trades AT (VERSION => 12)\"", "a table after a commit"),
            .init(
                "tapedeck sql --lake /srv/delta \"FROM customers LIMIT 5\"", "a Delta table that somebody else wrote"),
            .init("tapedeck sql --at 2026-01-31T12:00:00Z \"SELECT count(*) FROM trades\"", "what was there then"),
            .init(
                "tapedeck sql --config pipelines/postgresql.yaml --sink postgresql \"SELECT max(event_time) FROM trades\"",
                "what a target has"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let sql = command.positional("SQL") ?? ""
        let isNamed = command.value("config") != nil || command.value("lake") != nil
        let named = isNamed && command.value("sink") == nil ? try PipelineOptions.place(command) : nil
        let folder = named?.data ?? command.value("data") ?? "data"
        let limit = try command.value("limit", form: "a number of rows") { Int($0) } ?? 1000
        if let sink = command.value("sink") { return try ask(sink, sql, limit, command) }
        let versions =
            try command.value("at", form: "a time such as 2026-01-31T12:00:00Z, or trades=12") {
                LakeVersions($0)
            } ?? .newest
        if let path = command.value("parquet") {
            return try writeParquet(sql, named?.lake ?? LakeFolder(TableAnswer.lakePath(folder)), versions, path)
        }
        let answer = try TableAnswer.ask(
            sql, folder, lake: named?.lake, asksPipeline: command.value("lake") == nil, at: versions,
            limit: limit == 0 ? .max : limit)
        return write(answer, command)
    }

    /// Asks the target of a sink.
    private static func ask(_ sink: String, _ sql: String, _ limit: Int, _ command: ParsedCommand) throws -> ExitCode {
        guard let file = command.value("config") else {
            throw UsageError("--sink is a sink of a pipeline", suggestion: "name the pipeline's file with --config")
        }
        for option in ["at", "lake", "parquet"] where command.value(option) != nil {
            throw UsageError("--\(option) is for the lake, not for --sink")
        }
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: file, overrides)
        let result = try TargetQueries.run(sql, sink: sink, of: configuration, rowsMax: limit == 0 ? .max : limit)
        return write(TableAnswer(result), command)
    }

    private static func write(_ answer: TableAnswer, _ command: ParsedCommand) -> ExitCode {
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
        _ sql: String, _ lake: LakeFolder, _ versions: LakeVersions, _ path: String
    ) throws -> ExitCode {
        // It writes a file, and so cannot be confined: the check alone keeps the query to reading.
        let connection = try LakeReader(
            lake.place, archive: lake.archive, at: versions, isConfined: false, for: sql
        ).connect()
        let sql = try PastTables.resolve(sql, on: connection, LakeReader.past(lake.place, archive: lake.archive))
        try ReadOnlySQL.check(sql, on: connection)
        let target = URL(filePath: path).standardizedFileURL
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

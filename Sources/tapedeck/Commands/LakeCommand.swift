internal import CommandLineKit
internal import Lake
internal import Platform

/// `tapedeck lake`: looks after the tables of a lake, also while a pipeline writes them.
struct LakeCommand: Command {
    private static let table = CommandSpec.Positional("TABLE", "the table; all of them unless given", required: false)
    private static let oneTable = CommandSpec.Positional("TABLE", "the table, for example trades")
    private static let dryRun = CommandSpec.Option(flag: "dry-run", "say what would be done, and do nothing")
    private static let archive = CommandSpec.Option(flag: "archive", "the archive in place of the lake")
    private static let json = CommandSpec.Option(flag: "json", "one JSON object per line")
    private static let from = CommandSpec.Option("from", "DATE", "only partitions from this date on")
    private static let to = CommandSpec.Option("to", "DATE", "only partitions up to this date")

    static let spec = CommandSpec(
        "lake", "Look after the tables of a lake: list, compact, clean, go back, check.",
        discussion: """
            Everything works on the Delta log and may run while a pipeline writes: where two change the same files, one of them \
            finds out and leaves the table as the other made it.
            """,
        subcommands: [
            CommandSpec(
                "ls", "Tables with versions, rows, files and sizes.",
                options: [PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake, archive, json],
                examples: [.init("tapedeck lake ls --data data/demo", "what is there")]),
            CommandSpec(
                "describe", "Columns, partitions, properties and progress of a table.", positionals: [oneTable],
                options: [PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake, archive],
                examples: [.init("tapedeck lake describe trades", "one table")]),
            CommandSpec(
                "history", "What was done to a table, the latest first.", positionals: [oneTable],
                options: [
                    PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake, archive,
                    .init("limit", "COUNT", default: "20", "commits at most"), json,
                ],
                examples: [.init("tapedeck lake history trades --limit 5", "the latest five commits")]),
            CommandSpec(
                "compact", "Make few large files of many small ones, sorted by instrument and time.",
                positionals: [table],
                options: [
                    PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake, from, to,
                    .init("target", "SIZE", default: "256MiB", "about how large a file becomes"),
                    .init(
                        "memory", "SIZE", default: "1GiB", "memory for rows; larger partitions are read several times"),
                    dryRun,
                ],
                examples: [
                    .init("tapedeck lake compact", "all tables"),
                    .init("tapedeck lake compact trades --to 2026-01-31", "one table up to a day"),
                ]),
            CommandSpec(
                "vacuum", "Remove files that no kept version needs, and what crashes left behind.",
                discussion: """
                    Files go that the newest version of a table does not have, a while after they were taken out of it: queries and \
                    earlier versions need them until then. Commits go, too, that a checkpoint of 30 days ago stands for.
                    """,
                positionals: [table],
                options: [
                    PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake,
                    .init(
                        "retain", "TIME", default: "7d",
                        "keep what was there this long ago; at least 1h without --force"),
                    .init(flag: "force", "allow a shorter --retain: queries that run may fail"), dryRun,
                ],
                examples: [.init("tapedeck lake vacuum --dry-run", "how much would go")]),
            CommandSpec(
                "restore", "Make an earlier version of a table the next one.",
                discussion: """
                    Rows that came since are taken out, and can be brought back the same way. Pipelines keep their progress: they do \
                    not write these rows again.
                    """,
                positionals: [oneTable],
                options: [
                    PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake,
                    .init("to", "VERSION", "a version's number, or a time such as 2026-01-31T12:00:00Z"),
                    dryRun,
                ],
                examples: [.init("tapedeck lake restore trades --to 12", "as it was after commit 12")]),
            CommandSpec(
                "expire", "Let go of partitions that are older than a date.", positionals: [oneTable],
                options: [
                    PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake,
                    .init("before", "DATE", "the first day that stays"),
                    dryRun,
                ],
                examples: [.init("tapedeck lake expire frames --before 2026-01-01", "frames of last year")]),
            CommandSpec(
                "widen", "Give columns the wider types that this version of the program has for them.",
                discussion: """
                    Files stay as they are, and are read as if they had the wider type; those that compaction puts together become wide. \
                    Afterwards only readers read the table that know the feature typeWidening of the Delta protocol.
                    """,
                positionals: [oneTable],
                options: [PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake, dryRun],
                examples: [.init("tapedeck lake widen trades --dry-run", "which columns")]),
            CommandSpec(
                "checkpoint", "Sum up the log, so that readers open the table faster.", positionals: [table],
                options: [PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake],
                examples: [.init("tapedeck lake checkpoint", "all tables")]),
            CommandSpec(
                "verify", "Check that every file is there and is what the log says.", positionals: [table],
                options: [
                    PipelineOptions.data, PipelineOptions.config, PipelineOptions.lake, archive,
                    .init(flag: "quick", "sizes and ends of files only, not every value"),
                ],
                examples: [.init("tapedeck lake verify", "exit code 1 where something is damaged")]),
            LakeArchiving.spec, LakeRebuilding.spec,
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        if command.path.last == "rebuild" { return try LakeRebuilding.run(command) }
        if command.path.last == "archive" { return try LakeArchiving.run(command) }
        var lake = try PipelineOptions.place(command).lake
        if ["ls", "describe", "history", "verify"].contains(command.path.last), command.flag("archive") {
            guard let archive = lake.archive else {
                throw UsageError(
                    "there is no archive", suggestion: "name the pipeline's file with --config, which says where it is")
            }
            lake = LakeFolder(archive)
        }
        switch command.path.last {
        case "ls": return try LakeListing.tables(lake, asJSON: command.flag("json"))
        case "describe": return try LakeListing.describe(try lake.open(command.positional("TABLE") ?? ""))
        case "history":
            let limit = try command.value("limit", form: "a count such as 10") { Int($0) } ?? 20
            let table = try lake.open(command.positional("TABLE") ?? "")
            return try LakeListing.history(table, limit: limit, asJSON: command.flag("json"))
        case "compact": return try LakeUpkeep.compact(lake, command)
        case "vacuum": return try LakeUpkeep.vacuum(lake, command)
        case "restore": return try LakeUpkeep.restore(lake, command)
        case "expire": return try LakeUpkeep.expire(lake, command)
        case "widen": return try LakeUpkeep.widen(lake, command)
        case "checkpoint": return try LakeUpkeep.checkpoint(lake, command)
        default: return try LakeUpkeep.verify(lake, command)
        }
    }
}

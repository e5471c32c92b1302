internal import CommandLineKit
internal import Lake
internal import Market
internal import Orchestration
internal import Platform

/// `tapedeck lake rebuild`: makes tables anew from what was received.
enum LakeRebuilding {
    static let spec = CommandSpec(
        "rebuild", "Make tables anew from the frames as received, and put right what differs.",
        discussion: """
            Decodes everything from the beginning of the journal again, with the decoders of this version, and compares the rows with \
            those of the lake, partition by partition. What differs is replaced, each table in one commit; the pipeline may run \
            meanwhile. `silver` is all that decoders make of frames, `gold` are bars and indicators; `all` is both. Rows that \
            others put into these partitions go; `tapedeck lake restore` brings them back.
            """,
        positionals: [
            .init("LAYER", "silver, gold or all"),
            .init("TABLE", "these tables of it only", required: false, repeats: true),
        ],
        options: [
            PipelineOptions.config, PipelineOptions.data,
            .init("from", "DATE", "only partitions from this date on; those of months as a whole"),
            .init("to", "DATE", "only partitions up to this date"),
            .init(flag: "dry-run", "say what differs, and change nothing"),
            .init(flag: "json", "one JSON object per partition"),
        ],
        examples: [
            .init("tapedeck lake rebuild silver --from 2026-01-01 --dry-run", "is silver what bronze makes?"),
            .init("tapedeck lake rebuild all --config crypto.yaml --from 2026-01-31 --to 2026-01-31", "one day"),
            .init("tapedeck lake rebuild gold bars --config crypto.yaml", "bars of all days"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: command.value("config"), overrides)
        let from = try LakeUpkeep.day("from", command) ?? LakeRebuild.allDays.lowerBound
        let to = try LakeUpkeep.day("to", command) ?? LakeRebuild.allDays.upperBound
        guard from <= to else { throw UsageError("--from \(from) is behind --to \(to)") }
        let rebuild = try LakeRebuild(configuration, tables: try tables(command), days: from...to)
        let bar = ProgressBar("Decoding", total: nil, unit: "records")
        defer { bar.finish() }
        let commits = !command.flag("dry-run")
        let outcomes = try rebuild.run(commits: commits) { step, done, total in
            bar.setLabel(step)
            bar.setTotal(total > 0 ? total : nil)
            bar.update(completed: done)
            return !Interrupt.shared.isRequested
        }
        bar.finish()
        guard let outcomes else { return .interrupted }
        if command.flag("json") { outcomes.forEach(writeJSON) } else { show(outcomes, commits: commits) }
        return .done
    }

    /// The tables that are asked for.
    private static func tables(_ command: ParsedCommand) throws -> [TableSchema] {
        let layer = command.positional("LAYER") ?? ""
        let known: [TableSchema]
        switch layer {
        case "all": known = LakeRebuild.tables
        case "silver": known = LakeRebuild.tables(of: .silver)
        case "gold": known = LakeRebuild.tables(of: .gold)
        default: throw UsageError("`\(layer)` is no layer that can be rebuilt", suggestion: "write silver, gold or all")
        }
        let names = command.positionals("TABLE")
        for name in names where !known.contains(where: { $0.name == name }) {
            throw UsageError(
                "there is no table `\(name)` in \(layer)",
                suggestion: "its tables are \(known.map(\.name).joined(separator: ", "))")
        }
        return names.isEmpty ? known : known.filter { names.contains($0.name) }
    }

    private static func show(_ outcomes: [LakeRebuild.Outcome], commits: Bool) {
        var table = TextTable(
            ["table", "partition", "rows now", "rows rebuilt", "result"],
            alignments: [.left, .left, .right, .right, .left])
        for outcome in outcomes {
            for partition in outcome.partitions where !partition.isSame {
                table.add([
                    outcome.table, partition.value, partition.rowsNow.map { Humanized.grouped($0) } ?? "unreadable",
                    Humanized.grouped(partition.rowsRebuilt), commits ? "replaced" : "DIFFERS",
                ])
            }
        }
        let partitions = outcomes.flatMap(\.partitions)
        let differing = partitions.filter { !$0.isSame }
        if !differing.isEmpty { Terminal.write(table.text(), to: 1) }
        let rows = partitions.reduce(Int64(0)) { $0 + $1.rowsRebuilt }
        Terminal.write(
            "\(Humanized.grouped(rows)) rows in \(partitions.count) partitions of "
                + "\(outcomes.count { !$0.partitions.isEmpty }) tables: "
                + (differing.isEmpty
                    ? "the same"
                    : "\(differing.count) \(commits ? "were replaced" : "would be replaced"), the others are the same")
                + "\n",
            to: 1)
        let archived = outcomes.reduce(0) { $0 + $1.archived.count }
        if archived > 0 { Terminal.write("\(archived) partitions are archived, and stay as they are\n", to: 1) }
    }

    private static func writeJSON(_ outcome: LakeRebuild.Outcome) {
        for partition in outcome.partitions {
            Terminal.write(
                "{\"table\":\(JSONText.quoted(outcome.table)),\"partition\":\(JSONText.quoted(partition.value)),"
                    + "\"rows_now\":\(partition.rowsNow.map { "\($0)" } ?? "null"),\"rows_rebuilt\":\(partition.rowsRebuilt),"
                    + "\"same\":\(partition.isSame),\"up_to\":\(outcome.upTo),"
                    + "\"version\":\(outcome.version.map { "\($0)" } ?? "null")}\n", to: 1)
        }
    }
}

internal import CommandLineKit
internal import Market
internal import Orchestration
internal import Platform

/// `tapedeck verify`: do journal, lake and targets hold the same?
struct VerifyCommand: Command {
    static let spec = CommandSpec(
        "verify", "Compare what journal, lake and targets hold, row by row, and fill targets anew where they differ.",
        discussion: """
            Reads the frames of the journal and of the lake, and every table of the lake and of the sinks bigquery, clickhouse, \
            objects and postgresql, up to where both sides say they are; nothing is changed, and the pipeline may run. Days that differ in number, \
            offsets or content of their rows are named; then the exit code is 1. Rows that a target did not take \
            (`tapedeck_rejected`) are missing there, and differ.

            --repair takes out of a target what lies behind the first difference of a table, and lets the pipeline \
            deliver it again: at once where it runs, else at its next start. Objects are repaired while it does not run; of \
            bigquery a table is taken away by hand, and filled anew. Buses (kafka, kinesis, pubsub) are not read back: what was \
            sent is forgotten there after a while, and known by its identity.
            """,
        positionals: [.init("PIPELINE", "the pipeline's YAML file")],
        options: [
            PipelineOptions.data, .init("tables", "LIST", "these tables only, for example trades,bars"),
            .init(flag: "repair", "let targets that differ be filled anew"),
            .init(flag: "json", "one JSON object per table"),
        ],
        examples: [
            .init("tapedeck verify pipelines/postgresql.yaml", "everything"),
            .init("tapedeck verify pipelines/postgresql.yaml --tables trades --repair", "one table, and mend it"),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: command.positional("PIPELINE"), overrides)
        let bar = ProgressBar("Comparing", total: nil, unit: "rows")
        defer { bar.finish() }
        var rows: Int64 = 0
        let outcomes: [Verification.Outcome]
        do {
            let verification = Verification(configuration, tables: try tables(command))
            outcomes = try verification.run(repairs: command.flag("repair")) { place, more in
                rows += more
                bar.setLabel("Comparing: \(place)")
                bar.update(completed: rows)
                return !Interrupt.shared.isRequested
            }
        } catch is CancellationError {
            return .interrupted
        }
        bar.finish()
        if command.flag("json") { outcomes.forEach(writeJSON) } else { show(outcomes) }
        return outcomes.allSatisfy(\.isSame) ? .done : .failed
    }

    /// The names of the tables that are asked for; none for all.
    private static func tables(_ command: ParsedCommand) throws -> [String] {
        let names = PipelineOptions.list(command.value("tables")) ?? []
        let known = Tables.all.map(\.name)
        for name in names where !known.contains(name) {
            throw UsageError(
                "--tables: there is no table `\(name)`",
                suggestion: Suggestion.nearest(to: name, among: known).map { "did you mean `\($0)`?" }
                    ?? "the tables are \(known.joined(separator: ", "))")
        }
        return names
    }

    private static func show(_ outcomes: [Verification.Outcome]) {
        var table = TextTable(
            ["lake and", "table", "rows", "up to offset", "result"], alignments: [.left, .left, .right, .right, .left])
        for outcome in outcomes {
            table.add([
                outcome.place, outcome.table, Humanized.grouped(outcome.rows),
                outcome.upTo < 0 ? "" : Humanized.grouped(outcome.upTo),
                outcome.problem ?? outcome.skipped
                    ?? (outcome.isSame
                        ? "same"
                        : outcome.differences.count == 1
                            ? "1 day DIFFERS" : "\(outcome.differences.count) days DIFFER"),
            ])
        }
        Terminal.write(table.text(), to: 1)
        for outcome in outcomes {
            for difference in outcome.differences {
                Terminal.write(
                    "\(outcome.place) \(outcome.table) \(CivilDate(daysSinceEpoch: difference.day)): "
                        + "\(Humanized.grouped(difference.found)) rows instead of \(Humanized.grouped(difference.expected)), "
                        + (difference.found == difference.expected ? "others" : "from offset \(difference.firstOffset)")
                        + "\n",
                    to: 1)
            }
            if let repair = outcome.repair { Terminal.write("\(outcome.place) \(outcome.table): \(repair)\n", to: 1) }
        }
    }

    private static func writeJSON(_ outcome: Verification.Outcome) {
        let days = outcome.differences.map {
            "{\"day\":\"\(CivilDate(daysSinceEpoch: $0.day))\",\"expected\":\($0.expected),\"found\":\($0.found),"
                + "\"first_offset\":\($0.firstOffset)}"
        }
        func text(_ value: String?) -> String { value.map { JSONText.quoted($0) } ?? "null" }
        Terminal.write(
            "{\"place\":\(text(outcome.place)),\"table\":\(text(outcome.table)),\"rows\":\(outcome.rows),"
                + "\"up_to\":\(outcome.upTo),\"same\":\(outcome.isSame),\"differences\":[\(days.joined(separator: ","))],"
                + "\"problem\":\(text(outcome.problem)),\"skipped\":\(text(outcome.skipped)),\"repair\":\(text(outcome.repair))}\n",
            to: 1)
    }
}

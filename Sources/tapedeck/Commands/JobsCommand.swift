internal import CommandLineKit
internal import Foundation
internal import Orchestration
internal import Platform

/// `tapedeck jobs`: what a pipeline does from time to time, and how that went.
struct JobsCommand: Command {
    private static let name = CommandSpec.Positional("JOB", "the job, for example compact")

    static let spec = CommandSpec(
        "jobs", "What a pipeline does from time to time: list, run now, read logs, hold back.",
        discussion: """
            Jobs are listed in the section `jobs` of the pipeline file and run while the pipeline does; see docs/jobs.md. \
            What this command changes, a running pipeline notices within a second.
            """,
        subcommands: [
            CommandSpec(
                "ls", "Jobs, when they run, and how the last run went.",
                options: [PipelineOptions.data, .init(flag: "json", "one JSON object per job")],
                examples: [.init("tapedeck jobs ls --data data/demo", "what is there")]),
            CommandSpec(
                "runs", "The runs of a job, the latest first.", positionals: [name],
                options: [PipelineOptions.data, .init("limit", "COUNT", default: "20", "runs at most")],
                examples: [.init("tapedeck jobs runs compact", "its last twenty runs")]),
            CommandSpec(
                "run", "Run a job now.", positionals: [name], options: [PipelineOptions.data],
                examples: [.init("tapedeck jobs run compact", "the running pipeline does it")]),
            CommandSpec(
                "logs", "The log of a job.", positionals: [name],
                options: [PipelineOptions.data, .init("lines", "COUNT", default: "50", "the last lines")],
                examples: [.init("tapedeck jobs logs models --lines 200", "what a command printed")]),
            CommandSpec(
                "pause", "Hold a job back, until `resume`.", positionals: [name], options: [PipelineOptions.data],
                examples: [.init("tapedeck jobs pause vacuum", "also over restarts")]),
            CommandSpec(
                "resume", "Let a job go on.", positionals: [name], options: [PipelineOptions.data],
                examples: [.init("tapedeck jobs resume vacuum", "from its next time on")]),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        let data = command.value("data") ?? "data"
        let folder = JobFolder(data: data)
        if command.path.last == "ls" { return list(folder, data, asJSON: command.flag("json")) }
        let name = command.positional("JOB") ?? ""
        guard let record = folder.record(name) else {
            throw UsageError(
                "there is no job `\(name)` in \(data)",
                suggestion: Suggestion.nearest(to: name, among: folder.names()).map { "did you mean `\($0)`?" }
                    ?? "jobs are known once the pipeline ran: \(folder.names().joined(separator: ", "))")
        }
        switch command.path.last {
        case "runs":
            let limit = try command.value("limit", form: "a count such as 10") { Int($0) } ?? 20
            showRuns(record, limit: limit)
        case "logs":
            let lines = try command.value("lines", form: "a count such as 50") { Int($0) } ?? 50
            let text = (try? String(contentsOfFile: folder.logPath(name), encoding: .utf8)) ?? ""
            for line in text.split(separator: "\n").suffix(max(0, lines)) { Terminal.write(line + "\n", to: 1) }
        case "run":
            guard ServerAddress.read(from: data) != nil else {
                throw UsageError(
                    "no pipeline runs on \(data)",
                    suggestion: "jobs run while a pipeline does; what looks after the lake is also in `tapedeck lake`")
            }
            try folder.setWanted(name, true)
            Terminal.write("\(name) runs; `tapedeck jobs logs \(name)` shows what it does\n", to: 1)
        case "pause": try folder.setPaused(name, true)
        default: try folder.setPaused(name, false)
        }
        return .done
    }

    private static func list(_ folder: JobFolder, _ data: String, asJSON: Bool) -> ExitCode {
        let now = Timestamp.now().nanoseconds
        let isRunning = ServerAddress.read(from: data) != nil
        var table = TextTable(["job", "what", "when", "state", "last run", "took", "result", "next"])
        for name in folder.names() {
            guard let record = folder.record(name) else { continue }
            let last = record.runs.last
            let state = record.state(isPaused: folder.isPaused(name))
            if asJSON {
                Terminal.write(json(name, record, state) + "\n", to: 1)
                continue
            }
            let next = record.retryNs ?? record.nextNs
            table.add([
                name, record.kind, record.time, state,
                last.map { "\(Humanized.duration(nanoseconds: now - $0.startedNs)) ago" } ?? "never",
                last.map { Humanized.duration(nanoseconds: $0.endedNs - $0.startedNs) } ?? "",
                last.map { "\($0.outcome): \($0.summary)" } ?? "",
                isRunning ? next.map { Timestamp(nanoseconds: $0).description } ?? "" : "once a pipeline runs",
            ])
        }
        guard !asJSON else { return .done }
        Terminal.write(
            folder.names().isEmpty ? "no pipeline has run jobs in \(data)\n" : table.text(width: width), to: 1)
        return .done
    }

    private static var width: Int? { Terminal.output.isInteractive ? Terminal.output.width() : nil }

    private static func json(_ name: String, _ record: JobRecord, _ state: String) -> String {
        func moment(_ ns: Int64?) -> String { ns.map { "\"\(Timestamp(nanoseconds: $0))\"" } ?? "null" }
        let last = record.runs.last
        return "{\"job\":\(JSONText.quoted(name)),\"kind\":\"\(record.kind)\",\"time\":\(JSONText.quoted(record.time)),"
            + "\"state\":\"\(state)\",\"started\":\(moment(last?.startedNs)),\"ended\":\(moment(last?.endedNs)),"
            + "\"outcome\":\(last.map { "\"\($0.outcome)\"" } ?? "null"),"
            + "\"summary\":\(last.map { JSONText.quoted($0.summary) } ?? "null"),\"done\":\(moment(record.doneNs)),"
            + "\"next\":\(moment(record.retryNs ?? record.nextNs))}"
    }

    private static func showRuns(_ record: JobRecord, limit: Int) {
        var table = TextTable(
            ["started", "took", "attempt", "outcome", "what"], alignments: [.left, .right, .right, .left, .left])
        for run in record.runs.suffix(max(0, limit)).reversed() {
            table.add([
                Timestamp(nanoseconds: run.startedNs).description,
                Humanized.duration(nanoseconds: run.endedNs - run.startedNs), "\(run.attempt + 1)", run.outcome,
                run.summary,
            ])
        }
        Terminal.write(table.text(width: width), to: 1)
    }
}

internal import CommandLineKit
internal import Orchestration
internal import Platform

/// `tapedeck backup`: copies of everything that a pipeline keeps, and the way back.
struct BackupCommand: Command {
    private static let target = CommandSpec.Positional("TARGET", "folder of the backups, on another disk")

    static let spec = CommandSpec(
        "backup", "Copy everything that a pipeline keeps, while it runs, and bring it back.",
        discussion: """
            A backup is a folder of its own below TARGET and itself a data folder: `tapedeck sql --data` asks it. Files that never \
            change are linked from the backup before, so that the next one takes little time and space.
            """,
        subcommands: [
            CommandSpec(
                "make", "Make a backup; the pipeline may run.", positionals: [target],
                options: [
                    PipelineOptions.data, PipelineOptions.config,
                    .init("keep", "COUNT", "backups that stay; all unless given"),
                ],
                examples: [
                    .init(
                        "tapedeck backup make /mnt/backup/crypto --data data/crypto --keep 7", "the latest seven stay")
                ]),
            CommandSpec(
                "ls", "The backups of a folder.", positionals: [target],
                examples: [.init("tapedeck backup ls /mnt/backup/crypto", "the oldest first")]),
            CommandSpec(
                "restore", "Copy a backup to a new data folder.",
                positionals: [.init("BACKUP", "one of those that `ls` shows")],
                options: [.init("data", "FOLDER", "a data folder that is new or empty")],
                examples: [
                    .init(
                        "tapedeck backup restore /mnt/backup/crypto/2026-01-31T020000.000Z --data data/crypto",
                        "then `tapedeck run` goes on from there")
                ]),
        ])

    static func run(_ command: ParsedCommand) throws -> ExitCode {
        switch command.path.last {
        case "make": return try make(command)
        case "ls":
            var table = TextTable(
                ["backup", "pipeline", "files", "size", "copied", "took"],
                alignments: [.left, .left, .right, .right, .right, .right])
            for (folder, report) in try Backup.list(command.positional("TARGET") ?? "") {
                table.add([
                    folder, report.pipeline, Humanized.grouped(Int64(report.files)), Humanized.bytes(report.bytes),
                    Humanized.bytes(report.copiedBytes),
                    Humanized.duration(nanoseconds: Int64(report.seconds * 1e9)),
                ])
            }
            Terminal.write(table.text(), to: 1)
            return .done
        default:
            guard let data = command.value("data") else {
                throw UsageError("--data is missing", suggestion: "name a data folder that is new or empty")
            }
            let report = try Backup.restore(command.positional("BACKUP") ?? "", to: data)
            Terminal.write(
                "\(report.files) files of \(Humanized.bytes(report.bytes)) in \(data), as at "
                    + "\(Timestamp(nanoseconds: report.startedNs))\n", to: 1)
            return .done
        }
    }

    private static func make(_ command: ParsedCommand) throws -> ExitCode {
        var overrides = PipelineConfiguration.Overrides()
        overrides.dataFolder = command.value("data")
        let configuration = try PipelineOptions.configuration(file: command.value("config"), overrides)
        let keep = try command.value("keep", form: "a count such as 7") { Int($0).flatMap { $0 > 0 ? $0 : nil } }
        let bar = ProgressBar("Copying", total: nil, unit: "bytes")
        defer { bar.finish() }
        let made = try Backup.make(
            Backup.Source(configuration), in: command.positional("TARGET") ?? "", keep: keep
        ) { bytes in
            bar.update(completed: bytes)
            return !Interrupt.shared.isRequested
        }
        bar.finish()
        guard let made else { return .interrupted }
        Terminal.write(
            "\(made.folder): \(made.report.files) files of \(Humanized.bytes(made.report.bytes)), "
                + "\(Humanized.bytes(made.report.copiedBytes)) copied in "
                + "\(Humanized.duration(nanoseconds: Int64(made.report.seconds * 1e9)))\n", to: 1)
        return .done
    }
}

internal import Platform

/// Makes backups.
struct BackupJob: Job {
    static let spec = Spec(
        "backup", "Copies everything that the pipeline keeps, while it runs; see docs/backup.md.",
        options: [
            .text("to", "Folder of the backups, on another disk."),
            .integer("keep", default: "7", "Backups that stay; older ones are removed."),
        ],
        example: """
            jobs:
              - backup: { to: /mnt/backup/crypto, keep: 7, cron: "0 2 * * *" }
            """)

    private let target: String
    private let keep: Int

    init(_ options: Options) throws(ConfigError) {
        target = options.text("to")
        keep = Int(max(1, min(100_000, options.integer("keep"))))
    }

    func run(_ context: JobContext) throws -> String {
        let source = Backup.Source(
            pipeline: context.pipeline, data: context.folder, journal: context.journal, lake: context.lake)
        guard let made = try Backup.make(source, in: target, keep: keep, progress: { _ in context.goesOn() }) else {
            throw JobStopped()
        }
        return "\(made.report.files) files of \(made.report.bytes) bytes in \(made.folder), "
            + "\(made.report.copiedBytes) bytes of them copied"
    }
}

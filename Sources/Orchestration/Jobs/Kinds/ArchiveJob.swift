internal import Lake
internal import Platform

/// Moves what is over into the archive.
struct ArchiveJob: Job {
    static let spec = Spec(
        "archive", "Moves days that are over into the archive that section `archive` names; see docs/archive.md.",
        options: [],
        example: """
            archive: { url: data/archive, after: 7d }
            jobs:
              - archive: { cron: "0 2 * * *" }
            """)

    init(_ options: Options) throws(ConfigError) {}

    func run(_ context: JobContext) throws -> String {
        guard let run = try context.archive() else { throw JobError(description: "the pipeline has no archive") }
        var (count, rows, bytes) = (0, Int64(0), Int64(0))
        for candidate in try run.candidates() {
            guard let outcome = try run.move(candidate, { _ in context.goesOn() }) else { throw JobStopped() }
            if outcome.isOutdated {
                context.log("\(candidate.table) \(outcome.partition): changed by others meanwhile, and left")
                continue
            }
            context.log("\(candidate.table) \(outcome.partition): \(outcome.rows) rows in \(outcome.files) files")
            count += 1
            rows += outcome.rows
            bytes += outcome.bytes
        }
        return count == 0 ? "nothing is over" : "\(count) partitions of \(rows) rows and \(bytes) bytes"
    }
}

internal import Lake
internal import Platform

/// Work that comes again: one file in `Kinds` and one line in `JobRegistry`.
///
/// - Threading: made on one thread, run on another, one run at a time.
protocol Job: Sendable {
    static var spec: Spec { get }
    init(_ options: Options) throws(ConfigError)

    /// Does the work.
    ///
    /// - Returns: what was done, in one line.
    /// - Throws: what went wrong; `JobStopped` where `goesOn` said so.
    func run(_ context: JobContext) throws -> String
}

/// What a run of a job may use.
struct JobContext: Sendable {
    let pipeline: String
    /// Data folder.
    let folder: String
    let lake: any LakePlace
    /// Opens the archive; nil where the pipeline has none.
    let archive: @Sendable () throws -> ArchiveRun?
    /// Folder of the journal.
    let journal: String
    /// Writes a line to the job's log.
    let log: @Sendable (String) -> Void
    /// False once the run is to end: its time is over, or the program ends.
    let goesOn: @Sendable () -> Bool
}

/// A run ended because it was told to.
struct JobStopped: Error {}

/// A run could not do what it was to do.
struct JobError: Error, CustomStringConvertible {
    let description: String
}

/// All kinds of jobs, in alphabetical order.
enum JobRegistry {
    private static let all: [any Job.Type] = [
        ArchiveJob.self, BackupJob.self, CommandJob.self, CompactJob.self, ExpireJob.self, VacuumJob.self,
        VerifyJob.self,
    ]

    /// What configuration, help and reference pages know: the options of each kind, and those of all.
    static let specs = all.map { type in
        Spec(
            type.spec.name, type.spec.summary, options: type.spec.options + JobPlan.options, example: type.spec.example)
    }

    /// - Throws: where options do not fit together.
    static func make(_ options: Options) throws(ConfigError) -> any Job {
        guard let type = all.first(where: { $0.spec.name == options.spec.name }) else {
            preconditionFailure("no job \(options.spec.name)")
        }
        return try type.init(options)
    }
}

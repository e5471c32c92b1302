internal import Lake
internal import Market
internal import Platform
internal import Serving
internal import Synchronization

/// The jobs of a pipeline.
extension Pipeline {
    static func jobs(_ configuration: PipelineConfiguration, _ store: HotStore) -> JobScheduler {
        let folder = JobFolder(data: configuration.dataFolder)
        let (pipeline, data, lake) = (configuration.name, configuration.dataFolder, store.lake)
        let journal = configuration.journal.path
        let archive: @Sendable () throws -> ArchiveRun? = {
            guard let settings = configuration.archive else { return nil }
            let place = try settings.place(scratch: configuration.dataFolder + "/archive-drafts")
            return try ArchiveRun(lake, place, settings, journal: journal, pipeline: pipeline)
        }
        return JobScheduler(
            configuration.jobs, folder: folder,
            context: { job, goesOn in
                JobContext(
                    pipeline: pipeline, folder: data, lake: lake, archive: archive, journal: journal,
                    log: { folder.log(job, $0) }, goesOn: goesOn)
            },
            rows: { [weak store] in
                guard let store else { return [:] }
                return Dictionary(uniqueKeysWithValues: news.map { ($0, store.committedOffset($0)) })
            })
    }

    /// Tables whose rows are a reason to run: the program's own grow all the time, and so do frames with them.
    private static let news = Set(Tables.all.map(\.name)).subtracting(Tables.program.map(\.name) + [Tables.frames.name])

    /// Lets the run that goes on end, and leaves it behind where that takes long: it is made up for at the next start.
    func awaitJobs() {
        guard let jobs = jobs.withLock({ $0 }) else { return }
        let watch = Stopwatch()
        while !jobs.hasEnded, watch.seconds < Self.jobSecondsMax { Pause.wait(ns: 5_000_000) }
    }

    /// How long an end waits for a job, in seconds.
    private static let jobSecondsMax = 2.0

    /// What the jobs say of themselves.
    var jobStatuses: [Status.Job] {
        guard let jobs = jobs.withLock({ $0 }) else { return [] }
        return jobs.plans.map { plan in
            var status = Status.Job()
            status.name = plan.name
            status.kind = plan.kind
            status.time = plan.timeText
            guard let record = jobs.record(plan.name) else { return status }
            status.nextNs = record.retryNs ?? record.nextNs ?? .min
            status.startedNs = record.runningNs ?? record.runs.last?.startedNs ?? .min
            status.doneNs = record.doneNs ?? .min
            if let last = record.runs.last {
                status.seconds = Double(last.endedNs - last.startedNs) / 1e9
                status.outcome = last.outcome
                status.detail = last.summary
            }
            status.state = record.state(isPaused: jobs.folder.isPaused(plan.name))
            return status
        }
    }
}

internal import Journaling
internal import Platform

extension PipelineConfiguration {
    /// The folder of a worker's partitions, in its data folder.
    var partitionsFolder: String { dataFolder + "/partitions" }

    /// What the pipeline of one partition does: the same, without feeds, under a name of its own, in a folder of its own.
    func partition(_ share: PartitionShare) -> PipelineConfiguration {
        let folder = "\(partitionsFolder)/\(share.partition)"
        let settings = JournalSettings(
            path: folder + "/journal", fsyncNs: journal.fsyncNs, segmentBytes: journal.segmentBytes, retainNs: nil,
            retainBytes: nil, topic: nil)
        return PipelineConfiguration(
            file: file, name: "\(name)-p\(share.partition)of\(share.partitioning.count)", dataFolder: folder, feeds: [],
            journal: settings, state: nil, bars: bars, indicators: indicators, latenessNs: latenessNs,
            calendars: calendars, sinks: sinks, archive: archive, budgets: budgets, jobs: [], diagnostics: nil,
            serve: serve, log: log)
    }
}

internal import Kafka
internal import Lake
internal import Objects
internal import Platform

/// What a worker is made of, checked.
struct WorkerSettings: Sendable {
    let configuration: PipelineConfiguration
    let topic: JournalTopic
    let client: KafkaSettings
    let states: any ObjectStore
    /// The lake of all workers.
    let lake: any LakePlace
    /// Called at each point that a flush of a partition passes; what it throws stops the flush there.
    let reached: @Sendable (FlushStep) throws(LakeError) -> Void

    private static let owned: [(name: String, text: String)] = [
        ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
        // The cooperative strategy of librdkafka before 2.3 ends the program where a consumer closes before it was
        // assigned anything; partitions that stay are kept open all the same.
        ("partition.assignment.strategy", "range"), ("isolation.level", "read_committed"),
        ("fetch.wait.max.ms", "20"), ("fetch.message.max.bytes", "4194304"),
        ("queued.max.messages.kbytes", "65536"),
    ]

    /// What holds where the user says nothing else: how long a worker that died keeps its partitions from the others.
    private static let defaults: [(name: String, usual: String, text: String)] = [
        ("session.timeout.ms", "45000", "10000"), ("heartbeat.interval.ms", "3000", "1000"),
    ]

    init(
        _ configuration: PipelineConfiguration,
        reached: @escaping @Sendable (FlushStep) throws(LakeError) -> Void = { _ throws(LakeError) in }
    ) throws {
        self.reached = reached
        guard let topic = configuration.journal.topic, let state = configuration.state else {
            throw PipelineError("a worker needs `journal: kafka:` and `state:` in the pipeline file")
        }
        guard configuration.namesLake else {
            throw PipelineError("a worker needs a lake that all workers write: add `sinks: [lake: { path: FOLDER }]`")
        }
        self.configuration = configuration
        self.topic = topic
        lake = try configuration.lakePlace(scratch: configuration.dataFolder + "/lake-drafts")
        states = try ObjectOptions.store(state)
        var client = try topic.settings(
            Self.owned + [
                ("group.id", topic.group ?? "tapedeck-\(configuration.name)"),
                ("fetch.max.bytes", "\(JournalTopic.messageBytesMax)"),
                ("receive.message.max.bytes", "\(JournalTopic.messageBytesMax + 1024)"),
            ])
        for setting in Self.defaults where client.value(setting.name) == setting.usual {
            try client.set(setting.name, setting.text)
        }
        self.client = client
    }

    func states(of share: PartitionShare) -> PartitionStates {
        PartitionStates(states, folder: "\(configuration.name)/\(topic.name)", share)
    }
}

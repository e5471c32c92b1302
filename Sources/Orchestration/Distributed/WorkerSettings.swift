internal import Kafka
internal import Objects
internal import Platform

/// What a worker is made of, checked.
struct WorkerSettings: Sendable {
    let configuration: PipelineConfiguration
    let topic: JournalTopic
    let client: KafkaSettings
    let states: any ObjectStore
    /// Folder of the lake of all workers.
    let lake: String

    private static let owned: [(name: String, text: String)] = [
        ("enable.auto.commit", "false"), ("enable.auto.offset.store", "false"), ("auto.offset.reset", "error"),
        ("partition.assignment.strategy", "cooperative-sticky"), ("isolation.level", "read_committed"),
        ("fetch.wait.max.ms", "20"), ("fetch.message.max.bytes", "4194304"),
        ("queued.max.messages.kbytes", "65536"),
    ]

    init(_ configuration: PipelineConfiguration) throws {
        guard let topic = configuration.journal.topic, let state = configuration.state else {
            throw PipelineError("a worker needs `journal: kafka:` and `state:` in the pipeline file")
        }
        guard let lake = configuration.namedLakePath else {
            throw PipelineError("a worker needs a lake that all workers write: add `sinks: [lake: { path: FOLDER }]`")
        }
        self.configuration = configuration
        self.topic = topic
        self.lake = lake
        states = try ObjectOptions.store(state)
        client = try topic.settings(
            Self.owned + [
                ("group.id", topic.group ?? "tapedeck-\(configuration.name)"),
                ("fetch.max.bytes", "\(JournalTopic.messageBytesMax)"),
                ("receive.message.max.bytes", "\(JournalTopic.messageBytesMax + 1024)"),
            ])
    }

    func states(of share: PartitionShare) -> PartitionStates {
        PartitionStates(states, folder: "\(configuration.name)/\(topic.name)", share)
    }
}

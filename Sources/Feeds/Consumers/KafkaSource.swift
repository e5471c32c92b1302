internal import Kafka
internal import Market
internal import Platform

/// Reads Kafka for one feed, for as long as it takes.
struct KafkaSource: FeedSource {
    let settings: KafkaFeedSettings
    /// What says how far earlier runs had come; nil where nothing does.
    let memory: (any FeedMemory)?

    init(_ settings: KafkaFeedSettings, memory: (any FeedMemory)?) {
        self.settings = settings
        self.memory = memory
    }

    func run(into output: any FeedOutput, status: FeedStatus) throws {
        guard let before = try ConsumedBefore.read(memory, output, status) else { return }
        let reader = KafkaReader(settings, before, sink: try output.sink(feed: status.name), output, status)
        var reconnect = Reconnect(Reconnect.Policy())
        while !output.isCancelled {
            do {
                try reader.run()
            } catch let error as KafkaError {
                guard error.isFatal else {
                    throw FeedError(.settings, error.message, operation: "kafka")
                }
                let waitNs = reconnect.nextNs(atLeast: 1_000_000_000)
                status.set(.degraded, "\(error); starting anew in \(waitNs / 1_000_000_000) s")
                Log.warning("feed degraded", ["feed": status.name, "detail": error.message])
                let watch = Stopwatch()
                while watch.elapsedNs < waitNs, !output.isCancelled { Pause.wait(ns: 20_000_000) }
            }
        }
    }
}

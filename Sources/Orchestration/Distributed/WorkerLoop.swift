internal import Foundation
internal import Kafka
internal import Platform
internal import Synchronization

/// The thread of a worker: is a member of the group, and hands messages to the partitions that it has.
final class WorkerLoop: @unchecked Sendable {  // what varies belongs to its thread, but for `shared`
    private let settings: WorkerSettings
    private let stopping = Atomic(false)
    private let batch = MessageBatch(capacity: 256)
    private var runners: [Int32: PartitionRunner] = [:]
    /// Partitions that were given back while members come and go, flushed and still open: most come back at once.
    private var resting: [Int32: PartitionRunner] = [:]
    /// What went wrong while the consumer was told something.
    private var failure: (any Error)?
    /// What others see.
    private let shared = Mutex(Shared())

    private struct Shared {
        var pipelines: [(partition: Int, pipeline: Pipeline, lag: Int64)] = []
        var isCurrent = false
        var failure: String?
    }

    private static let pollMs: Int32 = 20
    private static let answerMs: Int32 = 10_000
    private static let lookNs: Int64 = 20_000_000
    private static let secondNs: Int64 = 1_000_000_000
    private static let pauseNs: ClosedRange<Int64> = 200_000_000...30_000_000_000
    /// How long leaving the group may take, besides what the partitions take to end.
    private static let leaveMs: Int64 = 10_000

    init(_ settings: WorkerSettings) { self.settings = settings }

    /// Asks the thread to end in order.
    func stop() { stopping.store(true, ordering: .releasing) }

    private var isStopping: Bool { stopping.load(ordering: .acquiring) }

    /// Runs until stopped: what fails is tried again, from the newest states.
    func run() {
        var pauseNs = Self.pauseNs.lowerBound
        while !isStopping {
            let watch = Stopwatch()
            do {
                try work()
            } catch {
                note("\(error)")
                if watch.seconds > 60 { pauseNs = Self.pauseNs.lowerBound }
                let pause = Stopwatch()
                while pause.elapsedNs < pauseNs, !isStopping { Pause.wait(ns: 20_000_000) }
                pauseNs = min(pauseNs * 2, Self.pauseNs.upperBound)
            }
        }
    }

    /// Joins the group and works until the end, or until something fails.
    private func work() throws {
        failure = nil
        let consumer = try KafkaConsumer(settings.client, delegate: self)
        do {
            try consumer.subscribe([settings.topic.name])
            try read(consumer)
        } catch {
            batch.removeAll()
            endAll(consumer)
            consumer.abandon()
            throw error
        }
        batch.removeAll()
        endAll(consumer)
        if !consumer.close(timeoutMs: Self.leaveMs) { Log.warning("the group did not answer when the worker left it") }
    }

    private func read(_ consumer: KafkaConsumer) throws {
        var lookedNs: Int64 = 0
        var caredNs: Int64 = 0
        while !isStopping {
            consumer.poll(into: batch, timeoutMs: Self.pollMs)
            if isStopping { return }
            if let failure { throw failure }
            for index in 0..<batch.count { try take(batch[index]) }
            let nowNs = Stopwatch.monotonicNs()
            guard nowNs - lookedNs >= Self.lookNs else { continue }
            lookedNs = nowNs
            try look(consumer)
            guard nowNs - caredNs >= Self.secondNs else { continue }
            caredNs = nowNs
            if let error = consumer.fatalError { throw error }
            var isCurrent = !runners.isEmpty
            for runner in runners.values {
                guard let bounds = try? consumer.bounds(of: runner.name, timeoutMs: Self.answerMs / 10) else {
                    isCurrent = false
                    break
                }
                runner.end = bounds.upperBound
                runner.compareTargets()
                if runner.lag > 0 { isCurrent = false }
            }
            publish(isCurrent: isCurrent)
            commit(Array(runners.values), consumer)
        }
    }

    private func take(_ message: KafkaMessage) throws {
        guard message.isMessage else {
            guard let error = message.error, error.kind != .partitionEnd else { return }
            if error.kind == .noSuchOffset {
                throw PipelineError(
                    "\(message.partition.map { "\($0)" } ?? settings.topic.name) has no message where its state ends: "
                        + "\(error.message)")
            }
            return failed(error)
        }
        guard let runner = runners[message.source.partition] else { return }
        try runner.take(message)
    }

    private func look(_ consumer: KafkaConsumer) throws {
        for runner in runners.values {
            if let reason = runner.failure { throw PipelineError("\(runner.name): \(reason)") }
            switch runner.pauseChange() {
            case true?: try consumer.pause([runner.name])
            case false?: try consumer.resume([runner.name])
            case nil: break
            }
        }
    }

    /// Tells the group how far the states are: for those who look at its lag; nothing here reads it.
    private func commit(_ runners: [PartitionRunner], _ consumer: KafkaConsumer) {
        let due = runners.compactMap { $0.due() }
        if !due.isEmpty { try? consumer.commit(due) }
    }

    // MARK: Partitions

    private func open(_ name: TopicPartition, _ consumer: KafkaConsumer) throws -> PartitionRunner {
        let share = PartitionShare(Int(name.partition), of: settings.topic.partitions)
        let bounds = try consumer.bounds(of: name, timeoutMs: Self.answerMs)
        return try PartitionRunner(name, share, settings, bounds: bounds)
    }

    /// Ends all partitions in order.
    private func endAll(_ consumer: KafkaConsumer) {
        let ending = Array(runners.values) + Array(resting.values)
        runners = [:]
        resting = [:]
        Self.each(ending) { $0.stop() }
        commit(ending, consumer)
        publish()
    }

    /// Does something with pipelines, all at once, and waits for it.
    private static func each(_ runners: [PartitionRunner], _ body: @escaping @Sendable (Pipeline) -> Void) {
        let threads = runners.map(\.pipeline).map { pipeline in NamedThread("partition-end") { body(pipeline) } }
        for thread in threads { thread.join() }
    }

    // MARK: For others

    private func note(_ reason: String) {
        let isNew = shared.withLock { shared in
            defer { shared.failure = reason }
            return shared.failure != reason
        }
        if isNew { Log.error("the worker cannot go on; nothing is lost, trying again", ["reason": reason]) }
    }

    private func publish(isCurrent: Bool = false) {
        let pipelines = runners.values.map { ($0.share.partition, $0.pipeline, $0.lag) }.sorted { $0.0 < $1.0 }
        let works = failure == nil
        shared.withLock { shared in
            shared.pipelines = pipelines
            shared.isCurrent = isCurrent
            if works, !pipelines.isEmpty { shared.failure = nil }
        }
    }

    /// What the worker does now; from any thread.
    var state: WorkerState {
        let (pipelines, isCurrent, failure) = shared.withLock { ($0.pipelines, $0.isCurrent, $0.failure) }
        return WorkerState(
            partitions: pipelines.map {
                .init(partition: $0.partition, lagMessages: $0.lag, pipeline: $0.pipeline.status)
            },
            failure: failure, isCurrent: isCurrent)
    }

    func register(_ metrics: Metrics) {
        metrics.gauge("tapedeck_partitions", help: "Partitions that this worker has.") { [weak self] in
            Double(self?.shared.withLock { $0.pipelines.count } ?? 0)
        }
        metrics.gauges(
            "tapedeck_partition_lag", help: "Messages of the topic that the partition has not taken.",
            label: "partition"
        ) { [weak self] in
            self?.shared.withLock { $0.pipelines.map { ("\($0.partition)", Double($0.lag)) } } ?? []
        }
    }
}

extension WorkerLoop: KafkaConsumerDelegate {
    func assigned(_ names: [TopicPartition], to consumer: KafkaConsumer) -> [PartitionOffset] {
        let others = Array(resting.filter { rested in !names.contains { $0.partition == rested.key } }.values)
        for runner in others { resting[runner.name.partition] = nil }
        Self.each(others) { $0.stop() }
        var starts: [PartitionOffset] = []
        for name in names {
            do {
                guard failure == nil, !isStopping else { throw PipelineError("the worker ends") }
                let runner = try resting.removeValue(forKey: name.partition) ?? open(name, consumer)
                runners[name.partition] = runner
                starts.append(PartitionOffset(name, runner.next))
            } catch {
                failure = failure ?? error
                starts.append(PartitionOffset(name, PartitionOffset.end))
            }
        }
        if !names.isEmpty { Log.info("partitions were assigned", ["partitions": "\(names)"]) }
        publish()
        return starts
    }

    func revoked(_ names: [TopicPartition], from consumer: KafkaConsumer, isLost: Bool) {
        let leaving = names.compactMap { runners.removeValue(forKey: $0.partition) }
        // Whoever gets them next begins with what is stored and kept now.
        Self.each(leaving) { pipeline in
            if isLost || !pipeline.flush(unless: { pipeline.isStuck }) { pipeline.stop() }
        }
        commit(leaving, consumer)
        for runner in leaving where !runner.pipeline.isOver { resting[runner.name.partition] = runner }
        if !names.isEmpty { Log.info("partitions were given back", ["partitions": "\(names)", "lost": isLost]) }
        publish()
    }

    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) {}

    func failed(_ error: KafkaError) {
        if error.isFatal { failure = error }
        note(error.message)
    }
}

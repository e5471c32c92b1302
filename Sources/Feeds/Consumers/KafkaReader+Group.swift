internal import Kafka
internal import Platform

extension KafkaReader: KafkaConsumerDelegate {
    func assigned(_ names: [TopicPartition], to consumer: KafkaConsumer) -> [PartitionOffset] {
        partitions.forgetSources()
        var kept: [TopicPartition: PartitionOffset] = [:]
        do throws(KafkaError) {
            for offset in try consumer.committed(names, timeoutMs: Self.answerMs) where offset.error == nil {
                kept[offset.partition] = offset
            }
        } catch {
            // librdkafka asks again for partitions that the journal does not know.
            failed(error)
        }
        let starts = names.map { name in
            let number = partitions.number(of: name)
            let start = self.start(number, kept[name], consumer)
            partitions[number].isAssigned = true
            partitions[number].isAtEnd = false
            partitions[number].isAstray = false
            partitions[number].next = start >= 0 ? start : nil
            commits.assign(
                number, journaled: partitions[number].last.map { $0 + 1 },
                committed: kept[name].flatMap { $0.offset >= 0 ? $0.offset : nil })
            health.topics[name.topic] = nil
            return PartitionOffset(name, start)
        }
        health.partitions = partitions.assigned.count
        if !names.isEmpty {
            Log.info("partitions were assigned", ["feed": status.name, "partitions": "\(names)"])
        }
        return starts
    }

    private func start(_ number: Int, _ kept: PartitionOffset?, _ consumer: KafkaConsumer) -> Int64 {
        switch KafkaStart(journaled: partitions[number].last, committed: kept, origin: origin) {
        case .offset(let offset): return offset
        case .configured:
            guard kept != nil else { return PartitionOffset.stored }
            guard configuredStart == PartitionOffset.end else { return configuredStart }
            // The end of now, so that what comes before the first message is journaled is not skipped by a restart.
            let bounds = try? consumer.bounds(of: partitions[number].name, timeoutMs: Self.answerMs)
            return bounds?.upperBound ?? PartitionOffset.end
        }
    }

    func revoked(_ names: [TopicPartition], from consumer: KafkaConsumer, isLost: Bool) {
        if !isLost, failure == nil { handOver(names, consumer) }
        for name in names { partitions[partitions.number(of: name)].isAssigned = false }
        partitions.forgetSources()
        health.partitions = partitions.assigned.count
    }

    /// Lets the next owner of partitions go on behind all that was read here.
    private func handOver(_ names: [TopicPartition], _ consumer: KafkaConsumer) {
        do {
            if let progress = sink.progress { try sink.waitUntilDurable(progress.given) }
        } catch {
            failure = error
            return
        }
        settle()
        let names = Set(names)
        let offsets = due.filter { names.contains($0.partition) }
        guard !offsets.isEmpty else { return }
        do throws(KafkaError) {
            try commit(offsets, consumer)
            committed(offsets, nil)
        } catch {
            Log.warning(
                "the group does not keep the last offsets of partitions that were given back",
                ["feed": status.name, "reason": error.message])
        }
    }

    /// Commits, more than once where the group is between two assignments and may take it a moment later.
    private func commit(_ offsets: [PartitionOffset], _ consumer: KafkaConsumer) throws(KafkaError) {
        let watch = Stopwatch()
        while true {
            do {
                return try consumer.commitAndWait(offsets, timeoutMs: Self.answerMs / 2)
            } catch {
                guard error.kind == .rebalancing, watch.seconds < 1 else { throw error }
            }
            Pause.wait(ns: 100_000_000)
        }
    }

    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) {
        let reason = error ?? offsets.lazy.compactMap(\.error).first
        failedCommits = reason == nil ? 0 : failedCommits + 1
        if let reason, failedCommits == Self.failedCommitsMax {
            Log.warning("the group does not keep offsets", ["feed": status.name, "reason": reason.message])
        }
        health.commits = failedCommits >= Self.failedCommitsMax ? reason?.message : nil
        guard error == nil else { return }
        for offset in offsets where offset.error == nil {
            commits.commit(partitions.number(of: offset.partition), end: offset.offset)
        }
    }

    func failed(_ error: KafkaError) {
        if error.isFatal {
            failure = failure ?? error
            return
        }
        switch error.kind {
        // One broker alone may be gone for good; its reason is that of all when all are.
        case .connection: lastReason = error.message
        case .allBrokersDown: suspicion = suspicion ?? lastReason ?? error.message
        case .security: suspicion = error.message
        case .partitionEnd, .noSuchOffset, .topic, .timedOut, .rebalancing, .fenced, .message, .request, .other:
            Log.warning("Kafka", ["feed": status.name, "reason": error.message])
        }
    }
}

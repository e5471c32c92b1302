internal import CKafka
internal import Platform

/// What a consumer tells its owner, on the thread that polls or closes it.
public protocol KafkaConsumerDelegate: AnyObject, Sendable {
    /// Partitions are this consumer's from now on.
    ///
    /// - Returns: where to read each of them from.
    func assigned(_ partitions: [TopicPartition], to consumer: KafkaConsumer) -> [PartitionOffset]
    /// Partitions are another's from now on; offsets may still be committed here, unless `isLost`.
    func revoked(_ partitions: [TopicPartition], from consumer: KafkaConsumer, isLost: Bool)
    /// Offsets were kept as the group's, or not.
    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?)
    /// Something is wrong; librdkafka tries again by itself unless the error is fatal.
    func failed(_ error: KafkaError)
}

/// Reads topics as a member of a group.
///
/// - Threading: one thread polls, commits and closes.
@safe
public final class KafkaConsumer: @unchecked Sendable {  // one thread at a time, by contract
    private let client: KafkaClient
    private let queue: OpaquePointer
    private weak var delegate: (any KafkaConsumerDelegate)?
    private var isClosed = false

    /// Connects; needs `group.id` among the settings.
    ///
    /// - Throws: `KafkaError` where the settings are of no use.
    public init(_ settings: KafkaSettings, delegate: any KafkaConsumerDelegate) throws(KafkaError) {
        client = try KafkaClient(.consumer, settings)
        guard let queue = unsafe rd_kafka_queue_get_consumer(client.pointer) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "the settings lack `group.id`")
        }
        unsafe self.queue = unsafe queue
        self.delegate = delegate
        client.report(to: self)
    }

    deinit { abandon() }

    /// Joins the group for topics.
    public func subscribe(_ topics: [String]) throws(KafkaError) {
        let list = PartitionList(topics.map { PartitionOffset(TopicPartition($0, -1), PartitionOffset.stored) })
        try check(unsafe rd_kafka_subscribe(client.pointer, list.pointer))
    }

    /// Fills a batch with what there is; waits where there is nothing.
    public func poll(into batch: MessageBatch, timeoutMs: Int32) {
        unsafe batch.fill(from: queue, timeoutMs: timeoutMs)
    }

    /// Asks the group to keep offsets; the delegate is told what came of it.
    public func commit(_ offsets: [PartitionOffset]) throws(KafkaError) {
        let list = PartitionList(offsets)
        try check(unsafe rd_kafka_commit(client.pointer, list.pointer, 1))
    }

    /// Has the group keep offsets, and waits for that.
    public func commitAndWait(_ offsets: [PartitionOffset], timeoutMs: Int32) throws(KafkaError) {
        let list = PartitionList(offsets)
        guard let answers = unsafe rd_kafka_queue_new(client.pointer) else { return }
        defer { unsafe rd_kafka_queue_destroy(answers) }
        try check(unsafe rd_kafka_commit_queue(client.pointer, list.pointer, answers, nil, nil))
        guard let answer = unsafe rd_kafka_queue_poll(answers, timeoutMs) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "the group did not answer in time")
        }
        defer { unsafe rd_kafka_event_destroy(answer) }
        let status = unsafe rd_kafka_event_error(answer)
        if status != RD_KAFKA_RESP_ERR__NO_OFFSET { try check(status) }
    }

    /// The offsets that the group keeps; negative where it keeps none.
    public func committed(_ partitions: [TopicPartition], timeoutMs: Int32) throws(KafkaError) -> [PartitionOffset] {
        let list = PartitionList(partitions.map { PartitionOffset($0, -1) })
        try check(unsafe rd_kafka_committed(client.pointer, list.pointer, timeoutMs))
        return list.offsets
    }

    /// The first offset of a partition, and the one behind its last.
    public func bounds(of partition: TopicPartition, timeoutMs: Int32) throws(KafkaError) -> Range<Int64> {
        var low: Int64 = 0
        var high: Int64 = 0
        let status = unsafe rd_kafka_query_watermark_offsets(
            client.pointer, partition.topic, partition.partition, &low, &high, timeoutMs)
        try check(status)
        return low..<max(low, high)
    }

    /// Reads assigned partitions from other places on.
    public func restart(_ offsets: [PartitionOffset]) throws(KafkaError) {
        let list = PartitionList(offsets)
        if isCooperative {
            if let error = unsafe KafkaError(consuming: rd_kafka_incremental_unassign(client.pointer, list.pointer)) {
                throw error
            }
            if let error = unsafe KafkaError(consuming: rd_kafka_incremental_assign(client.pointer, list.pointer)) {
                throw error
            }
            return
        }
        if let error = unsafe KafkaError(consuming: rd_kafka_seek_partitions(client.pointer, list.pointer, 10_000)) {
            throw error
        }
    }

    /// Fetches nothing more of partitions; what was fetched and not polled is fetched again later.
    public func pause(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions.map { PartitionOffset($0, PartitionOffset.stored) })
        try check(unsafe rd_kafka_pause_partitions(client.pointer, list.pointer))
    }

    /// Fetches partitions again that were paused.
    public func resume(_ partitions: [TopicPartition]) throws(KafkaError) {
        let list = PartitionList(partitions.map { PartitionOffset($0, PartitionOffset.stored) })
        try check(unsafe rd_kafka_resume_partitions(client.pointer, list.pointer))
    }

    /// Asks any broker for a sign of life.
    public func ping(timeoutMs: Int32) throws(KafkaError) { try client.ping(timeoutMs: timeoutMs) }

    /// The error after which the consumer must be made anew.
    public var fatalError: KafkaError? { client.fatalError }

    /// Gives the partitions back, leaves the group and ends all connections; the delegate is told of the partitions.
    ///
    /// - Returns: false where the group did not answer in time.
    @discardableResult
    public func close(timeoutMs: Int64) -> Bool {
        guard !isClosed else { return true }
        defer { abandon() }
        let watch = Stopwatch()
        func isLate() -> Bool { watch.elapsedNs >= timeoutMs * 1_000_000 }
        // Whoever assigns or unassigns while librdkafka closes may wait without end (its issue 4884): partitions go first.
        guard unsafe rd_kafka_unsubscribe(client.pointer) == RD_KAFKA_RESP_ERR_NO_ERROR else { return false }
        while !serve() || hasPartitions { guard !isLate() else { return false } }
        let error = unsafe KafkaError(consuming: rd_kafka_consumer_close_queue(client.pointer, queue))
        guard error == nil else { return false }
        while unsafe rd_kafka_consumer_closed(client.pointer) == 0 {
            guard !isLate() else { return false }
            serve()
        }
        return true
    }

    /// Tells the delegate what there is to tell; a message that waits is thrown away, since its offset was not committed.
    ///
    /// - Returns: whether nothing waits any more.
    @discardableResult
    private func serve() -> Bool {
        guard let message = unsafe rd_kafka_consume_queue(queue, 20) else { return true }
        unsafe rd_kafka_message_destroy(message)
        return false
    }

    private var hasPartitions: Bool {
        var list: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>?
        guard unsafe rd_kafka_assignment(client.pointer, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list = unsafe list
        else { return false }
        defer { unsafe rd_kafka_topic_partition_list_destroy(list) }
        return unsafe list.pointee.cnt > 0
    }

    /// Ends all connections without a word to the group.
    public func abandon() {
        guard !isClosed else { return }
        isClosed = true
        unsafe rd_kafka_queue_destroy(queue)
        client.destroy()
    }

    private var isCooperative: Bool {
        unsafe rd_kafka_rebalance_protocol(client.pointer).map { unsafe String(cString: $0) } == "COOPERATIVE"
    }

    private func check(_ status: rd_kafka_resp_err_t) throws(KafkaError) {
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(status) }
    }
}

extension KafkaConsumer: KafkaClientEvents {
    func failed(_ error: KafkaError) {
        delegate?.failed(error.isFatal ? client.fatalError ?? error : error)
    }

    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) { delegate?.committed(offsets, error) }

    func assign(_ partitions: [PartitionOffset]) {
        let starts = delegate?.assigned(partitions.map(\.partition), to: self) ?? partitions
        let list = PartitionList(starts)
        if isCooperative {
            report(unsafe KafkaError(consuming: rd_kafka_incremental_assign(client.pointer, list.pointer)))
        } else {
            report(unsafe rd_kafka_assign(client.pointer, list.pointer))
        }
    }

    func revoke(_ partitions: [PartitionOffset]) {
        delegate?.revoked(
            partitions.map(\.partition), from: self, isLost: unsafe rd_kafka_assignment_lost(client.pointer) != 0)
        if isCooperative {
            let list = PartitionList(partitions)
            report(unsafe KafkaError(consuming: rd_kafka_incremental_unassign(client.pointer, list.pointer)))
        } else {
            report(unsafe rd_kafka_assign(client.pointer, nil))
        }
    }

    private func report(_ status: rd_kafka_resp_err_t) {
        report(status == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(status))
    }

    private func report(_ error: KafkaError?) { if let error { delegate?.failed(error) } }
}

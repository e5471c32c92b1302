internal import CKafka
internal import Platform

/// A topic that shall be there.
public struct KafkaTopic: Sendable {
    public let name: String
    public let partitions: Int
    /// Copies of each partition; nil leaves it to the cluster.
    public let copies: Int?
    /// Settings by Kafka's names, such as `cleanup.policy`.
    public let settings: [(name: String, text: String)]

    public init(_ name: String, partitions: Int, copies: Int?, settings: [(name: String, text: String)] = []) {
        self.name = name
        self.partitions = partitions
        self.copies = copies
        self.settings = settings
    }
}

extension KafkaTransactionalProducer {
    /// The topics of the cluster that can be seen, with their numbers of partitions.
    public func topics(timeoutMs: Int32) throws(KafkaError) -> [String: Int] {
        do throws(KafkaError) {
            return try client.topics(timeoutMs: timeoutMs)
        } catch {
            throw explained(error)
        }
    }

    /// Makes topics; one that is there already is left as it is.
    public func make(_ topics: [KafkaTopic], timeoutMs: Int32) throws(KafkaError) {
        try client.make(topics, timeoutMs: timeoutMs)
    }
}

extension KafkaClient {
    /// The topics of the cluster that can be seen, with their numbers of partitions.
    func topics(timeoutMs: Int32) throws(KafkaError) -> [String: Int] {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let status = unsafe rd_kafka_metadata(pointer, 1, nil, &metadata, timeoutMs)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR, let found = unsafe metadata else { throw KafkaError(status) }
        defer { unsafe rd_kafka_metadata_destroy(found) }
        var topics: [String: Int] = [:]
        for place in 0..<Int(unsafe found.pointee.topic_cnt) {
            let topic = unsafe found.pointee.topics[place]
            guard unsafe topic.err == RD_KAFKA_RESP_ERR_NO_ERROR, let name = unsafe topic.topic else { continue }
            topics[unsafe String(cString: name)] = Int(unsafe topic.partition_cnt)
        }
        return topics
    }

    /// Makes topics; one that is there already is left as it is.
    func make(_ topics: [KafkaTopic], timeoutMs: Int32) throws(KafkaError) {
        guard !topics.isEmpty else { return }
        var wanted: [OpaquePointer?] = unsafe []
        defer { unsafe rd_kafka_NewTopic_destroy_array(&wanted, wanted.count) }
        for topic in topics {
            let (made, reason) = unsafe ErrorText.collect { text, bytes in
                unsafe rd_kafka_NewTopic_new(
                    topic.name, Int32(clamping: topic.partitions), Int32(clamping: topic.copies ?? -1), text, bytes)
            }
            guard let made = unsafe made else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason) }
            unsafe wanted.append(made)
            for (name, text) in topic.settings { unsafe rd_kafka_NewTopic_set_config(made, name, text) }
        }
        guard let answers = unsafe rd_kafka_queue_new(pointer) else { return }
        defer { unsafe rd_kafka_queue_destroy(answers) }
        let options = unsafe rd_kafka_AdminOptions_new(pointer, RD_KAFKA_ADMIN_OP_CREATETOPICS)
        defer { unsafe rd_kafka_AdminOptions_destroy(options) }
        _ = unsafe ErrorText.collect { unsafe rd_kafka_AdminOptions_set_request_timeout(options, timeoutMs, $0, $1) }
        unsafe rd_kafka_CreateTopics(pointer, &wanted, wanted.count, options, answers)
        guard let answer = unsafe rd_kafka_queue_poll(answers, timeoutMs + 5000) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__TIMED_OUT, "the cluster did not answer")
        }
        defer { unsafe rd_kafka_event_destroy(answer) }
        try unsafe check(answer)
    }

    private func check(_ answer: OpaquePointer) throws(KafkaError) {
        let status = unsafe rd_kafka_event_error(answer)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else {
            throw KafkaError(status, unsafe rd_kafka_event_error_string(answer).map { unsafe String(cString: $0) })
        }
        var count = 0
        guard let results = unsafe rd_kafka_CreateTopics_result_topics(answer, &count) else { return }
        for place in 0..<count {
            let result = unsafe results[place]
            let code = unsafe rd_kafka_topic_result_error(result)
            guard code != RD_KAFKA_RESP_ERR_NO_ERROR, code != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS else { continue }
            let reason = unsafe rd_kafka_topic_result_error_string(result).map { unsafe String(cString: $0) }
            throw KafkaError(code, reason)
        }
    }
}

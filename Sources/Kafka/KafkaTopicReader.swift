internal import CKafka
internal import Platform

/// Reads all that a topic has now, without a group.
@safe
public struct KafkaTopicReader {
    private let settings: KafkaSettings

    /// - Parameter settings: of a client; that only what is committed is read is set here.
    public init(_ settings: KafkaSettings) throws(KafkaError) {
        var settings = settings
        try settings.set("isolation.level", "read_committed")
        try settings.set("enable.partition.eof", "true")
        self.settings = settings
    }

    /// Gives `body` every committed message, each partition in order.
    ///
    /// A transaction that is open holds back what was committed behind it: only when all that the partitions have by now was
    /// passed is this at the end.
    /// - Throws: where that takes longer than `timeoutMs`; where a partition cannot be read.
    public func read(
        _ topic: String, partitions: Int, timeoutMs: Int32, _ body: (KafkaMessage) -> Void
    ) throws(KafkaError) {
        let client = try KafkaClient(.consumer, settings)
        defer { client.destroy() }
        guard let queue = unsafe rd_kafka_queue_new(client.pointer),
            let handle = unsafe rd_kafka_topic_new(client.pointer, topic, nil)
        else { throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "`\(topic)` cannot be read") }
        defer {
            unsafe rd_kafka_topic_destroy(handle)
            unsafe rd_kafka_queue_destroy(queue)
        }
        for partition in 0..<Int32(partitions) {
            let status = unsafe rd_kafka_consume_start_queue(
                handle, partition, Int64(RD_KAFKA_OFFSET_BEGINNING), queue)
            guard status == 0 else { throw KafkaError(rd_kafka_last_error()) }
        }
        defer { for partition in 0..<Int32(partitions) { unsafe rd_kafka_consume_stop(handle, partition) } }
        var ends = [Int64?](repeating: nil, count: partitions)
        var isDone = [Bool](repeating: false, count: partitions)
        let batch = MessageBatch(capacity: 1000)
        defer { batch.removeAll() }
        let watch = Stopwatch()
        while isDone.contains(false) {
            guard watch.elapsedNs < Int64(timeoutMs) * 1_000_000 else {
                let isHeld = ends.contains { $0 != nil }
                throw KafkaError(
                    RD_KAFKA_RESP_ERR__TIMED_OUT,
                    isHeld
                        ? "a transaction of another program in `\(topic)` has not ended"
                        : "`\(topic)` could not be read to its end in time")
            }
            unsafe rd_kafka_poll(client.pointer, 0)
            unsafe batch.fill(from: queue, timeoutMs: 50)
            for place in 0..<batch.count {
                let message = batch[place]
                let partition = Int(message.source.partition)
                var next = message.offset
                if let error = message.error {
                    guard error.kind == .partitionEnd else { throw error }
                    if ends[partition] == nil { ends[partition] = Self.end(client, topic, message) }
                } else {
                    body(message)
                    next += 1
                }
                if let end = ends[partition], next >= end { isDone[partition] = true }
            }
        }
    }

    /// The offset behind the last message of a partition, committed or not, as the broker said when it was read from.
    private static func end(_ client: KafkaClient, _ topic: String, _ message: KafkaMessage) -> Int64 {
        var low: Int64 = 0
        var high: Int64 = 0
        let status = unsafe rd_kafka_get_watermark_offsets(
            client.pointer, topic, message.source.partition, &low, &high)
        return status == RD_KAFKA_RESP_ERR_NO_ERROR ? max(high, message.offset) : message.offset
    }
}

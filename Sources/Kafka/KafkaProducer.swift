internal import CKafka

/// Sends messages, batched by librdkafka; what waits is bounded by `queue.buffering.max.messages`.
///
/// - Threading: any thread.
public final class KafkaProducer: Sendable {
    private let client: KafkaClient

    /// - Throws: `KafkaError` where the settings are of no use.
    public init(_ settings: KafkaSettings) throws(KafkaError) { client = try KafkaClient(.producer, settings) }

    /// Puts a copy of a message into the queue; waits while it is full.
    ///
    /// - Parameters:
    ///   - partition: nil lets the key decide.
    ///   - value: nil makes a tombstone.
    public func send(
        _ value: UnsafeRawBufferPointer?, key: UnsafeRawBufferPointer? = nil, topic: String, partition: Int32? = nil,
        timeMs: Int64 = 0
    ) throws(KafkaError) {
        while true {
            let status = unsafe td_kafka_produce(
                client.pointer, topic, partition ?? -1, key?.baseAddress, key?.count ?? 0, value?.baseAddress,
                value?.count ?? 0, timeMs)
            if status == RD_KAFKA_RESP_ERR_NO_ERROR { return }
            guard status == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw KafkaError(status) }
            unsafe rd_kafka_poll(client.pointer, 10)
        }
    }

    /// Waits until everything was acknowledged by the brokers.
    public func flush(timeoutMs: Int32) throws(KafkaError) {
        let status = unsafe rd_kafka_flush(client.pointer, timeoutMs)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(status) }
    }
}

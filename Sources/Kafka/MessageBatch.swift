internal import CKafka

/// A message as librdkafka holds it, or an error in its place; valid as long as its batch is not filled again.
@safe
public struct KafkaMessage {
    private let pointer: UnsafeMutablePointer<rd_kafka_message_t>

    init(_ pointer: UnsafeMutablePointer<rd_kafka_message_t>) { unsafe self.pointer = unsafe pointer }

    /// Tells apart topics and partitions without text; the same for as long as the partition is assigned.
    public struct Source: Hashable, Sendable {
        let topic: UInt
        public let partition: Int32
    }

    public var source: Source {
        Source(topic: UInt(bitPattern: unsafe pointer.pointee.rkt), partition: unsafe pointer.pointee.partition)
    }

    /// Topic and partition; nil where an error is of none.
    public var partition: TopicPartition? {
        guard let topic = unsafe rd_kafka_topic_name(pointer.pointee.rkt) else { return nil }
        return TopicPartition(unsafe String(cString: topic), unsafe pointer.pointee.partition)
    }

    public var offset: Int64 { unsafe pointer.pointee.offset }

    /// What went wrong; nil where this is a message.
    public var error: KafkaError? {
        let code = unsafe pointer.pointee.err
        guard code != RD_KAFKA_RESP_ERR_NO_ERROR else { return nil }
        return KafkaError(code, unsafe rd_kafka_message_errstr(pointer).map { unsafe String(cString: $0) })
    }

    /// True where this is a message.
    public var isMessage: Bool { unsafe pointer.pointee.err == RD_KAFKA_RESP_ERR_NO_ERROR }

    /// The time that the producer or the broker gave it, in milliseconds since 1970 UTC; nil where it has none.
    public var timeMs: Int64? {
        var type = RD_KAFKA_TIMESTAMP_NOT_AVAILABLE
        let time = unsafe rd_kafka_message_timestamp(pointer, &type)
        return time < 0 ? nil : time
    }

    /// The value; nil where it is null.
    @unsafe public var value: UnsafeRawBufferPointer? {
        unsafe pointer.pointee.payload.map { unsafe UnsafeRawBufferPointer(start: $0, count: pointer.pointee.len) }
    }

    /// The value of the last header of a name, as text; nil where there is none.
    public func header(_ name: String) -> String? {
        var headers: OpaquePointer?
        var value: UnsafeRawPointer?
        var bytes = 0
        guard unsafe rd_kafka_message_headers(pointer, &headers) == RD_KAFKA_RESP_ERR_NO_ERROR,
            unsafe rd_kafka_header_get_last(headers, name, &value, &bytes) == RD_KAFKA_RESP_ERR_NO_ERROR
        else { return nil }
        return unsafe String(decoding: UnsafeRawBufferPointer(start: value, count: bytes), as: UTF8.self)
    }

    /// The key; nil where it is null.
    @unsafe public var key: UnsafeRawBufferPointer? {
        unsafe pointer.pointee.key.map { unsafe UnsafeRawBufferPointer(start: $0, count: pointer.pointee.key_len) }
    }
}

/// Messages that were polled together.
///
/// - Threading: one thread at a time.
@safe
public final class MessageBatch {
    let messages: UnsafeMutablePointer<UnsafeMutablePointer<rd_kafka_message_t>?>
    let capacity: Int
    /// Messages and errors held.
    public internal(set) var count = 0

    /// - Parameter capacity: messages at most.
    public init(capacity: Int) {
        precondition(capacity > 0)
        self.capacity = capacity
        unsafe messages = .allocate(capacity: capacity)
        unsafe messages.initialize(repeating: nil, count: capacity)
    }

    deinit {
        removeAll()
        unsafe messages.deallocate()
    }

    public subscript(index: Int) -> KafkaMessage {
        precondition(index < count)
        guard let message = unsafe messages[index] else { preconditionFailure("a batch holds what was polled") }
        return unsafe KafkaMessage(message)
    }

    /// Takes what a queue has, waiting where it has nothing.
    func fill(from queue: OpaquePointer, timeoutMs: Int32) {
        removeAll()
        // One call for many waits until the batch is full or the time is over: only the first message is waited for.
        guard let first = unsafe rd_kafka_consume_queue(queue, timeoutMs) else { return }
        unsafe messages[0] = unsafe first
        count = 1
        guard capacity > 1 else { return }
        count += max(0, unsafe rd_kafka_consume_batch_queue(queue, 0, messages + 1, capacity - 1))
    }

    /// Gives the messages back to librdkafka.
    public func removeAll() {
        for index in 0..<count { unsafe rd_kafka_message_destroy(messages[index]) }
        count = 0
    }
}

internal import CKafka
internal import Platform

/// Sends messages to partitions of its owner's choice: each once and in order, as long as the producer lives.
///
/// A message that is given up ends it: the owner begins anew with another one, behind what it knows to have arrived.
/// - Source: librdkafka's INTRODUCTION.md, "Idempotent Producer".
/// - Threading: one thread at a time.
@safe
public final class KafkaIdempotentProducer: @unchecked Sendable {  // one thread at a time, by contract
    private let client: KafkaClient
    private var isClosed = false
    /// What librdkafka said last of a broker or of itself; it tries again by itself.
    public private(set) var problem: KafkaError?
    /// Why a message was given up.
    private var givenUp: KafkaError?

    /// - Throws: `KafkaError` where the settings are of no use.
    public init(_ settings: KafkaSettings) throws(KafkaError) {
        var settings = settings
        try settings.set("enable.idempotence", "true")
        // Who is not told of every delivery needs no work for each.
        try settings.set("delivery.report.only.error", "true")
        client = try KafkaClient(.producer, settings)
        client.report(to: self)
    }

    deinit { close() }

    /// The topics of the cluster that can be seen, with their numbers of partitions.
    public func topics(timeoutMs: Int32) throws(KafkaError) -> [String: Int] {
        do throws(KafkaError) {
            return try client.topics(timeoutMs: timeoutMs)
        } catch {
            serve()
            throw client.fatalError ?? error.explained(by: problem)
        }
    }

    /// Makes topics; one that is there already is left as it is.
    public func make(_ topics: [KafkaTopic], timeoutMs: Int32) throws(KafkaError) {
        try client.make(topics, timeoutMs: timeoutMs)
    }

    /// Puts a copy of a message into the queue.
    ///
    /// - Returns: false where the queue is full; `wait` and try again.
    /// - Throws: why an earlier message was given up, or why this one is not taken.
    public func send(
        _ value: UnsafeRawBufferPointer, key: UnsafeRawBufferPointer, topic: String, partition: Int
    ) throws(KafkaError) -> Bool {
        try check()
        let status = unsafe td_kafka_produce(
            client.pointer, topic, Int32(partition), key.baseAddress, key.count, value.baseAddress, value.count, 0)
        if status == RD_KAFKA_RESP_ERR__QUEUE_FULL { return false }
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw client.fatalError ?? KafkaError(status) }
        return true
    }

    /// Waits for a while that something moves.
    ///
    /// - Throws: why a message was given up.
    public func wait(milliseconds: Int32) throws(KafkaError) {
        unsafe rd_kafka_poll(client.pointer, milliseconds)
        try check()
    }

    /// Waits until the brokers have all messages, or time is over.
    ///
    /// - Returns: whether they have.
    /// - Throws: why a message was given up.
    public func flush(timeoutMs: Int32) throws(KafkaError) -> Bool {
        let status = unsafe rd_kafka_flush(client.pointer, timeoutMs)
        try check()
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { return false }
        problem = nil
        return true
    }

    private func serve() { while unsafe rd_kafka_poll(client.pointer, 0) > 0 {} }

    private func check() throws(KafkaError) {
        if let fatal = client.fatalError { throw fatal }
        if let givenUp { throw givenUp }
    }

    /// Ends all threads and connections; what waits is given up.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe rd_kafka_purge(client.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        client.destroy()
    }
}

extension KafkaIdempotentProducer: KafkaClientEvents {
    func failed(_ error: KafkaError) { problem = error.isFatal ? client.fatalError ?? error : error }
    func undelivered(_ error: KafkaError) { givenUp = givenUp ?? error }
}

internal import CKafka
internal import Platform

/// Sends messages in transactions: those of one are visible together or not at all, to consumers that read only what is
/// committed.
///
/// Errors are dealt with as librdkafka asks: what is retriable is asked again for some time; where a transaction must be
/// aborted, or the outcome is not known, the owner aborts it and begins with a new producer, whose `start` ends whatever the
/// old one left open and keeps it from doing any more.
/// - Source: `rdkafka.h`, "Transactional producer API".
/// - Threading: one thread at a time.
@safe
public final class KafkaTransactionalProducer: @unchecked Sendable {  // one thread at a time, by contract
    let client: KafkaClient
    private var topics: [String: TopicHandle] = [:]
    private var isClosed = false
    /// What librdkafka said last of a broker or of itself; it tries again by itself.
    private var problem: KafkaError?
    /// Why a message of this transaction was given up.
    private var givenUp: KafkaError?
    private let headerText = Column<UInt8>()

    /// How long a commit is asked for again where nothing is known to be wrong: what a transaction may take.
    private static let retryNs: Int64 = 60_000_000_000
    /// How long one question for a commit waits; what librdkafka has to tell of brokers is taken between two.
    private static let commitMs: Int32 = 500

    /// Makes the client; needs `transactional.id` among the settings.
    public init(_ settings: KafkaSettings) throws(KafkaError) {
        var settings = settings
        // Who is not told of every delivery needs no work for each.
        try settings.set("delivery.report.only.error", "true")
        client = try KafkaClient(.producer, settings)
        client.report(to: self)
    }

    deinit { close() }

    /// Ends what older producers of the same name left open, and keeps them from going on.
    public func start(timeoutMs: Int32) throws(KafkaError) {
        try retrying(ns: Int64(timeoutMs) * 1_000_000) {
            unsafe KafkaError(consuming: rd_kafka_init_transactions(client.pointer, timeoutMs))
        }
        problem = nil
    }

    /// Begins a transaction.
    public func begin() throws(KafkaError) {
        givenUp = nil
        try retrying(ns: 0) { unsafe KafkaError(consuming: rd_kafka_begin_transaction(client.pointer)) }
    }

    /// Makes the transaction's messages visible. Waits as long as the transaction may take.
    ///
    /// - Parameter stallNs: how long brokers may be out of reach.
    /// - Throws: an error after which it is not known what became of them, unless it `isAbortable`.
    public func commit(stallNs: Int64) throws(KafkaError) {
        try retrying(ns: Self.retryNs, stallNs: stallNs) {
            unsafe KafkaError(consuming: rd_kafka_commit_transaction(client.pointer, Self.commitMs))
        }
        problem = nil
    }

    /// Gives up the transaction.
    ///
    /// - Returns: false where that could not be said to the cluster; the next producer's `start` does it then.
    @discardableResult
    public func abort(timeoutMs: Int32) -> Bool {
        unsafe KafkaError(consuming: rd_kafka_abort_transaction(client.pointer, timeoutMs)) == nil
    }

    /// Asks again while that can help: for `ns` at most, and for `stallNs` where a broker is known to be out of reach.
    private func retrying(
        ns: Int64, stallNs: Int64 = .max, _ call: () -> KafkaError?
    ) throws(KafkaError) {
        let watch = Stopwatch()
        while let error = call() {
            serve()
            if let fatal = client.fatalError { throw fatal }
            if let givenUp, !givenUp.isGivenUpWithOthers { throw givenUp }
            guard error.isRetriable, watch.elapsedNs < (problem == nil ? ns : min(ns, stallNs)) else {
                throw error.isRetriable ? error.explained(by: problem) : error
            }
            Pause.wait(ns: 50_000_000)
        }
    }

    /// An error with what librdkafka told of its cause.
    func explained(_ error: KafkaError) -> KafkaError {
        serve()
        return client.fatalError ?? error.explained(by: problem)
    }

    /// Takes what librdkafka has to tell.
    private func serve() { while unsafe rd_kafka_poll(client.pointer, 0) > 0 {} }

    // MARK: Messages

    /// Puts messages into the queue, each with a header of the name `header`; waits while it is full.
    ///
    /// - Parameters:
    ///   - prefix: begins the header's value.
    ///   - suffix: ends it.
    ///   - stallNs: how long nothing may move while the queue is full.
    public func send(
        _ messages: OutgoingMessages, to topic: String, header: String, prefix: String, suffix: String, stallNs: Int64
    ) throws(KafkaError) {
        let handle = try self.topic(topic)
        let (prefixBytes, suffixBytes) = (prefix.utf8.count, suffix.utf8.count)
        headerText.reserve(prefixBytes + suffixBytes + 60)
        var stall = Stall(ns: stallNs)
        var sent = 0
        while sent < messages.count {
            var status = RD_KAFKA_RESP_ERR_NO_ERROR
            sent += unsafe header.withCString { name in
                unsafe prefix.withCString { prefix in
                    unsafe suffix.withCString { suffix in
                        var form = unsafe td_kafka_header(
                            name: name, prefix: prefix, suffix: suffix, prefix_bytes: prefixBytes,
                            suffix_bytes: suffixBytes,
                            text: UnsafeMutableRawPointer(headerText.pointer).assumingMemoryBound(to: CChar.self))
                        return unsafe td_kafka_send(
                            client.pointer, handle.pointer,
                            UnsafeRawPointer(messages.values.pointer).assumingMemoryBound(to: CChar.self),
                            UnsafeRawPointer(messages.keys.pointer).assumingMemoryBound(to: CChar.self),
                            messages.entries.pointer + sent, messages.count - sent, &form, &status)
                    }
                }
            }
            guard status != RD_KAFKA_RESP_ERR_NO_ERROR else { break }
            guard status == RD_KAFKA_RESP_ERR__QUEUE_FULL else { throw reason(KafkaError(status)) }
            unsafe rd_kafka_poll(client.pointer, 10)
            try look(&stall)
        }
    }

    /// Puts a copy of one message into the queue.
    public func send(_ value: String, key: String, to topic: String) throws(KafkaError) {
        var (key, value) = (key, value)
        let status = key.withUTF8 { key in
            value.withUTF8 { value in
                unsafe td_kafka_produce(
                    client.pointer, topic, -1, key.baseAddress, key.count, value.baseAddress, value.count, 0)
            }
        }
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw reason(KafkaError(status)) }
    }

    /// The error behind one that says only that the producer can no more.
    private func reason(_ error: KafkaError) -> KafkaError {
        serve()
        return client.fatalError ?? givenUp ?? error
    }

    /// Waits until the brokers have all messages.
    ///
    /// - Parameter stallNs: how long nothing may move.
    /// - Throws: why a message was given up; that nothing moves.
    public func flush(stallNs: Int64) throws(KafkaError) {
        var stall = Stall(ns: stallNs)
        while unsafe rd_kafka_flush(client.pointer, 100) != RD_KAFKA_RESP_ERR_NO_ERROR { try look(&stall) }
        guard let givenUp else { return }
        // Of a transaction that failed all messages are given up: its state says why.
        if givenUp.isGivenUpWithOthers,
            let reason = unsafe KafkaError(consuming: rd_kafka_commit_transaction(client.pointer, 1000))
        {
            throw reason
        }
        throw givenUp
    }

    private struct Stall {
        let ns: Int64
        var waiting = Int32.max
        var watch = Stopwatch()
    }

    private func look(_ stall: inout Stall) throws(KafkaError) {
        if let fatal = client.fatalError { throw fatal }
        let waiting = unsafe rd_kafka_outq_len(client.pointer)
        if waiting < stall.waiting {
            stall.waiting = waiting
            stall.watch = Stopwatch()
        }
        guard stall.watch.elapsedNs < stall.ns else {
            throw givenUp
                ?? KafkaError(
                    RD_KAFKA_RESP_ERR__TIMED_OUT, "no message was acknowledged for \(stall.ns / 1_000_000_000) s"
                ).explained(by: problem)
        }
    }

    /// The handle of a topic, which is kept.
    private func topic(_ name: String) throws(KafkaError) -> TopicHandle {
        if let known = topics[name] { return known }
        let handle = try TopicHandle(client, name)
        topics[name] = handle
        return handle
    }

    /// Ends all threads and connections; what waits is given up.
    public func close() {
        guard !isClosed else { return }
        isClosed = true
        unsafe rd_kafka_purge(client.pointer, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT)
        topics = [:]
        client.destroy()
    }
}

extension KafkaTransactionalProducer: KafkaClientEvents {
    func failed(_ error: KafkaError) { problem = error.isFatal ? client.fatalError ?? error : error }
    func undelivered(_ error: KafkaError) {
        if givenUp?.isGivenUpWithOthers ?? true { givenUp = error }
    }
}

extension KafkaError {
    /// A message was given up because others were.
    var isGivenUpWithOthers: Bool {
        [RD_KAFKA_RESP_ERR__PURGE_QUEUE, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT].contains { $0.rawValue == code }
    }

    /// The same with the reason that another one has.
    func explained(by cause: KafkaError?) -> KafkaError {
        guard let cause else { return self }
        let code = [.security, .request, .fenced].contains(cause.kind) ? cause.code : code
        return KafkaError(code: code, "\(cause.message) (\(message))", isFatal: isFatal, isRetriable: isRetriable)
    }
}

/// A topic in the terms of one client, which must outlive it.
@safe
final class TopicHandle {
    let pointer: OpaquePointer

    init(_ client: KafkaClient, _ name: String) throws(KafkaError) {
        guard let pointer = unsafe rd_kafka_topic_new(client.pointer, name, nil) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "`\(name)` cannot be a topic")
        }
        unsafe self.pointer = unsafe pointer
    }

    deinit { unsafe rd_kafka_topic_destroy(pointer) }
}

internal import CKafka
internal import Platform

/// What a client's threads report; called while it is polled, but for `log`, which any thread calls.
protocol KafkaClientEvents: AnyObject, Sendable {
    func failed(_ error: KafkaError)
    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?)
    func assign(_ partitions: [PartitionOffset])
    func revoke(_ partitions: [PartitionOffset])
    /// A message was given up.
    func undelivered(_ error: KafkaError)
}

extension KafkaClientEvents {
    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) {}
    func assign(_ partitions: [PartitionOffset]) {}
    func revoke(_ partitions: [PartitionOffset]) {}
    func undelivered(_ error: KafkaError) {}
}

/// One client of librdkafka with its threads and connections.
///
/// - Threading: what it reports comes on the thread that polls it.
@safe
final class KafkaClient: @unchecked Sendable {  // librdkafka's handles may be used by any thread
    enum Role { case producer, consumer }

    private var handle: OpaquePointer?
    /// What callbacks lead to; retained for as long as they can come.
    private let events: Unmanaged<EventBox>

    /// Holds the receiver of events weakly: it owns the client.
    private final class EventBox {
        weak var receiver: (any KafkaClientEvents)?
    }

    /// - Throws: `KafkaError` where the settings are of no use together, a certificate cannot be read.
    init(_ role: Role, _ settings: KafkaSettings) throws(KafkaError) {
        let box = EventBox()
        unsafe events = .passRetained(box)
        let configuration = try unsafe settings.makeConfiguration()
        unsafe rd_kafka_conf_set_opaque(configuration, events.toOpaque())
        unsafe Self.setCallbacks(configuration, role)
        let type = role == .producer ? RD_KAFKA_PRODUCER : RD_KAFKA_CONSUMER
        let (handle, reason) = unsafe ErrorText.collect { unsafe rd_kafka_new(type, configuration, $0, $1) }
        guard let handle = unsafe handle else {
            unsafe rd_kafka_conf_destroy(configuration)
            unsafe events.release()
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, reason)
        }
        unsafe self.handle = handle
        if role == .consumer { unsafe rd_kafka_poll_set_consumer(handle) }
    }

    deinit { destroy() }

    /// librdkafka's handle.
    ///
    /// - Precondition: the client was not destroyed.
    @unsafe var pointer: OpaquePointer {
        guard let handle = unsafe handle else { preconditionFailure("the client was destroyed") }
        return unsafe handle
    }

    func report(to receiver: any KafkaClientEvents) { unsafe events.takeUnretainedValue().receiver = receiver }

    /// Ends all threads and connections, without leaving a group or sending what waits.
    func destroy() {
        guard let handle = unsafe handle else { return }
        unsafe self.handle = nil
        unsafe rd_kafka_destroy_flags(handle, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)
        unsafe events.release()
    }

    /// Asks any broker for the list of brokers.
    ///
    /// - Throws: `KafkaError` where none answers in time.
    func ping(timeoutMs: Int32) throws(KafkaError) {
        var metadata: UnsafePointer<rd_kafka_metadata>?
        let status = unsafe rd_kafka_metadata(pointer, 0, nil, &metadata, timeoutMs)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(status) }
        unsafe rd_kafka_metadata_destroy(metadata)
    }

    /// The error that made the client useless; nil where there is none.
    var fatalError: KafkaError? {
        let (code, reason) = unsafe ErrorText.collect { unsafe rd_kafka_fatal_error(pointer, $0, $1) }
        return code == RD_KAFKA_RESP_ERR_NO_ERROR
            ? nil : KafkaError(code: code.rawValue, reason.isEmpty ? KafkaError.text(code) : reason, isFatal: true)
    }

    // MARK: Callbacks

    private static func receiver(_ opaque: UnsafeMutableRawPointer?) -> (any KafkaClientEvents)? {
        unsafe opaque.flatMap { unsafe Unmanaged<EventBox>.fromOpaque($0).takeUnretainedValue().receiver }
    }

    private static func setCallbacks(_ configuration: OpaquePointer?, _ role: Role) {
        unsafe rd_kafka_conf_set_error_cb(configuration) { handle, code, reason, opaque in
            let code = rd_kafka_resp_err_t(rawValue: code)
            let text = unsafe reason.map { unsafe String(cString: $0) }
            unsafe KafkaClient.receiver(opaque)?.failed(KafkaError(code, text))
        }
        unsafe rd_kafka_conf_set_log_cb(configuration) { handle, level, facility, text in
            let text = unsafe text.map { unsafe String(cString: $0) } ?? ""
            let fields: KeyValuePairs<String, any Sendable> = ["text": text]
            // What matters also comes as an error; these lines are for those who look for its cause.
            level <= 3 ? Log.info("librdkafka", fields) : Log.debug("librdkafka", fields)
        }
        if role == .producer {
            unsafe rd_kafka_conf_set_dr_msg_cb(configuration) { handle, message, opaque in
                guard let code = unsafe message?.pointee.err, code != RD_KAFKA_RESP_ERR_NO_ERROR else { return }
                unsafe KafkaClient.receiver(opaque)?.undelivered(KafkaError(code))
            }
        }
        guard role == .consumer else { return }
        unsafe rd_kafka_conf_set_offset_commit_cb(configuration) { handle, code, list, opaque in
            guard code != RD_KAFKA_RESP_ERR__NO_OFFSET else { return }
            let error = code == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(code)
            unsafe KafkaClient.receiver(opaque)?.committed(PartitionList.offsets(list), error)
        }
        unsafe rd_kafka_conf_set_rebalance_cb(configuration) { handle, code, list, opaque in
            let receiver = unsafe KafkaClient.receiver(opaque)
            switch code {
            case RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS where receiver != nil:
                unsafe receiver?.assign(PartitionList.offsets(list))
            case RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS where receiver != nil:
                unsafe receiver?.revoke(PartitionList.offsets(list))
            default: unsafe rd_kafka_assign(handle, nil)
            }
        }
    }
}

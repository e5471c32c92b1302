internal import CKafka

/// What Kafka or librdkafka says went wrong.
public struct KafkaError: Error, Sendable, Equatable, CustomStringConvertible {
    /// librdkafka's number: negative for its own errors, positive for the broker's.
    public let code: Int32
    /// The reason in words.
    public let message: String
    /// The client cannot go on and must be made anew.
    public let isFatal: Bool
    /// What was asked may be asked again as it is.
    public let isRetriable: Bool
    /// The transaction must be aborted.
    public let isAbortable: Bool

    public init(
        code: Int32, _ message: String, isFatal: Bool = false, isRetriable: Bool = false, isAbortable: Bool = false
    ) {
        self.code = code
        self.message = message
        self.isFatal = isFatal
        self.isRetriable = isRetriable
        self.isAbortable = isAbortable
    }

    /// Something that does not fit what was asked for.
    public static func unfit(_ message: String) -> KafkaError {
        KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, message)
    }

    init(_ code: rd_kafka_resp_err_t, _ message: String? = nil) {
        self.init(code: code.rawValue, message ?? Self.text(code), isFatal: code == RD_KAFKA_RESP_ERR__FATAL)
    }

    /// Takes over an error object; nil where there is none.
    init?(consuming error: OpaquePointer?) {
        guard let error = unsafe error else { return nil }
        defer { unsafe rd_kafka_error_destroy(error) }
        let code = unsafe rd_kafka_error_code(error)
        self.init(
            code: code.rawValue, unsafe String(cString: rd_kafka_error_string(error)),
            isFatal: unsafe rd_kafka_error_is_fatal(error) != 0,
            isRetriable: unsafe rd_kafka_error_is_retriable(error) != 0,
            isAbortable: unsafe rd_kafka_error_txn_requires_abort(error) != 0)
    }

    /// What an error's number says.
    static func text(_ code: rd_kafka_resp_err_t) -> String { unsafe String(cString: rd_kafka_err2str(code)) }

    /// Kinds that clients tell apart.
    public enum Kind: Sendable {
        /// The end of a partition was reached: no fault.
        case partitionEnd
        /// An offset that is asked for does not exist (any more).
        case noSuchOffset
        /// A topic or partition does not exist, or may not be read.
        case topic
        /// A broker cannot be reached or understood. Others may do.
        case connection
        /// No broker can be reached.
        case allBrokersDown
        /// Name or password are refused, or the certificate is not trusted.
        case security
        case timedOut
        /// Members of the group are joining or leaving: what is asked of it may be granted soon.
        case rebalancing
        /// Another producer has taken over the name for transactions.
        case fenced
        /// A message is larger than the topic takes, or not as the topic wants it.
        case message
        /// What is asked of the cluster is not allowed, or cannot be had there.
        case request
        case other
    }

    public var kind: Kind {
        switch rd_kafka_resp_err_t(rawValue: code) {
        case RD_KAFKA_RESP_ERR__PARTITION_EOF: .partitionEnd
        case RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE: .noSuchOffset
        case RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
            RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION:
            .topic
        case RD_KAFKA_RESP_ERR__TRANSPORT, RD_KAFKA_RESP_ERR__RESOLVE: .connection
        case RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN: .allBrokersDown
        case RD_KAFKA_RESP_ERR__AUTHENTICATION, RD_KAFKA_RESP_ERR__SSL,
            RD_KAFKA_RESP_ERR_SASL_AUTHENTICATION_FAILED, RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
            RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, RD_KAFKA_RESP_ERR_TRANSACTIONAL_ID_AUTHORIZATION_FAILED:
            .security
        case RD_KAFKA_RESP_ERR__TIMED_OUT: .timedOut
        case RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS: .rebalancing
        case RD_KAFKA_RESP_ERR__FENCED, RD_KAFKA_RESP_ERR_PRODUCER_FENCED, RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH:
            .fenced
        case RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, RD_KAFKA_RESP_ERR_RECORD_LIST_TOO_LARGE,
            RD_KAFKA_RESP_ERR_INVALID_RECORD, RD_KAFKA_RESP_ERR_INVALID_TIMESTAMP:
            .message
        case RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, RD_KAFKA_RESP_ERR_POLICY_VIOLATION,
            RD_KAFKA_RESP_ERR_INVALID_PARTITIONS, RD_KAFKA_RESP_ERR_INVALID_REPLICATION_FACTOR,
            RD_KAFKA_RESP_ERR_INVALID_CONFIG, RD_KAFKA_RESP_ERR_INVALID_TRANSACTION_TIMEOUT:
            .request
        default: .other
        }
    }

    public var description: String { message }
}

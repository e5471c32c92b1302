internal import CKafka

/// Brokers inside this process that any client can connect to over TCP; for tests and measurements.
///
/// A partition keeps its latest 5 MiB.
/// - Source: librdkafka's `rdkafka_mock.h`.
/// - Threading: any thread.
@safe
package final class KafkaMockCluster: @unchecked Sendable {  // the cluster guards itself
    private let client: KafkaClient
    private let cluster: OpaquePointer

    /// Requests that can be made to fail.
    package enum Request: Int16 {
        case produce = 0
        case fetch = 1
        case offsetCommit = 8
        case offsetFetch = 9
        case findCoordinator = 10
        case joinGroup = 11
        case metadata = 3
        case initProducerId = 22
        case addPartitionsToTxn = 24
        case endTxn = 26
    }

    package init(brokers: Int = 1) throws(KafkaError) {
        client = try KafkaClient(.producer, KafkaSettings())
        guard let cluster = unsafe rd_kafka_mock_cluster_new(client.pointer, Int32(brokers)) else {
            throw KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, "no mock cluster can be made")
        }
        unsafe self.cluster = unsafe cluster
    }

    deinit {
        unsafe rd_kafka_mock_cluster_destroy(cluster)
        client.destroy()
    }

    /// `HOST:PORT` of every broker, with commas.
    package var brokers: String { unsafe String(cString: rd_kafka_mock_cluster_bootstraps(cluster)) }

    package func createTopic(_ name: String, partitions: Int) throws(KafkaError) {
        let status = unsafe rd_kafka_mock_topic_create(cluster, name, Int32(partitions), 1)
        guard status == RD_KAFKA_RESP_ERR_NO_ERROR else { throw KafkaError(status) }
    }

    /// Has the topic's metadata say that it does not exist, or exists after all.
    package func setMissing(_ topic: String, _ isMissing: Bool) {
        unsafe rd_kafka_mock_topic_set_error(
            cluster, topic, isMissing ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : RD_KAFKA_RESP_ERR_NO_ERROR)
    }

    /// Ends all connections and takes no new ones, or takes them again.
    package func setDown(_ isDown: Bool) {
        if isDown {
            unsafe rd_kafka_mock_broker_set_down(cluster, -1)
        } else {
            unsafe rd_kafka_mock_broker_set_up(cluster, -1)
        }
    }

    /// Ends the connections of one broker, counted from 1, and takes no new ones, or takes them again.
    package func setDown(broker: Int, _ isDown: Bool) {
        if isDown {
            unsafe rd_kafka_mock_broker_set_down(cluster, Int32(broker))
        } else {
            unsafe rd_kafka_mock_broker_set_up(cluster, Int32(broker))
        }
    }

    /// Makes a broker, counted from 1, the leader of a partition.
    package func setLeader(of partition: TopicPartition, broker: Int) {
        unsafe rd_kafka_mock_partition_set_leader(cluster, partition.topic, partition.partition, Int32(broker))
    }

    /// Makes a broker, counted from 1, look after the transactions of a name.
    package func setCoordinator(ofTransactions name: String, broker: Int) {
        unsafe rd_kafka_mock_coordinator_set(cluster, "transaction", name, Int32(broker))
    }

    /// Lets a broker, counted from 1, answer the next request of a kind after a time.
    package func delay(_ request: Request, broker: Int = 1, milliseconds: Int) {
        unsafe td_kafka_mock_delay(
            cluster, Int32(broker), request.rawValue, RD_KAFKA_RESP_ERR_NO_ERROR, Int32(milliseconds))
    }

    /// Takes back the failures of a kind that did not come yet.
    package func clearFailures(_ request: Request) {
        unsafe rd_kafka_mock_clear_request_errors(cluster, request.rawValue)
    }

    /// Lets the next requests of a kind fail with errors of the broker's numbers, one each.
    package func fail(_ request: Request, codes: [Int32]) {
        let errors = codes.map { rd_kafka_resp_err_t(rawValue: $0) }
        unsafe errors.withUnsafeBufferPointer {
            unsafe rd_kafka_mock_push_request_errors_array(cluster, request.rawValue, $0.count, $0.baseAddress)
        }
    }
}

internal import CKafka

/// One partition of a topic.
public struct TopicPartition: Hashable, Sendable, CustomStringConvertible {
    public let topic: String
    public let partition: Int32

    public init(_ topic: String, _ partition: Int32) {
        self.topic = topic
        self.partition = partition
    }

    public var description: String { "\(topic)/\(partition)" }
}

/// A place in a partition, for reading from there or for keeping as the group's.
public struct PartitionOffset: Sendable, Equatable {
    /// Where a partition begins, ends, or where its group stopped, to be found out by librdkafka.
    public static let beginning: Int64 = -2
    public static let end: Int64 = -1
    public static let stored: Int64 = -1000

    public var partition: TopicPartition
    /// The offset of the next message to read; negative where it is one of the places above or none.
    public var offset: Int64
    /// Text kept with a group's offset.
    public var metadata: String
    /// What is wrong with this partition.
    public var error: KafkaError?

    public init(_ partition: TopicPartition, _ offset: Int64, metadata: String = "", error: KafkaError? = nil) {
        self.partition = partition
        self.offset = offset
        self.metadata = metadata
        self.error = error
    }
}

/// A list of partitions in librdkafka's form.
@safe
struct PartitionList: ~Copyable {
    let pointer: UnsafeMutablePointer<rd_kafka_topic_partition_list_t>

    init(_ offsets: [PartitionOffset]) {
        guard let list = unsafe rd_kafka_topic_partition_list_new(Int32(offsets.count)) else {
            preconditionFailure("librdkafka always gives a list")
        }
        unsafe pointer = unsafe list
        for offset in offsets {
            guard
                let entry = unsafe rd_kafka_topic_partition_list_add(
                    list, offset.partition.topic, offset.partition.partition)
            else { continue }
            unsafe entry.pointee.offset = offset.offset
            if !offset.metadata.isEmpty { unsafe td_kafka_set_metadata(entry, offset.metadata) }
        }
    }

    deinit { unsafe rd_kafka_topic_partition_list_destroy(pointer) }

    var offsets: [PartitionOffset] { unsafe Self.offsets(pointer) }

    static func offsets(_ list: UnsafePointer<rd_kafka_topic_partition_list_t>?) -> [PartitionOffset] {
        guard let list = unsafe list else { return [] }
        return (0..<Int(unsafe list.pointee.cnt)).compactMap { index in
            let entry = unsafe list.pointee.elems[index]
            guard let topic = unsafe entry.topic else { return nil }
            let metadata = unsafe UnsafeRawBufferPointer(start: entry.metadata, count: entry.metadata_size)
            let error = unsafe entry.err
            return PartitionOffset(
                TopicPartition(unsafe String(cString: topic), unsafe entry.partition), unsafe entry.offset,
                metadata: unsafe String(decoding: metadata, as: UTF8.self),
                error: error == RD_KAFKA_RESP_ERR_NO_ERROR ? nil : KafkaError(error))
        }
    }
}

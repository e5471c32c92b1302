internal import Journaling
internal import Kafka
internal import Platform

/// Gathers the records of each partition into blocks, and gives these to a producer.
///
/// Once something went wrong nothing is taken any more: the owner begins anew where everything is known to have arrived.
/// - Threading: one thread.
final class TopicSender: RoutedRecords {
    private let producer: KafkaIdempotentProducer
    private let topic: String
    private let key: [UInt8]
    private let writers: [TopicBlockWriter]
    /// How long a record waits for others, in nanoseconds.
    private let lingerNs: Int64
    private let isCancelled: () -> Bool
    /// Runs since the oldest record that was not sent was taken; nil where there is none.
    private var age: Stopwatch?
    /// Why nothing is taken any more.
    private(set) var failure: (any Error)?
    /// Messages given to the producer.
    private(set) var messages: Int64 = 0
    /// Their bytes.
    private(set) var bytes: Int64 = 0

    /// A block is full at so many bytes.
    private static let blockBytes = 256 << 10

    /// - Parameters:
    ///   - journal: the number of the journal, in the blocks.
    ///   - first: where it is read from.
    ///   - isCancelled: true once nobody waits for the brokers any more.
    init(
        _ producer: KafkaIdempotentProducer, topic: JournalTopic, journal: UInt64, from first: Offset,
        feedName: @escaping (FeedID) -> String, unless isCancelled: @escaping () -> Bool
    ) {
        self.producer = producer
        self.topic = topic.name
        lingerNs = topic.lingerNs
        self.isCancelled = isCancelled
        key = Array(ProducerNumber.text(journal).utf8)
        writers = (0..<topic.partitions).map {
            TopicBlockWriter(producer: journal, partition: $0, of: topic.partitions, from: first, feedName: feedName)
        }
    }

    func take(_ record: JournalBlock.Record, as kind: RecordKind, partition: Int) {
        let writer = writer(partition, record.offset)
        unsafe writer.append(
            kind, feed: record.feed, offset: record.offset, ingestTimeNs: record.ingestTimeNs, payload: record.payload)
        if writer.bytes >= Self.blockBytes { send(writer, partition, end: record.offset + 1) }
    }

    func take(_ mark: EventTimeMark, feed: FeedID, before offset: Offset, ingestTimeNs: Int64, partition: Int) {
        writer(partition, offset).append(mark, feed: feed, offset: offset, ingestTimeNs: ingestTimeNs)
    }

    private func writer(_ partition: Int, _ offset: Offset) -> TopicBlockWriter {
        let writer = writers[partition]
        if !writer.takes(offset) { send(writer, partition, end: offset) }
        age = age ?? Stopwatch()
        return writer
    }

    /// Time until what was taken has waited long enough, in nanoseconds; nil where there is nothing.
    var dueInNs: Int64? { age.map { max(0, lingerNs - $0.elapsedNs) } }

    /// Sends what was taken: everything before an offset.
    func sendAll(end: Offset) throws {
        for (partition, writer) in writers.enumerated() where writer.count > 0 { send(writer, partition, end: end) }
        age = nil
        try check()
    }

    /// - Throws: why nothing is taken any more.
    func check() throws { if let failure { throw failure } }

    private func send(_ writer: TopicBlockWriter, _ partition: Int, end: Offset) {
        unsafe writer.finish(endOffset: end) { value in
            guard failure == nil else { return }
            do {
                unsafe try send(value, partition)
                messages += 1
                bytes += Int64(value.count)
            } catch {
                failure = error
            }
        }
    }

    private func send(_ value: UnsafeRawBufferPointer, _ partition: Int) throws {
        try unsafe key.withUnsafeBytes { key in
            while !(try unsafe producer.send(value, key: key, topic: topic, partition: partition)) {
                if isCancelled() { throw CancellationError() }
                try producer.wait(milliseconds: 10)
            }
        }
    }

    /// Waits until the brokers have everything that was sent.
    func flush() throws {
        while !(try producer.flush(timeoutMs: 100)) { if isCancelled() { throw CancellationError() } }
    }
}

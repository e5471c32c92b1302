import Foundation
import Kafka
import Market
import Platform
import TestKit
import Testing

@testable import Feeds

/// The journal of one program as a Kafka feed sees it: keeps frames, and says how many of them are durable.
final class ConsumerJournal: FeedOutput, FrameSink, FeedMemory, @unchecked Sendable {  // `lock` guards everything
    struct Record: Equatable {
        let topic: String
        let partition: Int
        let offset: Int64
        let header: String
        let value: String
    }
    private let lock = NSLock()
    private var recorded: [Record] = []
    private var told: [String] = []
    private var heartbeats = 0
    private var cancelled = false
    private var durableMax = Int.max
    private var settings: String?
    /// Frames that a crash leaves: the latest may be gone.
    private var failsAt: Int?

    struct Full: Error {}

    var records: [Record] { lock.withLock { recorded } }
    /// Begins and losses, as texts.
    var events: [String] { lock.withLock { told } }
    var heartbeatCount: Int { lock.withLock { heartbeats } }
    /// Frames that are durable at most.
    var durable: Int {
        get { lock.withLock { durableMax } }
        set { lock.withLock { durableMax = newValue } }
    }
    func fail(atFrame frame: Int) { lock.withLock { failsAt = frame } }

    func cancel() { lock.withLock { cancelled = true } }
    /// The program starts again, and finds what was durable, as long as it is not `losing` the last frames.
    func restart(losing: Int = 0) {
        lock.withLock {
            cancelled = false
            failsAt = nil
            recorded.removeLast(losing)
        }
    }

    // MARK: Output

    var isCancelled: Bool { lock.withLock { cancelled } }
    func sink(feed name: String) throws -> any FrameSink { self }

    func begin(settings: String, ingestTime: Timestamp) throws {
        lock.withLock {
            self.settings = settings
            told.append("begin \(settings)")
        }
    }

    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
        let frame = Array(payload)
        let text = String(decoding: frame, as: UTF8.self)
        let end = try #require(text.firstIndex(of: "\n"))
        let object = try JSONSerialization.jsonObject(with: Data(text[..<end].utf8)) as? [String: [String: Any]]
        let members = try #require(object?["consumed"])
        let record = Record(
            topic: try #require(members["stream"] as? String),
            partition: try #require((members["partition"] as? String).flatMap { Int($0) }),
            offset: try #require((members["position"] as? String).flatMap { Int64($0) }),
            header: String(text[...end]), value: String(text[text.index(after: end)...]))
        try lock.withLock {
            if recorded.count == failsAt { throw Full() }
            recorded.append(record)
        }
    }

    func heartbeat(ingestTime: Timestamp) throws { lock.withLock { heartbeats += 1 } }
    func end(ingestTime: Timestamp) throws { lock.withLock { told.append("end") } }
    func lost(_ loss: ConnectionLoss, ingestTime: Timestamp) throws {
        lock.withLock { told.append("lost \(loss.epoch) \(loss.reason)") }
    }

    var progress: FrameProgress? {
        lock.withLock { FrameProgress(given: Int64(recorded.count), durable: Int64(min(durableMax, recorded.count))) }
    }
    func waitUntilDurable(_ place: Int64) throws {
        while !isCancelled, durable < place { Pause.wait(ns: 1_000_000) }
    }

    // MARK: Memory

    func consumed(feed: String, unless isCancelled: () -> Bool) throws -> ConsumedBefore? {
        var before = ConsumedBefore(settings: lock.withLock { settings })
        for record in records {
            let log = StreamLog(stream: record.topic, partition: "\(record.partition)")
            before.positions.advance(log: Array(log.name.utf8), to: StreamNumber(record.offset))
        }
        return before
    }
    func lastBars(source: String, interval: String) throws -> [Instrument: Int64] { [:] }
    func lastTransactionNs() throws -> Int64? { nil }
    func simulatorState() throws -> SimulatorState? { nil }
}

/// A feed that runs on a thread of its own.
final class RunningKafka {
    let status = FeedStatus(name: "kafka")
    private let journal: ConsumerJournal
    private let thread: NamedThread
    private let outcome = Outcome()

    private final class Outcome: @unchecked Sendable {  // read after the thread has ended
        var error: (any Error)?
    }

    /// - Parameter more: options besides brokers, topics and format.
    init(_ brokers: String, _ journal: ConsumerJournal, topics: String = "t", _ more: [String] = []) throws {
        self.journal = journal
        let settings =
            "settings=session.timeout.ms=6000,heartbeat.interval.ms=300,topic.metadata.refresh.interval.ms=200,reconnect.backoff.max.ms=200"
        let options = try Options(
            KafkaFeed.spec,
            assignments: ["brokers=\(brokers)", "topics=\(topics)", "format=trades", settings] + more)
        let source = try KafkaFeed(options).makeSource(resuming: journal)
        let (status, outcome) = (status, outcome)
        thread = NamedThread("kafka-test") {
            do { try source.run(into: journal, status: status) } catch { outcome.error = error }
        }
    }

    /// Stops it in good order.
    func stop() throws {
        journal.cancel()
        thread.join()
        if let error = outcome.error { throw error }
    }

    /// Waits for the end that an error brings.
    func failure() -> (any Error)? {
        thread.join()
        return outcome.error
    }

    func waitForState(_ state: FeedStatus.State, _ text: String = "") -> Bool {
        let isReached = eventually {
            let now = self.status.snapshot
            return now.state == state && (text.isEmpty || now.detail.contains(text))
        }
        if !isReached { Issue.record("the state is \(status.snapshot.state): \(status.snapshot.detail)") }
        return isReached
    }
}

extension KafkaMockCluster {
    /// Sends numbered values, in turn to the partitions.
    func send(_ numbers: Range<Int>, topic: String = "t", partitions: Int) throws {
        var settings = KafkaSettings()
        try settings.set("bootstrap.servers", brokers)
        try settings.set("linger.ms", "1")
        let producer = try KafkaProducer(settings)
        for number in numbers {
            try Array("v\(number)".utf8).withUnsafeBytes { value in
                try Array("k\(number % partitions)".utf8).withUnsafeBytes { key in
                    try producer.send(value, key: key, topic: topic, partition: Int32(number % partitions))
                }
            }
        }
        try producer.flush(timeoutMs: 10_000)
    }

    /// What a group keeps, by partition; nil where it keeps nothing.
    func committed(topic: String = "t", partitions: Int, group: String = "tapedeck") throws -> [Int64?] {
        var settings = KafkaSettings()
        try settings.set("bootstrap.servers", brokers)
        try settings.set("group.id", group)
        let delegate = Deaf()
        return try withExtendedLifetime(delegate) {
            let consumer = try KafkaConsumer(settings, delegate: delegate)
            defer { consumer.abandon() }
            let names = (0..<partitions).map { TopicPartition(topic, Int32($0)) }
            return try consumer.committed(names, timeoutMs: 10_000).map { $0.offset >= 0 ? $0.offset : nil }
        }
    }
}

/// Hears nothing.
final class Deaf: KafkaConsumerDelegate {
    func assigned(_ partitions: [TopicPartition], to consumer: KafkaConsumer) -> [PartitionOffset] { [] }
    func revoked(_ partitions: [TopicPartition], from consumer: KafkaConsumer, isLost: Bool) {}
    func committed(_ offsets: [PartitionOffset], _ error: KafkaError?) {}
    func failed(_ error: KafkaError) {}
}

/// Waits for what takes some time: members of a group wait three seconds for each other.
func eventually(_ body: () -> Bool) -> Bool {
    let watch = Stopwatch()
    while !body() {
        guard watch.seconds < 4 * Patience.seconds else { return false }
        Pause.wait(ns: 5_000_000)
    }
    return true
}

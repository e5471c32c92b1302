internal import Kafka
internal import Market
internal import Platform

/// Takes messages of Kafka to the journal, and tells the group what is durable.
///
/// - Threading: one thread; what the consumer tells comes on it too.
final class KafkaReader: @unchecked Sendable {  // one thread, by contract
    private let settings: KafkaFeedSettings
    let sink: any FrameSink
    private let output: any FeedOutput
    let status: FeedStatus
    /// Stands for this journal in what is committed.
    let origin: String
    private let hours: MarketHours
    var partitions: KafkaPartitions
    var commits = OffsetCommits()
    var health = KafkaHealth()
    /// What went wrong while the consumer was told something.
    var failure: (any Error)?
    /// Why a broker may be out of reach, to be looked into.
    var suspicion: String?
    /// Why a connection was lost last.
    var lastReason: String?
    /// Commits that failed one after the other; some do while members join or leave.
    var failedCommits = 0
    static let failedCommitsMax = 5

    private let batch = MessageBatch(capacity: 4096)
    private let frame = Column<UInt8>()
    private var epoch: Int64 = 0
    private var isBegun = false
    private var begunNs: Int64 = 0
    private var lastRecordNs = Stopwatch.monotonicNs()
    private var lastMessageNs = Stopwatch.monotonicNs()
    private var lastLookNs: Int64 = 0
    private var lastCommitNs: Int64 = 0
    private var lastCareNs: Int64 = 0

    /// Longest wait without looking whether to stop, in milliseconds.
    private static let pollMs: Int32 = 50
    private static let lookNs: Int64 = 50_000_000
    private static let secondNs: Int64 = 1_000_000_000
    /// A session's settings are repeated after this, with positions, so that they outlive old segments of the journal.
    private static let sessionNs: Int64 = 6 * 3600 * secondNs
    /// Quiet after a connection was made, before the feed's time follows the clock.
    private static let settleNs: Int64 = 5 * secondNs
    /// Longest wait for an answer of the group or a broker, in milliseconds.
    static let answerMs: Int32 = 10_000

    init(
        _ settings: KafkaFeedSettings, _ before: ConsumedBefore, sink: any FrameSink, _ output: any FeedOutput,
        _ status: FeedStatus
    ) {
        self.settings = settings
        self.sink = sink
        self.output = output
        self.status = status
        origin =
            ConsumerSession.origin(before.settings)
            ?? "tapedeck-" + String(UInt64.random(in: .min ... .max), radix: 16)
        hours = MarketHours(venues: [settings.session.venue].compactMap { $0 }, output.calendars)
        partitions = KafkaPartitions(before.positions)
    }

    /// Joins the group and reads until the feed shall stop.
    ///
    /// - Throws: `KafkaError` where the settings are of no use or the consumer must be made anew; what the sink throws.
    func run() throws {
        health = KafkaHealth()
        failure = nil
        partitions.forgetAssignment()
        let consumer = try KafkaConsumer(settings.client, delegate: self)
        do {
            try consumer.subscribe(settings.topics)
            try read(consumer)
        } catch {
            batch.removeAll()
            consumer.abandon()
            try lose("\(error)")
            throw error
        }
        batch.removeAll()
        if !consumer.close(timeoutMs: health.outage == nil ? 10_000 : 1_000) {
            Log.warning("the group did not answer when the feed left it", ["feed": status.name])
        }
        if let failure { throw failure }
        try lose("stopped")
    }

    private func read(_ consumer: KafkaConsumer) throws {
        report()
        while !output.isCancelled {
            consumer.poll(into: batch, timeoutMs: Self.pollMs)
            if let failure { throw failure }
            let time = Timestamp.now()
            for index in 0..<batch.count { try take(batch[index], at: time) }
            let nowNs = Stopwatch.monotonicNs()
            if batch.count > 0 { lastMessageNs = nowNs }
            guard nowNs - lastLookNs >= Self.lookNs else { continue }
            lastLookNs = nowNs
            try look(consumer, nowNs: nowNs)
        }
    }

    // MARK: Messages

    private func take(_ message: KafkaMessage, at time: Timestamp) throws {
        guard message.isMessage else { return note(message) }
        guard let number = partitions.number(of: message) else { return }
        // What was fetched before a partition went, or comes twice, is not taken.
        guard partitions[number].isAssigned, message.offset > partitions[number].last ?? -1 else { return }
        if !isBegun { try begin() }
        frame.removeAll()
        let timeNs = message.timeMs.flatMap { time -> Int64? in
            let (ns, overflow) = time.multipliedReportingOverflow(by: 1_000_000)
            return overflow ? nil : ns
        }
        unsafe partitions[number].frame.write(
            position: message.offset, timeNs: timeNs, key: message.key, value: message.value, into: frame)
        try unsafe sink.frame(UnsafeRawBufferPointer(frame.buffer), ingestTime: time)
        partitions[number].last = message.offset
        partitions[number].next = message.offset + 1
        partitions[number].isAtEnd = false
        commits.give(number, offset: message.offset)
        lastRecordNs = lastLookNs
    }

    /// Something else than a message.
    private func note(_ message: KafkaMessage) {
        guard let error = message.error else { return }
        switch error.kind {
        case .partitionEnd: partitions.number(of: message).map { partitions[$0].isAtEnd = true }
        case .noSuchOffset: partitions.number(of: message).map { partitions[$0].isAstray = true }
        case .topic: health.topics[message.partition?.topic ?? ""] = error.message
        default: failed(error)
        }
    }

    // MARK: From time to time

    private func look(_ consumer: KafkaConsumer, nowNs: Int64) throws {
        settle()
        if nowNs - lastCommitNs >= Self.secondNs {
            lastCommitNs = nowNs
            let due = self.due
            if !due.isEmpty { try? consumer.commit(due) }
        }
        guard nowNs - lastCareNs >= Self.secondNs || (suspicion != nil && health.outage == nil) else { return }
        lastCareNs = nowNs
        if let error = consumer.fatalError { throw error }
        try checkConnection(consumer)
        for number in partitions.assigned where partitions[number].isAstray { restart(number, consumer) }
        if isBegun {
            if nowNs - begunNs >= Self.sessionNs { try begin() }
            let isQuiet = nowNs - lastRecordNs >= Self.secondNs && nowNs - begunNs >= Self.settleNs
            if isQuiet, partitions.assigned.allSatisfy({ partitions[$0].isAtEnd }) {
                try sink.heartbeat(ingestTime: .now())
            }
        }
        report()
    }

    /// Takes in how far the journal is. A sink that does not say is as good as durable.
    func settle() {
        commits.look(sink.progress ?? FrameProgress(given: 0, durable: 0))
    }

    /// Offsets that the group does not keep yet and may.
    var due: [PartitionOffset] {
        commits.due.filter { partitions[$0.partition].isAssigned }
            .map { PartitionOffset(partitions[$0.partition].name, $0.end, metadata: origin) }
    }

    private func checkConnection(_ consumer: KafkaConsumer) throws {
        guard let reason = suspicion else { return }
        do throws(KafkaError) {
            try consumer.ping(timeoutMs: 500)
        } catch {
            if health.outage == nil { Log.warning("feed degraded", ["feed": status.name, "detail": reason]) }
            health.outage = reason
            try lose(reason)
            return
        }
        suspicion = nil
        guard health.outage != nil else { return }
        health.outage = nil
        status.countReconnect()
        if health.partitions != nil { try begin() }
    }

    private func report() {
        let silentNs = Stopwatch.monotonicNs() - lastMessageNs
        let (state, detail) = health.state(silentNs: silentNs, staleNs: settings.staleNs) {
            hours.closedText(at: Timestamp.now().nanoseconds)
        }
        let now = status.snapshot
        if now.state != state || now.detail != detail { status.set(state, detail) }
    }

    // MARK: Sessions

    /// Begins a session, or the next, with what was read so far.
    func begin() throws {
        var session = settings.session
        session.origin = origin
        let old = isBegun ? epoch : nil
        epoch += 1
        let values = ["epoch": "\(epoch)", "url": settings.brokers]
        let time = Timestamp.now()
        try sink.begin(settings: session.text(partitions.positions, values), ingestTime: time)
        if let old {
            try sink.lost(ConnectionLoss(epoch: old, reason: "the next session repeats its settings"), ingestTime: time)
        }
        isBegun = true
        begunNs = Stopwatch.monotonicNs()
    }

    private func lose(_ reason: String) throws {
        guard isBegun else { return }
        isBegun = false
        try sink.lost(ConnectionLoss(epoch: epoch, reason: reason), ingestTime: .now())
    }

    // MARK: Places

    /// Where to begin with partitions that nobody knows.
    var configuredStart: Int64 { settings.start }

    /// Reads a partition on where its offsets do not go on as expected.
    private func restart(_ number: Int, _ consumer: KafkaConsumer) {
        let name = partitions[number].name
        do throws(KafkaError) {
            let bounds = try consumer.bounds(of: name, timeoutMs: Self.answerMs / 4)
            var offset = settings.start == PartitionOffset.end ? bounds.upperBound : bounds.lowerBound
            if let next = partitions[number].next {
                if next > bounds.upperBound {
                    Log.warning(
                        "a partition was made anew: it is read from its beginning",
                        ["feed": status.name, "partition": "\(name)", "expected": next, "end": bounds.upperBound])
                    partitions.beginAnew(number)
                    commits.reset(number)
                    offset = bounds.lowerBound
                } else if next < bounds.lowerBound {
                    let text = "\(bounds.lowerBound - next) offsets of \(name) were deleted before they were read"
                    Log.error(text, ["feed": status.name, "from": next, "to": bounds.lowerBound])
                    health.loss = text
                    offset = bounds.lowerBound
                } else {
                    offset = next
                }
            }
            partitions[number].next = offset
            try consumer.restart([PartitionOffset(name, offset)])
            partitions[number].isAstray = false
        } catch {
            failed(error)
        }
    }
}

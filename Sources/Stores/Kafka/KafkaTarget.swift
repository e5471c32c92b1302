public import Delivery
internal import Kafka
public import Market
public import Platform

/// Topics of Kafka: rows of a unit and the record that says how far it goes are one transaction.
///
/// Where a transaction's end is not known, the producer is made anew: that ends it one way or the other, and what the topic of
/// offsets then says is true.
/// - Source: librdkafka's `rdkafka.h`, "Transactional producer API"; docs/sinks/kafka.md.
public final class KafkaTarget: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let settings: KafkaSinkSettings
    private let topics: KafkaTopics
    private let pipeline: String
    private let meter: UsageMeter
    private var tables: [TableSchema] = []
    private var session: Session?
    /// Parts of a unit: one is on its way while the other is made.
    private var parts = (OutgoingMessages(), OutgoingMessages())
    /// Bytes of a transaction, about: fewer where one took too long.
    private var partBytes = KafkaTarget.partBytesRange.upperBound

    private struct Session {
        let producer: KafkaTransactionalProducer
        /// How far each table is; nobody else can change that while the producer is not fenced.
        var offsets: [String: Int64]
    }

    /// How long a broker may take to answer a question, in milliseconds.
    private static let answerMs: Int32 = 5000
    /// How long no message may be acknowledged, and a commit may wait for brokers that are out of reach.
    private static let stallNs: Int64 = 10_000_000_000
    private static let abortMs: Int32 = 3000
    private static let partBytesRange = 256 << 10...16 << 20
    private static let fewRows = 10_000

    /// - Parameters:
    ///   - pipeline: names the progress.
    ///   - meter: its requests are transactions.
    public init(_ settings: KafkaSinkSettings, pipeline: String, meter: UsageMeter = UsageMeter()) {
        self.settings = settings
        self.meter = meter
        self.pipeline = pipeline
        topics = KafkaTopics(prefix: settings.prefix)
    }

    /// Of all producers of this name only the latest can deliver.
    private var transactions: String { "\(settings.prefix)\(pipeline)" }

    public func open(_ tables: [TableSchema]) throws(DeliveryError) {
        close()
        self.tables = tables
        session = try translating { () throws(KafkaError) in
            let producer = try KafkaTransactionalProducer(try settings.producer(transactions))
            do throws(KafkaError) {
                let partitions = try prepare(producer)
                try producer.start(timeoutMs: Self.answerMs)
                return Session(producer: producer, offsets: try readOffsets(partitions))
            } catch {
                producer.close()
                throw error
            }
        }
    }

    /// Makes the topics that are missing, and checks those that are there.
    ///
    /// - Returns: partitions of the topic of offsets.
    private func prepare(_ producer: KafkaTransactionalProducer) throws(KafkaError) -> Int {
        let wanted = topics.all(tables, partitions: settings.partitions, copies: settings.copies)
        var found = try producer.topics(timeoutMs: Self.answerMs)
        let missing = wanted.filter { found[$0.name] == nil }
        if !missing.isEmpty {
            do throws(KafkaError) {
                try producer.make(missing, timeoutMs: Self.answerMs)
            } catch {
                let names = missing.map { "`\($0.name)`" }.joined(separator: ", ")
                throw KafkaError(code: error.code, "\(error.message): make the topics that are missing: \(names)")
            }
            found = try producer.topics(timeoutMs: Self.answerMs)
        }
        for table in tables where settings.checksPartitions {
            let name = topics.rows(table)
            guard let count = found[name], count != settings.partitions else { continue }
            throw KafkaError.unfit(
                "topic `\(name)` has \(count) partitions, not \(settings.partitions): write `partitions: \(count)`, or leave it out"
            )
        }
        return found[topics.offsets] ?? 1
    }

    private func readOffsets(_ partitions: Int) throws(KafkaError) -> [String: Int64] {
        var offsets: [String: Int64] = [:]
        let names = Dictionary(uniqueKeysWithValues: tables.map { (Array(key($0).utf8), $0.name) })
        try KafkaTopicReader(settings.client).read(
            topics.offsets, partitions: partitions, timeoutMs: 3 * Self.answerMs
        ) { message in
            guard let key = unsafe message.key.map({ unsafe Array($0) }), let table = names[key] else { return }
            let text = unsafe message.value.map { unsafe String(decoding: $0, as: UTF8.self) }
            offsets[table] = text.flatMap { Int64($0) }
        }
        return offsets
    }

    private func key(_ table: TableSchema) -> String { "\(pipeline)/\(table.name)" }

    public func committedOffset(_ table: TableSchema) throws(DeliveryError) -> Int64 {
        try use().offsets[table.name] ?? -1
    }

    public func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let session = try use(unit.table, at: unit.after)
        let encoder = try settings.format.messages(
            of: unit, messageBytesMax: settings.messageBytesMax - key(unit.table).utf8.count - 64,
            asReceived: settings.asReceived)
        let identity = MessageIdentity(pipeline: pipeline, unit.table)
        var (part, other) = parts
        var last = encoder.encode(into: part, bytes: partBytes)
        repeat {
            let end = encoder.isAtEnd ? unit.last : last ?? unit.last
            try advance(unit.table, to: end) { () throws(KafkaError) in
                try session.producer.send(
                    part, to: topics.rows(unit.table), header: MessageIdentity.name, prefix: identity.prefix,
                    suffix: identity.suffix, stallNs: Self.stallNs)
                last = encoder.encode(into: other, bytes: partBytes)
            }
            meter.add(bytes: part.values.count + part.keys.count)
            swap(&part, &other)
        } while last != nil
        // Memory for much is given back where little comes.
        if encoder.rowCount < Self.fewRows { parts = (OutgoingMessages(), OutgoingMessages()) }
        return Int64(encoder.rowCount)
    }

    public func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let session = try use(table, at: after)
        let text = MessageIdentity.rejected(pipeline: pipeline, table, offset: last, reason: reason)
        try advance(table, to: last) { () throws(KafkaError) in
            try session.producer.send(text, key: key(table), to: topics.rejected)
        }
    }

    /// Runs `body` in a transaction that takes the table's offset to `last`.
    private func advance(
        _ table: TableSchema, to last: Int64, _ body: () throws(KafkaError) -> Void
    ) throws(DeliveryError) {
        let producer = try use().producer
        do throws(KafkaError) {
            try producer.begin()
            try body()
            // The rows first: not even without transactions does the offset stand before them.
            try producer.flush(stallNs: Self.stallNs)
            try producer.send("\(last)", key: key(table), to: topics.offsets)
            try producer.commit(stallNs: Self.stallNs)
        } catch {
            // Who reads only what is committed need not wait for the next producer to end the transaction.
            if !error.isFatal, error.kind != .timedOut { producer.abort(timeoutMs: Self.abortMs) }
            let translated = translated(error)
            close()
            partBytes = max(Self.partBytesRange.lowerBound, partBytes / 2)
            // A row that the broker refuses is looked for with the same target.
            if translated.kind == .row { try open(tables) }
            throw translated
        }
        session?.offsets[table.name] = last
        partBytes = min(Self.partBytesRange.upperBound, partBytes * 2)
    }

    public func close() {
        session?.producer.close()
        session = nil
    }

    private func use() throws(DeliveryError) -> Session {
        guard let session else { throw DeliveryError(.unavailable, "not connected") }
        return session
    }

    private func use(_ table: TableSchema, at after: Int64) throws(DeliveryError) -> Session {
        let session = try use()
        let found = session.offsets[table.name] ?? -1
        guard found == after else {
            throw DeliveryError(.conflict, "rows up to offset \(found) are there already, not up to \(after)")
        }
        return session
    }
}

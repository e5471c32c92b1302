internal import Delivery
internal import Kafka
internal import Market
internal import Networking
internal import Platform

/// Topics of Google Cloud Pub/Sub: a message per row, at least once, and in the order of each key.
///
/// Pub/Sub cannot be asked what it has, so a file here says how far each table is. What was under way at a crash is sent again:
/// consumers know it by its attribute.
/// - Source: Pub/Sub REST reference, `projects.topics.create`, `.publish`, `.testIamPermissions`.
final class PubSubTarget: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let settings: PubSubSinkSettings
    private let pipeline: String
    private let meter: UsageMeter
    private let progress: LocalProgress
    private var publisher: PubSubPublisher?
    private let part = OutgoingMessages()

    /// Bytes of values that are noted as delivered at once, about.
    private static let partBytes = 8 << 20
    /// Bytes of a message at most; a request has room for it and for what stands around it.
    private static let messageBytesMax = 9_000_000

    init(_ settings: PubSubSinkSettings, _ context: SinkContext) {
        self.settings = settings
        pipeline = context.pipeline
        meter = context.meter
        progress = LocalProgress(context, target: settings.place)
    }

    func open(_ tables: [TableSchema]) throws(DeliveryError) {
        close()
        try progress.open()
        publisher = try translating { () throws(CloudError) in
            let service = try settings.service(meter)
            let topics = PubSubTopics(service)
            for topic in tables.map(settings.topic) + [settings.rejectedTopic] { try topics.prepare(topic) }
            return PubSubPublisher(service, isOrdered: settings.isOrdered, requests: settings.requests, meter)
        }
    }

    func committedOffset(_ table: TableSchema) -> Int64 { progress.offset(table) }

    func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let publisher = try use(unit.table, at: unit.after)
        let identity = MessageIdentity(pipeline: pipeline, unit.table)
        return try progress.send(
            unit, by: part, bytes: Self.partBytes, messageBytesMax: Self.messageBytesMax,
            asReceived: settings.asReceived
        ) { () throws(CloudError) in try publisher.publish(part, identity, to: settings.topic(unit.table))
        }
    }

    func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let publisher = try use(table, at: after)
        let text = MessageIdentity.rejected(pipeline: pipeline, table, offset: last, reason: reason)
        try translating { () throws(CloudError) in try publisher.publish(text, to: settings.rejectedTopic) }
        try progress.note(table, offset: last)
    }

    func close() { publisher = nil }

    private func use(_ table: TableSchema, at after: Int64) throws(DeliveryError) -> PubSubPublisher {
        guard let publisher else { throw DeliveryError(.unavailable, "not connected") }
        try progress.check(table, at: after)
        return publisher
    }
}

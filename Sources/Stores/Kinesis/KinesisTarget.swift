internal import Delivery
internal import Kafka
internal import Market
internal import Networking
internal import Platform

/// A stream of Amazon Kinesis: rows as lines of JSON, at least once, and in the order of each key.
///
/// Kinesis cannot be asked what it has, so a file here says how far each table is. What was under way at a crash is sent again:
/// consumers know it by the first member of each row.
/// - Source: Amazon Kinesis Data Streams API reference, 2013-12-02: `DescribeStreamSummary`, `PutRecords`.
final class KinesisTarget: DeliveryTarget, @unchecked Sendable {  // one thread at a time
    private let settings: KinesisSinkSettings
    private let pipeline: String
    private let meter: UsageMeter
    private let progress: LocalProgress
    private var writer: KinesisWriter?
    private let part = OutgoingMessages()

    /// Bytes of values that are noted as delivered at once, about.
    private static let partBytes = 4 << 20
    /// Table of rows that were not delivered.
    private static let rejected = "rejected"

    init(_ settings: KinesisSinkSettings, _ context: SinkContext) {
        self.settings = settings
        pipeline = context.pipeline
        meter = context.meter
        progress = LocalProgress(context, target: settings.place)
    }

    func open(_ tables: [TableSchema]) throws(DeliveryError) {
        close()
        try progress.open()
        writer = try translating { () throws(CloudError) in
            let service = try settings.service(meter)
            do throws(CloudError) {
                _ = try service.call("DescribeStreamSummary", "{\(settings.stream.member)}")
            } catch  where error.kind == .missing {
                throw CloudError(
                    .missing,
                    "stream `\(settings.stream.name)` is missing: make it, for example with `aws kinesis create-stream "
                        + "--stream-name \(settings.stream.name) --stream-mode-details StreamMode=ON_DEMAND`")
            } catch  where error.name == "AccessDeniedException" {
                // Who may write need not be allowed to look.
            }
            return KinesisWriter(service, settings.stream, meter)
        }
    }

    func committedOffset(_ table: TableSchema) -> Int64 { progress.offset(table) }

    func deliver(_ unit: DeliveryUnit) throws(DeliveryError) -> Int64 {
        let writer = try use(unit.table, at: unit.after)
        let identity = MessageIdentity(pipeline: pipeline, unit.table)
        let bytesMax = KinesisRecords.rowBytesMax(identity)
        return try progress.send(unit, by: part, bytes: Self.partBytes, messageBytesMax: bytesMax) {
            () throws(CloudError) in
            try writer.write(KinesisRecords(part, identity, otherwise: unit.table.name))
        }
    }

    func reject(_ table: TableSchema, after: Int64, last: Int64, reason: String) throws(DeliveryError) {
        let writer = try use(table, at: after)
        let text = MessageIdentity.rejected(pipeline: pipeline, table, offset: last, reason: reason)
        let member = "\(pipeline)/\(Self.rejected)/\(last)/0/"
        let records = KinesisRecords(
            line: "{\"\(MessageIdentity.name)\":\(JSONText.quoted(member)),\(text.dropFirst())", key: Self.rejected)
        try translating { () throws(CloudError) in try writer.write(records) }
        try progress.note(table, offset: last)
    }

    func close() { writer = nil }

    private func use(_ table: TableSchema, at after: Int64) throws(DeliveryError) -> KinesisWriter {
        guard let writer else { throw DeliveryError(.unavailable, "not connected") }
        try progress.check(table, at: after)
        return writer
    }
}

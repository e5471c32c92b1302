internal import Foundation
internal import Market

/// Decodes what the program says of itself into the tables `diagnostics` and `logs`.
final class DiagnosticsDecoder: FeedDecoder {
    private let feedNumber: UInt32

    private struct Head: Decodable {
        let kind: String
        let pipeline: String
        let timeNs: Int64

        enum CodingKeys: String, CodingKey {
            case kind, pipeline
            case timeNs = "time_ns"
        }
    }
    private struct Rows<Row: Decodable>: Decodable { let rows: [Row] }

    init(_ context: DecoderContext) { feedNumber = context.feedNumber }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        func reject(_ reason: RejectReason, _ detail: String) {
            unsafe events.deadLetters.append(
                ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset, frameIndex: 0,
                reason: reason, detail: detail, payload: payload)
        }
        let data = unsafe Data(payload)
        let reader = JSONDecoder()
        guard let head = try? reader.decode(Head.self, from: data) else {
            return reject(.malformed, "no snapshot and no messages of the program")
        }
        switch head.kind {
        case "snapshot":
            guard let found = try? reader.decode(Rows<DiagnosticsFrame.Metric>.self, from: data) else {
                return reject(.malformed, "rows of a snapshot")
            }
            guard Self.isPlaceable(head.timeNs) else { return reject(.timeOutOfRange, "time_ns") }
            for (index, metric) in found.rows.enumerated() {
                append(metric, head, journalOffset, Int32(index), to: events.diagnostics)
            }
        case "logs":
            guard let found = try? reader.decode(Rows<DiagnosticsFrame.Message>.self, from: data) else {
                return reject(.malformed, "rows of messages")
            }
            guard found.rows.allSatisfy({ Self.isPlaceable($0.timeNs) }) else {
                return reject(.timeOutOfRange, "time_ns")
            }
            for (index, message) in found.rows.enumerated() {
                append(message, head, journalOffset, Int32(index), to: events.logs)
            }
        default: reject(.malformed, "the kind `\(head.kind.prefix(40))` is not known")
        }
    }

    private static func isPlaceable(_ timeNs: Int64) -> Bool { (0..<CSVTimeReader.endNs).contains(timeNs) }

    private func append(
        _ metric: DiagnosticsFrame.Metric, _ head: Head, _ offset: Int64, _ index: Int32, to batch: RecordBatch
    ) {
        let place = Tables.diagnostics.place
        batch.begin(journalOffset: offset, frameIndex: index)
        batch.set(place("event_time_ns"), head.timeNs)
        batch.set(place("pipeline_name"), head.pipeline)
        batch.set(place("component"), metric.component)
        batch.set(place("name"), metric.name)
        batch.set(place("metric"), metric.metric)
        batch.set(place("statistic"), metric.statistic)
        batch.set(place("value"), metric.value)
        if let unit = metric.unit { batch.set(place("unit"), unit) }
        batch.end()
    }

    private func append(
        _ message: DiagnosticsFrame.Message, _ head: Head, _ offset: Int64, _ index: Int32, to batch: RecordBatch
    ) {
        let place = Tables.logs.place
        batch.begin(journalOffset: offset, frameIndex: index)
        batch.set(place("event_time_ns"), message.timeNs)
        batch.set(place("pipeline_name"), head.pipeline)
        batch.set(place("component"), message.component)
        batch.set(place("name"), message.name)
        batch.set(place("level"), message.level)
        batch.set(place("message"), message.message)
        batch.set(place("fields"), message.fields)
        batch.set(place("count"), message.count)
        batch.end()
    }
}

import Feeds
import Market
import Platform

@testable import Feeds

/// Decodes answers and shows what came out as plain values.
final class DecodedAnswers {
    let instruments = InstrumentTable()
    let texts = StringTable()
    let events: EventBatch
    private let decoder: any FeedDecoder
    private var offset: Int64 = 0
    /// When every answer was received: 2026-06-30T12:00:00Z.
    static let fetchedAtNs: Int64 = 1_782_820_800_000_000_000

    /// - Parameter settings: of a session.
    init(settings: String) throws {
        events = EventBatch(texts: texts)
        decoder = try FrameDecoders.make(
            DecoderContext(instruments: instruments, conditions: StringTable(), texts: texts, feedNumber: 7),
            settings: settings)
    }

    /// - Parameter options: of a feed, as `key=value`.
    convenience init(_ feed: any Feed.Type, _ options: [String]) throws {
        try self.init(settings: try feed.init(try Options(feed.spec, assignments: options)).settings)
    }

    /// Decodes the body of an answer about an instrument.
    @discardableResult
    func decode(_ body: String, symbol: String = "X", status: Int = 200, part: String = "") -> Self {
        let partText = part.isEmpty ? "" : "\"part\":\"\(part)\","
        return decode(
            frame: "{\"symbol\":\"\(symbol)\",\"venue\":\"V\",\(partText)\"fetched_at\":\"2026-06-30T12:00:00Z\","
                + "\"status\":\(status)}\n\(body)")
    }

    @discardableResult
    func decode(frame: String) -> Self {
        let bytes = Array(frame.utf8)
        let padded = bytes + [UInt8](repeating: 0x5d, count: 64)
        padded.withUnsafeBytes { buffer in
            decoder.decode(
                payload: UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count]), journalOffset: offset,
                ingestTimeNs: Self.fetchedAtNs + 1, into: events)
        }
        offset += 1
        return self
    }

    /// Bars as `VENUE:SYMBOL interval start open/high/low/close xvolume adj final`.
    var bars: [String] {
        let rows = events.vendorBars
        return (0..<rows.count).map { row in
            let bar = rows[row]
            let interval = EventBatch.vendorIntervals.values[Int(bar.interval)]
            var text = "\(instruments[bar.instrument]) \(interval) \(Timestamp(nanoseconds: bar.startNs))"
            text += " \(bar.open)/\(bar.high)/\(bar.low)/\(bar.close) x\(bar.volume)"
            if !rows.adjustedClose[row].isNaN { text += " adj \(rows.adjustedClose[row])" }
            return text + (bar.isFinal ? "" : " open")
        }
    }

    /// Starts of the bars, in order.
    var starts: [Int64] { (0..<events.vendorBars.count).map { events.vendorBars.startNs[$0] } }

    /// Rows of a table as `column=value` texts, without those that say when they came.
    func rows(_ batch: RecordBatch) -> [String] {
        let dictionaries = BatchDictionaries(
            venues: instruments.venues.snapshot(), symbols: instruments.symbols.snapshot(),
            conditions: StringDictionary(values: []), feeds: StringDictionary(values: []))
        let columns = batch.columns(dictionaries)
        return (0..<batch.count).map { row in
            columns.compactMap { column in
                let skipped = ["journal_offset", "frame_index", "ingest_time_ns", "updated_ns", "revision", "source"]
                guard !skipped.contains(column.name), let text = Self.text(column, row) else { return nil }
                return "\(column.name)=\(text)"
            }.joined(separator: " ")
        }
    }

    private static func text(_ column: ArrowColumn, _ row: Int) -> String? {
        switch column.values {
        case .int64(let values): values[row] == ArrowColumn.missingInt64 ? nil : "\(values[row])"
        case .int32(let values):
            values[row] == Int32.min ? nil : "\(CivilDate(daysSinceEpoch: Int64(values[row])))"
        case .float64(let values): values[row].isNaN ? nil : "\(values[row])"
        case .boolean(let values): "\(values[row])"
        case .dictionary(let indices, let texts):
            indices[row] == ArrowColumn.missingIndex ? nil : texts.values[Int(indices[row])]
        case .dictionary8(let indices, let texts): texts.values[Int(indices[row])]
        case .text(let offsets, let bytes), .binary(let offsets, let bytes):
            offsets[row] == offsets[row + 1]
                ? nil : String(decoding: (offsets[row]..<offsets[row + 1]).map { bytes[Int($0)] }, as: UTF8.self)
        }
    }

    /// Dead letters as `index code: detail`.
    var deadLetters: [String] {
        let rows = events.deadLetters
        return (0..<rows.count).map { row in
            let detail = (rows.detailOffsets[row]..<rows.detailOffsets[row + 1]).map { rows.detail[Int($0)] }
            return "\(rows.frameIndex[row]) \(reasons[row]): \(String(decoding: detail, as: UTF8.self))"
        }
    }

    /// Codes of the dead letters.
    var reasons: [String] {
        (0..<events.deadLetters.count).map { RejectReason(rawValue: events.deadLetters.reason[$0])?.code ?? "?" }
    }
}

import Feeds
import Market
import Platform
import Testing

/// Decodes texts as frames and shows what came out as plain values.
final class DecodedFrames {
    let instruments = InstrumentTable()
    let conditions = StringTable()
    let texts = StringTable()
    let events: EventBatch
    private let decoder: any FeedDecoder
    private var nextOffset: Int64 = 0
    /// Receive time of every frame.
    static let ingestTimeNs: Int64 = 1_700_000_000_123_456_789

    init(_ make: (DecoderContext) throws -> any FeedDecoder) rethrows {
        events = EventBatch(texts: texts)
        decoder = try make(
            DecoderContext(instruments: instruments, conditions: conditions, texts: texts, feedNumber: 7))
    }

    /// Looks like more JSON, which must never matter.
    private static let behind = Array("}]}\"0123456789,:{[".utf8)

    /// Decodes one frame. Behind it stands `behind`, again and again.
    @discardableResult
    func decode(
        _ bytes: [UInt8], behind: [UInt8] = DecodedFrames.behind, ingestTimeNs: Int64 = DecodedFrames.ingestTimeNs
    ) -> Self {
        let padded = bytes + (0..<64).map { behind[$0 % behind.count] }
        padded.withUnsafeBytes { buffer in
            decoder.decode(
                payload: UnsafeRawBufferPointer(rebasing: buffer[..<bytes.count]), journalOffset: nextOffset,
                ingestTimeNs: ingestTimeNs, into: events)
        }
        nextOffset += 1
        return self
    }

    /// Decodes frames by one call.
    func decodeRun(_ frames: [[UInt8]]) {
        let padding = (0..<64).map { Self.behind[$0 % Self.behind.count] }
        let bytes = frames.flatMap { $0 + padding }
        let run = FrameRun()
        bytes.withUnsafeBytes { buffer in
            var start = 0
            for frame in frames {
                run.append(
                    payload: UnsafeRawBufferPointer(rebasing: buffer[start..<start + frame.count]),
                    journalOffset: nextOffset, ingestTimeNs: Self.ingestTimeNs)
                start += frame.count + padding.count
                nextOffset += 1
            }
            decoder.decode(run, into: events)
        }
    }

    @discardableResult
    func decode(_ text: String, ingestTimeNs: Int64 = DecodedFrames.ingestTimeNs) -> Self {
        decode(Array(text.utf8), ingestTimeNs: ingestTimeNs)
    }

    /// Trades as `offset/index VENUE:SYMBOL time price x size side #id [conditions]`.
    var trades: [String] {
        let rows = events.trades
        return (0..<rows.count).map { row in
            var text = "\(rows.journalOffset[row])/\(rows.frameIndex[row]) \(instruments[rows.instrument[row]])"
            text += " \(rows.eventTimeNs[row]) \(rows.price[row]) x \(rows.size[row])"
            if let side = Side(rawValue: rows.side[row])?.name { text += " \(side)" }
            if rows.tradeID[row] != ArrowColumn.missingInt64 { text += " #\(rows.tradeID[row])" }
            if rows.conditions[row] != ArrowColumn.missingIndex { text += " [\(conditions[rows.conditions[row]])]" }
            return text
        }
    }

    /// Quotes as `offset/index VENUE:SYMBOL time bid x size / ask x size #update flags`.
    var quotes: [String] {
        let rows = events.quotes
        return (0..<rows.count).map { row in
            var text = "\(rows.journalOffset[row])/\(rows.frameIndex[row]) \(instruments[rows.instrument[row]])"
            text += " \(rows.eventTimeNs[row]) \(rows.bid[row]) x \(rows.bidSize[row])"
            text += " / \(rows.ask[row]) x \(rows.askSize[row])"
            if rows.updateID[row] != ArrowColumn.missingInt64 { text += " #\(rows.updateID[row])" }
            return text + " flags \(rows.flags[row])"
        }
    }

    /// Client operations as `offset/index id person symbol@exchange time price currency operation`.
    var transactions: [String] {
        let rows = events.transactions
        let schema = rows.schema
        return (0..<rows.count).map { row in
            func text(_ name: String) -> String { rows.text(schema.place(name), row: row) }
            func integer(_ name: String) -> Int64 { rows.integer(schema.place(name), row: row) }
            #expect(integer("ingest_time_ns") == Self.ingestTimeNs)
            let price = DecimalText.text(integer("price"), scale: Tables.moneyScale)
            return
                "\(integer("journal_offset"))/\(integer("frame_index")) \(text("operation_id")) \(text("person_name"))"
                + " \(text("symbol"))@\(text("exchange")) \(integer("event_time_ns")) \(price) \(text("currency"))"
                + " \(text("operation"))"
        }
    }

    /// Dead letters as `offset/index code: detail | payload`.
    var deadLetters: [String] {
        let rows = events.deadLetters
        return (0..<rows.count).map { row in
            let reason = RejectReason(rawValue: rows.reason[row])?.code ?? "?"
            let detail = text(rows.detail, rows.detailOffsets, row)
            let payload = text(rows.payload, rows.payloadOffsets, row)
            #expect(rows.feed[row] == 7)
            return "\(rows.journalOffset[row])/\(rows.frameIndex[row]) \(reason): \(detail) | \(payload)"
        }
    }

    /// Codes of the dead letters.
    var reasons: [String] {
        let rows = events.deadLetters
        return (0..<rows.count).map { RejectReason(rawValue: rows.reason[$0])?.code ?? "?" }
    }

    private func text(_ bytes: Column<UInt8>, _ offsets: Column<Int64>, _ row: Int) -> String {
        String(decoding: (offsets[row]..<offsets[row + 1]).map { bytes[Int($0)] }, as: UTF8.self)
    }
}

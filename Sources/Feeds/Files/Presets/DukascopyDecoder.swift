internal import Market
internal import Platform

/// Decodes ticks of Dukascopy: unpacked records of 20 bytes, highest byte first. The place of a tick in its frame is its
/// record.
///
/// | bytes | what |
/// |---|---|
/// | 0…3 | milliseconds since the start of the hour, unsigned |
/// | 4…7 | ask times the price scale, unsigned |
/// | 8…11 | bid times the price scale, unsigned |
/// | 12…15 | ask volume in millions, 32-bit float |
/// | 16…19 | bid volume in millions, 32-bit float |
///
/// - Units: sizes are whole units: the volume times a million.
final class DukascopyDecoder: FeedDecoder {
    /// Bytes of a record.
    static let recordBytes = 20
    private static let msPerHour: UInt32 = 3_600_000
    private let context: DecoderContext
    private let hourNs: Int64
    private let priceScale: Double
    private let instrument: Instrument
    private var number: InstrumentID?

    /// Why a record is rejected.
    private struct Fault: Error {
        let reason: RejectReason
        let detail: String
    }

    /// - Parameter values: `symbol`, `hour` (RFC 3339), `price_scale`, perhaps `venue`.
    /// - Throws: `FeedError` where one is missing or wrong.
    init(_ context: DecoderContext, values: [String: String]) throws(FeedError) {
        self.context = context
        guard let symbol = values["symbol"], !symbol.isEmpty else {
            throw FeedError(.settings, "`symbol` is missing: what the ticks are of")
        }
        guard let hour = values["hour"].flatMap({ Timestamp(rfc3339: $0) }) else {
            throw FeedError(.settings, "`hour` is missing: the start of the hour that the ticks are in")
        }
        guard let text = values["price_scale"] else {
            throw FeedError(
                .settings,
                "what \(symbol)'s prices are divided by is not known; give it with `--price-scale`, for example 100000")
        }
        guard let scale = Double(text), scale > 0, scale.isFinite else {
            throw FeedError(.settings, "`price_scale`: `\(text)` is not a positive number")
        }
        hourNs = hour.nanoseconds
        priceScale = scale
        instrument = Instrument(venue: values["venue"] ?? "DUKASCOPY", symbol: symbol)
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        var start = 0
        var index: Int32 = 0
        while start < payload.count {
            let end = min(start + Self.recordBytes, payload.count)
            let record = unsafe UnsafeRawBufferPointer(rebasing: payload[start..<end])
            do throws(Fault) {
                unsafe try tick(record, journalOffset, index, ingestTimeNs, events.quotes)
            } catch {
                unsafe events.deadLetters.append(
                    ingestTimeNs: ingestTimeNs, feed: context.feedNumber, journalOffset: journalOffset,
                    frameIndex: index, reason: error.reason, detail: error.detail, payload: record)
            }
            start = end
            index += 1
        }
    }

    private func tick(
        _ record: UnsafeRawBufferPointer, _ offset: Int64, _ index: Int32, _ ingestTimeNs: Int64, _ quotes: QuoteBatch
    ) throws(Fault) {
        guard record.count == Self.recordBytes else {
            throw Fault(
                reason: .malformed, detail: "\(record.count) bytes are no whole record of \(Self.recordBytes)")
        }
        let ms = unsafe BigEndian.uint32(record, 0)
        guard ms < Self.msPerHour else {
            throw Fault(reason: .timeOutOfRange, detail: "\(ms) ms lie outside the hour")
        }
        let ask = price(unsafe BigEndian.uint32(record, 4)), bid = price(unsafe BigEndian.uint32(record, 8))
        guard !ask.isNaN || !bid.isNaN else {
            throw Fault(reason: .priceNotPositive, detail: "neither bid nor ask is a positive number")
        }
        let askSize = try size(unsafe BigEndian.uint32(record, 12), "ask")
        let bidSize = try size(unsafe BigEndian.uint32(record, 16), "bid")
        quotes.append(
            instrument: instrumentNumber(), eventTimeNs: hourNs + Int64(ms) * 1_000_000, ingestTimeNs: ingestTimeNs,
            bid: bid, ask: ask, bidSize: bid.isNaN ? .nan : bidSize, askSize: ask.isNaN ? .nan : askSize,
            journalOffset: offset, frameIndex: index)
    }

    /// NaN, a missing side, for zero.
    private func price(_ value: UInt32) -> Double { value == 0 ? .nan : Double(value) / priceScale }

    /// The volume in whole units, as far as the 32 bits tell them.
    private func size(_ bits: UInt32, _ side: String) throws(Fault) -> Double {
        let millions = Float(bitPattern: bits)
        guard millions >= 0, millions.isFinite else {
            throw Fault(reason: .sizeInvalid, detail: "the \(side) volume is not a number of at least zero")
        }
        let units = Double(millions) * 1e6
        let whole = units.rounded()
        return Float(whole / 1e6) == millions ? whole : units
    }

    private func instrumentNumber() -> InstrumentID {
        if let number { return number }
        let interned = context.instruments.intern(instrument)
        number = interned
        return interned
    }
}

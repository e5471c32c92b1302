internal import Market
internal import Platform

/// Says which rows of a body are good, before it is journaled, by decoding it as the engine will.
///
/// - Threading: one thread at a time.
final class PushValidator {
    private let decoder: any FeedDecoder
    private let events = EventBatch()
    private let countsFrames: Bool

    /// - Parameter settings: of the decoder of bodies.
    init(_ format: PushFormat, _ settings: SessionSettings) throws(FeedError) {
        let context = DecoderContext(instruments: InstrumentTable(), conditions: StringTable(), feedNumber: 0)
        decoder = try FrameDecoders.make(context, settings: settings.text)
        if case .frames = format { countsFrames = true } else { countsFrames = false }
    }

    /// Adds what a frame holds to an answer.
    ///
    /// - Parameters:
    ///   - frame: 64 more bytes behind it must be readable.
    ///   - place: the frame's place in the body, where each message is one.
    func check(_ frame: UnsafeRawBufferPointer, place: Int, into answer: inout PushAnswer) {
        defer { events.removeAll() }
        let rejectedBefore = (decoder as? JSONFrameDecoder)?.rejected
        unsafe decoder.decode(payload: frame, journalOffset: 0, ingestTimeNs: 0, into: events)
        answer.accepted += events.trades.count + events.quotes.count + events.records.reduce(0) { $0 + $1.count }
        answer.ignored += events.ignored
        let letters = events.deadLetters
        if let rejectedBefore, let decoder = decoder as? JSONFrameDecoder {
            answer.rejected += decoder.rejected - rejectedBefore
        } else {
            answer.rejected += letters.count
        }
        for row in 0..<letters.count where answer.faults.count < PushAnswer.faultsMax {
            let detail = (letters.detailOffsets[row]..<letters.detailOffsets[row + 1]).map { letters.detail[Int($0)] }
            answer.faults.append(
                PushAnswer.Fault(
                    index: countsFrames ? place : Int(letters.frameIndex[row]),
                    reason: RejectReason(rawValue: letters.reason[row]) ?? .malformed,
                    detail: String(decoding: detail, as: UTF8.self)))
        }
    }
}

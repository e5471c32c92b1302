internal import Market
internal import Platform

/// Decodes the bridge's messages: ticks by the fast decoder, positions and deals, of which there are few, by their own.
@safe
final class MT5Decoder: FeedDecoder {
    private let ticks: any FeedDecoder
    private let account = MT5AccountReader()
    private let feedNumber: UInt32

    init(_ context: DecoderContext, ticks: any FeedDecoder) {
        self.ticks = ticks
        feedNumber = context.feedNumber
    }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        unsafe ticks.decode(
            payload: payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs, into: events)
        unsafe readAccount(payload, journalOffset, ingestTimeNs, events)
    }

    func decode(_ run: FrameRun, into events: EventBatch) {
        var hasAccount = false
        unsafe run.forEach { payload, _, _ in
            if unsafe payload.starts(with: MT5AccountReader.beginning) { hasAccount = true }
        }
        guard hasAccount else { return ticks.decode(run, into: events) }
        // One by one, so that dead letters stay in the order of the frames.
        unsafe run.forEach { payload, journalOffset, ingestTimeNs in
            unsafe decode(payload: payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs, into: events)
        }
    }

    /// Reads a message about the account, which the decoder of ticks has checked to be JSON and counted as ignored.
    private func readAccount(
        _ payload: UnsafeRawBufferPointer, _ journalOffset: Int64, _ ingestTimeNs: Int64, _ events: EventBatch
    ) {
        let letters = events.deadLetters.journalOffset
        let isRejected = letters.count > 0 && letters[letters.count - 1] == journalOffset
        guard unsafe payload.starts(with: MT5AccountReader.beginning), !isRejected else { return }
        events.ignored -= 1
        let rejections = unsafe account.read(
            payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs, into: events)
        for rejection in rejections ?? [.init(frameIndex: 0, reason: .malformed, field: "not JSON")] {
            unsafe events.deadLetters.append(
                ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset,
                frameIndex: rejection.frameIndex, reason: rejection.reason,
                detail: RejectText.detail(rejection.reason, rejection.field), payload: payload)
        }
    }
}

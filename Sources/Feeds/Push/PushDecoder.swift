internal import Market

/// Decodes pushed frames: takes the header line off and leaves the body to the decoder of its format.
///
/// - Threading: one thread at a time.
final class PushDecoder: FeedDecoder {
    private let inner: any FeedDecoder
    private let feedNumber: UInt32
    private let bodies = FrameRun()

    init(_ context: DecoderContext, inner: any FeedDecoder) {
        self.inner = inner
        feedNumber = context.feedNumber
    }

    var hasDeliveryKeys: Bool { true }

    func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? { unsafe PushHeader.delivery(of: payload) }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        let run = FrameRun()
        unsafe run.append(payload: payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs)
        decode(run, into: events)
    }

    func decode(_ run: FrameRun, into events: EventBatch) {
        unsafe run.forEach { payload, journalOffset, ingestTimeNs in
            guard let start = unsafe PushHeader.bodyStart(payload) else {
                flush(into: events)  // dead letters stand in the order of the journal
                unsafe events.deadLetters.append(
                    ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset, frameIndex: 0,
                    reason: .malformed, detail: "the frame lacks the line that pushed frames start with",
                    payload: payload)
                return
            }
            unsafe bodies.append(
                payload: UnsafeRawBufferPointer(rebasing: payload[start...]), journalOffset: journalOffset,
                ingestTimeNs: ingestTimeNs)
        }
        flush(into: events)
    }

    private func flush(into events: EventBatch) {
        inner.decode(bodies, into: events)
        bodies.removeAll()
    }
}

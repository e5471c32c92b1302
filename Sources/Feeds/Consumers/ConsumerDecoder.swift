internal import Market

/// Decodes consumed frames: takes the header line off and leaves the value to the decoder of its format.
///
/// - Threading: one thread at a time.
final class ConsumerDecoder: FeedDecoder {
    private let inner: any FeedDecoder
    private let feedNumber: UInt32
    private let values = FrameRun()
    let openingPositions: StreamPositions

    /// - Parameter positions: how far earlier sessions had come, as `ConsumerSession` writes it.
    /// - Throws: `FeedError` where it is something else.
    init(_ context: DecoderContext, inner: any FeedDecoder, positions: String) throws(FeedError) {
        self.inner = inner
        feedNumber = context.feedNumber
        openingPositions = try ConsumerSession.positions(positions)
    }

    var hasDeliveryKeys: Bool { true }
    func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? { unsafe ConsumerHeader.delivery(of: payload) }

    var hasPositions: Bool { true }
    func position(of payload: UnsafeRawBufferPointer) -> StreamPosition? { unsafe ConsumerHeader.position(of: payload) }

    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        let run = FrameRun()
        unsafe run.append(payload: payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs)
        decode(run, into: events)
    }

    func decode(_ run: FrameRun, into events: EventBatch) {
        unsafe run.forEach { payload, journalOffset, ingestTimeNs in
            let start = unsafe ConsumerHeader.bodyStart(payload)
            guard let start, unsafe !ConsumerHeader.lacksValue(payload, bodyStart: start) else {
                flush(into: events)  // dead letters stand in the order of the journal
                unsafe events.deadLetters.append(
                    ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset, frameIndex: 0,
                    reason: .malformed,
                    detail: start == nil
                        ? "the frame lacks the line that consumed frames start with"
                        : "the message has no value (a tombstone)",
                    payload: payload)
                return
            }
            unsafe values.append(
                payload: UnsafeRawBufferPointer(rebasing: payload[start...]), journalOffset: journalOffset,
                ingestTimeNs: ingestTimeNs)
        }
        flush(into: events)
    }

    private func flush(into events: EventBatch) {
        inner.decode(values, into: events)
        values.removeAll()
    }
}

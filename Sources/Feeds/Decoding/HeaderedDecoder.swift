internal import Market

/// Decodes frames that start with a line about them: takes it off and leaves the body behind it to the decoder of its
/// format. A frame without a body is a dead letter.
protocol HeaderedDecoder: FeedDecoder {
    /// What decodes the bodies.
    var bodies: BodyDecoder { get }

    /// What stands behind the line of a frame.
    func body(of payload: UnsafeRawBufferPointer) -> FrameBody
}

/// What stands behind the first line of a frame.
enum FrameBody {
    /// The body starts so many bytes behind the start of the frame.
    case from(Int)
    /// There is none, and why.
    case missing(String)
}

extension HeaderedDecoder {
    func decode(
        payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64, into events: EventBatch
    ) {
        let run = FrameRun()
        unsafe run.append(payload: payload, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs)
        decode(run, into: events)
    }

    func decode(_ run: FrameRun, into events: EventBatch) {
        unsafe run.forEach { payload, journalOffset, ingestTimeNs in
            switch unsafe body(of: payload) {
            case .from(let start):
                unsafe bodies.add(
                    UnsafeRawBufferPointer(rebasing: payload[start...]), journalOffset: journalOffset,
                    ingestTimeNs: ingestTimeNs)
            case .missing(let reason):
                bodies.flush(into: events)  // dead letters stand in the order of the journal
                unsafe events.deadLetters.append(
                    ingestTimeNs: ingestTimeNs, feed: bodies.feedNumber, journalOffset: journalOffset, frameIndex: 0,
                    reason: .malformed, detail: reason, payload: payload)
            }
        }
        bodies.flush(into: events)
    }
}

/// Collects bodies of frames and gives them to the decoder of their format.
///
/// - Threading: one thread at a time.
final class BodyDecoder {
    /// The number of the feed in dead letters.
    let feedNumber: UInt32
    private let inner: any FeedDecoder
    private let waiting = FrameRun()

    init(_ context: DecoderContext, inner: any FeedDecoder) {
        feedNumber = context.feedNumber
        self.inner = inner
    }

    /// Adds a body behind the others; it must stay where it is until `flush`.
    func add(_ body: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64) {
        unsafe waiting.append(payload: body, journalOffset: journalOffset, ingestTimeNs: ingestTimeNs)
    }

    /// Decodes what was added.
    func flush(into events: EventBatch) {
        inner.decode(waiting, into: events)
        waiting.removeAll()
    }
}

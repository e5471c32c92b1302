internal import Market

/// Decodes pushed frames: a line that says who sent them under which key, and the body as it came.
///
/// - Threading: one thread at a time.
final class PushDecoder: HeaderedDecoder {
    let bodies: BodyDecoder

    init(_ context: DecoderContext, inner: any FeedDecoder) { bodies = BodyDecoder(context, inner: inner) }

    var hasDeliveryKeys: Bool { true }
    func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? { unsafe PushHeader.delivery(of: payload) }

    func body(of payload: UnsafeRawBufferPointer) -> FrameBody {
        guard let start = unsafe PushHeader.bodyStart(payload) else {
            return .missing("the frame lacks the line that pushed frames start with")
        }
        return .from(start)
    }
}

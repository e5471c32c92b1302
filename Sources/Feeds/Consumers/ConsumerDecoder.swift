internal import Market

/// Decodes consumed frames: a line that says where they stood in which log, and the value of the message.
///
/// - Threading: one thread at a time.
final class ConsumerDecoder: HeaderedDecoder {
    let bodies: BodyDecoder
    let openingPositions: StreamPositions

    /// - Parameter positions: how far earlier sessions had come, as `ConsumerSession` writes it.
    /// - Throws: `FeedError` where it is something else.
    init(_ context: DecoderContext, inner: any FeedDecoder, positions: String) throws(FeedError) {
        bodies = BodyDecoder(context, inner: inner)
        openingPositions = try ConsumerSession.positions(positions)
    }

    var hasDeliveryKeys: Bool { true }
    func delivery(of payload: UnsafeRawBufferPointer) -> DeliveryKey? { unsafe ConsumerHeader.delivery(of: payload) }

    var hasPositions: Bool { true }
    func position(of payload: UnsafeRawBufferPointer) -> StreamPosition? { unsafe ConsumerHeader.position(of: payload) }

    func body(of payload: UnsafeRawBufferPointer) -> FrameBody {
        guard let start = unsafe ConsumerHeader.bodyStart(payload) else {
            return .missing("the frame lacks the line that consumed frames start with")
        }
        guard unsafe !ConsumerHeader.lacksValue(payload, bodyStart: start) else {
            return .missing("the message has no value (a tombstone)")
        }
        return .from(start)
    }
}

internal import Market

/// What is known of an answer beside its body.
struct Answer {
    /// The instrument that was asked for.
    var instrument: Instrument
    var fetchedAtNs: Int64
    var ingestTimeNs: Int64
    var journalOffset: Int64
    /// The number of the feed in dead letters.
    var feedNumber: UInt32

    /// Adds a dead letter.
    func reject(_ fault: AnswerFault, row: Int = 0, payload: some Collection<UInt8>, into events: EventBatch) {
        unsafe Array(payload.prefix(Self.payloadBytes)).withUnsafeBytes { bytes in
            unsafe events.deadLetters.append(
                ingestTimeNs: ingestTimeNs, feed: feedNumber, journalOffset: journalOffset, frameIndex: Int32(row),
                reason: fault.reason, detail: RejectText.detail(fault.reason, fault.what), payload: bytes)
        }
    }

    /// Of a body that cannot be read, so much is repeated in its dead letter; the frame has all of it.
    private static let payloadBytes = 4096
}

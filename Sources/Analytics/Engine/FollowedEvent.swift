/// An event of another partition's instrument: it moves its feed's event time, and nothing else.
public struct FollowedEvent: Sendable, Equatable {
    public let journalOffset: Int64
    public let frameIndex: Int32
    public let eventTimeNs: Int64
    public let ingestTimeNs: Int64

    public init(journalOffset: Int64, frameIndex: Int32 = 0, eventTimeNs: Int64, ingestTimeNs: Int64) {
        self.journalOffset = journalOffset
        self.frameIndex = frameIndex
        self.eventTimeNs = eventTimeNs
        self.ingestTimeNs = ingestTimeNs
    }

    /// True where it stands before an event.
    func isBefore(_ journalOffset: Int64, _ frameIndex: Int32) -> Bool {
        (self.journalOffset, self.frameIndex) < (journalOffset, frameIndex)
    }
}

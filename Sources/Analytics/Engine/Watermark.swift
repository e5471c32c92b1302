/// How far one feed has come in event time, and which events are late.
///
/// The feed has *reached* its latest event time; its watermark is that less the allowed lateness: no event before the
/// watermark is expected any more. While nothing arrives, heartbeats move it on by the time that passed on the
/// receiving clock, less a grace. The distance between the two clocks is taken from the event that came furthest, so
/// that a delayed feed (quotes of fifteen minutes ago) or a wrong clock does not make its next events late.
struct Watermark: Equatable {
    /// Latest event time (or the heartbeat's estimate of it); the smallest integer before the first event.
    private(set) var reachedNs = Int64.min
    /// Event time that came furthest.
    private var anchorEventNs = Int64.min
    /// When that event was received.
    private var anchorIngestNs = Int64.min

    /// No event yet.
    init() {}

    /// A watermark as it was in a checkpoint.
    init(reachedNs: Int64, anchorEventNs: Int64, anchorIngestNs: Int64) {
        self.reachedNs = reachedNs
        self.anchorEventNs = anchorEventNs
        self.anchorIngestNs = anchorIngestNs
    }

    /// The values to restore it from, in the order of that initialiser.
    var fields: [Int64] { [reachedNs, anchorEventNs, anchorIngestNs] }

    /// Takes in an event that came further than all before.
    @inline(__always)
    mutating func advance(to eventTimeNs: Int64, ingestTimeNs: Int64) {
        reachedNs = eventTimeNs
        anchorEventNs = eventTimeNs
        anchorIngestNs = ingestTimeNs
    }

    /// Takes in that nothing has arrived until `ingestTimeNs`. Returns true where it came further.
    mutating func heartbeat(ingestTimeNs: Int64, graceNs: Int64) -> Bool {
        guard anchorEventNs != .min else { return false }
        let lag = max(0, saturatingSum(anchorIngestNs, -anchorEventNs))
        let estimate = saturatingSum(saturatingSum(ingestTimeNs, -lag), -graceNs)
        guard estimate > reachedNs else { return false }
        reachedNs = estimate
        return true
    }

    /// No event before this moment is expected any more; the smallest integer before the first event.
    @inline(__always)
    func timeNs(latenessNs: Int64) -> Int64 { saturatingSum(reachedNs, -latenessNs) }

    /// Whether bars can be built at an event time without leaving the range of the clock (years 1678 to 2261).
    @inline(__always)
    static func isPlaceable(_ timeNs: Int64) -> Bool { timeNs.magnitude < 9_200_000_000_000_000_000 }
}

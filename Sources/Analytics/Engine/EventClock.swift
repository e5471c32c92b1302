internal import Platform

/// How far a feed has come in event time, as the engine has it: for those who must know it without an engine.
public struct EventClock: Sendable, Equatable {
    private var watermark = Watermark()

    /// No event yet.
    public init() {}

    /// A clock as `fields` had it; nil where these are others.
    public init?(fields: [Int64]) {
        guard fields.count == 3 else { return nil }
        watermark = Watermark(reachedNs: fields[0], anchorEventNs: fields[1], anchorIngestNs: fields[2])
    }

    /// The values to restore it from.
    public var fields: [Int64] { watermark.fields }

    /// The event that had come furthest: its time and when it was received; nil before the first.
    public var furthest: (eventNs: Int64, ingestNs: Int64)? {
        let fields = watermark.fields
        return fields[1] == .min ? nil : (fields[1], fields[2])
    }

    /// Takes in an event.
    ///
    /// - Parameter futureToleranceNs: how far its time may lie after its receipt.
    @inline(__always)
    public mutating func take(eventNs: Int64, ingestNs: Int64, futureToleranceNs: Int64) {
        guard eventNs > watermark.reachedNs, Self.counts(eventNs, ingestNs, futureToleranceNs) else { return }
        watermark.advance(to: eventNs, ingestTimeNs: ingestNs)
    }

    /// Whether an event time may move a clock at all.
    @inline(__always)
    public static func counts(_ eventNs: Int64, _ ingestNs: Int64, _ futureToleranceNs: Int64) -> Bool {
        eventNs <= saturatingSum(ingestNs, futureToleranceNs) && Watermark.isPlaceable(eventNs)
    }

    /// Takes in that nothing arrived until `ingestTimeNs`.
    public mutating func heartbeat(ingestTimeNs: Int64, graceNs: Int64) {
        _ = watermark.heartbeat(ingestTimeNs: ingestTimeNs, graceNs: graceNs)
    }

    /// Whether bars could close, or change after their end, by this clock and not by another one: bars end at whole seconds.
    public func isInAnotherSecond(than other: EventClock, latenessNs: Int64) -> Bool {
        guard watermark.reachedNs != other.watermark.reachedNs else { return false }
        guard watermark.reachedNs != .min, other.watermark.reachedNs != .min else { return true }
        return Self.second(watermark.reachedNs) != Self.second(other.watermark.reachedNs)
            || Self.second(watermark.timeNs(latenessNs: latenessNs))
                != Self.second(other.watermark.timeNs(latenessNs: latenessNs))
    }

    /// Whether an event time is behind the watermark.
    public func isLate(_ eventNs: Int64, latenessNs: Int64) -> Bool {
        watermark.reachedNs != .min && eventNs < watermark.timeNs(latenessNs: latenessNs)
    }

    private static func second(_ timeNs: Int64) -> Int64 {
        let seconds = timeNs / 1_000_000_000
        return timeNs < seconds * 1_000_000_000 ? seconds - 1 : seconds
    }
}

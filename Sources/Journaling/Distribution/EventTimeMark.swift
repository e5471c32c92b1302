internal import Platform

/// How far a feed had come in event time before a record: the payload of a record of the kind `reached`.
///
/// - Source: docs/journal-format.md, "Event time".
public struct EventTimeMark: Sendable, Equatable, BitwiseCopyable {
    /// Time of the event that had come furthest, in nanoseconds since 1970 UTC.
    public let eventNs: Int64
    /// When that event was received, likewise.
    public let ingestNs: Int64

    /// Bytes of the payload.
    public static let byteCount = 16

    public init(eventNs: Int64, ingestNs: Int64) {
        self.eventNs = eventNs
        self.ingestNs = ingestNs
    }

    /// Reads a payload; nil where it is none.
    public init?(payload: UnsafeRawBufferPointer) {
        guard payload.count == Self.byteCount else { return nil }
        eventNs = unsafe payload.integer(at: 0)
        ingestNs = unsafe payload.integer(at: 8)
    }

    /// Gives `body` the payload.
    public func withPayload<T, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> T
    ) throws(Failure) -> T {
        let words = (eventNs.littleEndian, ingestNs.littleEndian)
        var result: Result<T, Failure>?
        unsafe withUnsafeBytes(of: words) { bytes in
            do throws(Failure) {
                result = .success(try unsafe body(bytes))
            } catch {
                result = .failure(error)
            }
        }
        guard let result else { preconditionFailure("the body was called") }
        return try result.get()
    }
}

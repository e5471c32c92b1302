internal import CDecode

/// Consecutive frames of one feed, not copied, to be decoded with one call.
///
/// - Threading: one thread at a time.
@safe
public final class FrameRun {
    /// Frames in the form in which C takes them.
    private(set) var frames: UnsafeMutablePointer<td_frame>
    private var capacity = 256
    /// Frames held.
    public private(set) var count = 0

    public init() { unsafe frames = .allocate(capacity: 256) }

    deinit { unsafe frames.deallocate() }

    /// Adds a frame behind the others.
    ///
    /// - Parameters:
    ///   - payload: the frame; 64 more bytes behind it must be readable, until the run was decoded.
    ///   - journalOffset: its place in the journal.
    ///   - ingestTimeNs: when it was received, in nanoseconds since 1970 UTC.
    @inline(__always)
    public func append(payload: UnsafeRawBufferPointer, journalOffset: Int64, ingestTimeNs: Int64) {
        if count == capacity { grow() }
        unsafe frames[count] = td_frame(
            bytes: payload.baseAddress?.assumingMemoryBound(to: CChar.self), count: payload.count,
            ingest_time_ns: ingestTimeNs, journal_offset: journalOffset)
        count += 1
    }

    /// Gives each frame to `body`: payload, place in the journal, receive time.
    @unsafe func forEach(_ body: (UnsafeRawBufferPointer, Int64, Int64) -> Void) {
        for index in 0..<count {
            let frame = unsafe frames[index]
            let payload = unsafe UnsafeRawBufferPointer(start: frame.bytes, count: frame.count)
            unsafe body(payload, frame.journal_offset, frame.ingest_time_ns)
        }
    }

    /// Empties the run and keeps its memory.
    public func removeAll() { count = 0 }

    private func grow() {
        let grown = UnsafeMutablePointer<td_frame>.allocate(capacity: 2 * capacity)
        unsafe grown.update(from: frames, count: count)
        unsafe frames.deallocate()
        unsafe frames = grown
        capacity *= 2
    }
}

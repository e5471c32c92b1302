/// Which frames of one connection may be acknowledged to a peer that keeps the others: those that are durable here.
///
/// Looked at from time to time: frames between two looks share a mark, so that nothing is kept per frame.
struct FrameAcknowledger {
    private var received = 0
    private var marked = 0
    /// Frames received, and the place behind the last of them, rising.
    private var marks: [(frames: Int, place: Int64)] = []

    /// A frame was given to the sink.
    mutating func countFrame() { received += 1 }

    /// - Parameter progress: of the sink, after the last frame counted.
    /// - Returns: how many frames of the connection are durable; nil where no more than before.
    mutating func next(_ progress: FrameProgress) -> Int? {
        if received > marked {
            marked = received
            marks.append((received, progress.given))
        }
        let durable = marks.prefix { $0.place <= progress.durable }
        guard let last = durable.last else { return nil }
        marks.removeFirst(durable.count)
        return last.frames
    }
}

import Feeds
import Foundation
import Platform
import TestKit

/// Keeps what a source pushes, as texts in order.
final class RecordingSink: FrameSink, FeedOutput, @unchecked Sendable {  // the condition's lock guards everything
    private let condition = NSCondition()
    private var recorded: [String] = []
    private var cancelled = false
    /// Thrown instead of taking the frame with this number (from 0).
    var failsAtFrame: Int?
    private var frames = 0
    private var durableFrames: Int64?

    struct Full: Error {}

    func sink(feed name: String) throws -> any FrameSink { self }

    var isCancelled: Bool {
        condition.lock()
        defer { condition.unlock() }
        return cancelled
    }

    func cancel() {
        condition.lock()
        cancelled = true
        condition.unlock()
    }

    /// Frames that count as durable; nil where the sink does not say.
    var durable: Int64? {
        get { condition.withLock { durableFrames } }
        set { condition.withLock { durableFrames = newValue } }
    }
    var progress: FrameProgress? {
        condition.withLock { durableFrames.map { FrameProgress(given: Int64(frames), durable: $0) } }
    }

    func begin(settings: String, ingestTime: Timestamp) throws { add("begin \(settings)") }
    func frame(_ payload: UnsafeRawBufferPointer, ingestTime: Timestamp) throws {
        let text = "frame \(String(decoding: payload, as: UTF8.self))"
        condition.lock()
        defer { condition.unlock() }
        if frames == failsAtFrame { throw Full() }
        frames += 1
        recorded.append(text)
        condition.broadcast()
    }
    func heartbeat(ingestTime: Timestamp) throws { add("heartbeat") }
    func end(ingestTime: Timestamp) throws { add("end") }

    private func add(_ record: String) {
        condition.lock()
        recorded.append(record)
        condition.broadcast()
        condition.unlock()
    }

    /// Waits until the records fulfil `condition`.
    @discardableResult
    func wait(_ fulfilled: ([String]) -> Bool) -> [String] {
        condition.lock()
        defer { condition.unlock() }
        let deadline = Patience.end
        while !fulfilled(recorded) && condition.wait(until: deadline) {}
        return recorded
    }
}

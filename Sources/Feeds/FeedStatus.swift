internal import Synchronization

/// What a feed is doing, as others see it.
///
/// - Threading: any thread.
public final class FeedStatus: Sendable {
    /// What a feed is doing.
    public enum State: String, Sendable, CaseIterable {
        /// Not connected yet, or again.
        case connecting
        /// Receiving.
        case live
        /// Playing what was recorded or made before.
        case replaying
        /// Connected; nothing is expected now.
        case idle
        /// Connected, and nothing arrives though it should.
        case stale
        /// Working with an error that it tries to get over.
        case degraded
        /// All data was delivered.
        case finished
        /// Stopped on demand.
        case stopped
    }

    /// One look at a feed.
    public struct Snapshot: Sendable {
        public var state = State.connecting
        /// Why, in words; empty where there is nothing to say.
        public var detail = ""
        public var reconnects: Int64 = 0
        public var frames: Int64 = 0
        public var bytes: Int64 = 0
        /// Receive time of the last frame in nanoseconds since 1970 UTC; 0 before the first.
        public var lastFrameNs: Int64 = 0
        /// How much of a known amount of input was played: bytes of files, or milliseconds of simulated history.
        public var done: Int64 = 0
        /// All of it; 0 where it is not known.
        public var total: Int64 = 0
    }

    private let current = Mutex(Snapshot())
    private let frames = Atomic<Int64>(0)
    private let bytes = Atomic<Int64>(0)
    private let lastFrameNs = Atomic<Int64>(0)
    /// Name of the feed in configuration.
    public let name: String

    public init(name: String) { self.name = name }

    public var snapshot: Snapshot {
        var snapshot = current.withLock { $0 }
        snapshot.frames = frames.load(ordering: .relaxed)
        snapshot.bytes = bytes.load(ordering: .relaxed)
        snapshot.lastFrameNs = lastFrameNs.load(ordering: .relaxed)
        return snapshot
    }

    /// Changes the state.
    public func set(_ state: State, _ detail: String = "") {
        current.withLock {
            $0.state = state
            $0.detail = detail
        }
    }

    /// Counts a frame that was received: for sinks, so that every source is counted alike.
    public func countFrame(bytes: Int, ingestTimeNs: Int64) {
        frames.wrappingAdd(1, ordering: .relaxed)
        self.bytes.wrappingAdd(Int64(bytes), ordering: .relaxed)
        lastFrameNs.store(ingestTimeNs, ordering: .relaxed)
    }

    /// Counts a connection that was made again.
    public func countReconnect() { current.withLock { $0.reconnects += 1 } }

    /// Says how much of the input was played.
    public func setProgress(_ done: Int64, of total: Int64) {
        current.withLock {
            $0.done = done
            $0.total = total
        }
    }
}

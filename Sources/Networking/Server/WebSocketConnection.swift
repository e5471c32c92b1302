internal import Platform
internal import Synchronization

/// A WebSocket client of the server.
///
/// - Threading: any thread.
public final class WebSocketConnection: Sendable {
    /// What became of a message that was to be sent.
    public enum SendResult: Sendable {
        /// It waits in order and will be written.
        case accepted
        /// The client is slow and its queue full: the message was not taken.
        case full
        /// The client is gone.
        case closed
    }

    /// Number of this connection, unique in the server's life.
    public let id: UInt64
    /// Numeric address of the peer.
    public let remoteAddress: String
    private let queue: Mutex<OutboundQueue>
    private let mailbox: ServerMailbox

    init(id: UInt64, remoteAddress: String, options: HTTPServer.Options, mailbox: ServerMailbox) {
        self.id = id
        self.remoteAddress = remoteAddress
        self.mailbox = mailbox
        queue = Mutex(OutboundQueue(maxMessages: options.queueMessages, maxBytes: options.queueBytes))
    }

    /// Hands messages over, all of them or none, and has them sent.
    @discardableResult
    public func send(_ frames: WebSocketFrames) -> SendResult {
        let (result, schedule) = queue.withLock { queue -> (SendResult, Bool) in
            if queue.isClosed { return (.closed, false) }
            guard queue.hasRoom(for: frames) else { return (.full, false) }
            return (.accepted, queue.push(frames, CollectionOfOne(0..<frames.messageCount)).schedule)
        }
        if schedule {
            mailbox.markReady(id)
            mailbox.flush()
        }
        return result
    }

    /// Queues messages of `frames` from the front of `runs`, as many as there is room for; `flush` has them sent.
    ///
    /// - Returns: how many were taken. A client that is gone takes all: nothing needs to be kept for it.
    public func enqueue(_ frames: WebSocketFrames, _ runs: [Range<Int>]) -> Int {
        let (count, schedule) = queue.withLock { queue in
            queue.isClosed ? (runs.reduce(0) { $0 + $1.count }, false) : queue.push(frames, runs)
        }
        if schedule { mailbox.markReady(id) }
        return count
    }

    /// Has sent what was queued on this and all other connections of the server, with one wake-up of its thread.
    public func flush() { mailbox.flush() }

    /// Messages and bytes that wait.
    public var queued: (messages: Int, bytes: Int) { queue.withLock { ($0.messages, $0.bytes) } }

    /// Says goodbye to the client behind what waits, then closes.
    public func close(code: UInt16 = 1000, reason: String = "") {
        mailbox.post(.close(session: id, code: code, reason: reason))
    }

    func take(into batch: inout Column<UInt8>) -> Int { queue.withLock { $0.take(into: &batch) } }
    func wrote(messages: Int, bytes: Int) { queue.withLock { $0.wrote(messages: messages, bytes: bytes) } }
    func markClosed() { queue.withLock { $0.close() } }
}

extension WebSocketConnection: Hashable {
    public static func == (left: WebSocketConnection, right: WebSocketConnection) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

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

    /// Hands one message over; see `HTTPServer.sendAll` for many.
    @discardableResult
    public func send(_ frames: WebSocketFrames) -> SendResult {
        let (result, schedule) = enqueue(frames)
        if schedule { mailbox.schedule([self]) }
        return result
    }

    /// Messages and bytes that wait.
    public var queued: (messages: Int, bytes: Int) { queue.withLock { ($0.messages, $0.bytes) } }

    /// Says goodbye to the client behind what waits, then closes.
    public func close(code: UInt16 = 1000, reason: String = "") {
        mailbox.post(.close(session: id, code: code, reason: reason))
    }

    func enqueue(_ frames: WebSocketFrames) -> (result: SendResult, schedule: Bool) {
        queue.withLock { $0.push(frames) }
    }
    func take(into batch: inout [WebSocketFrames]) { queue.withLock { $0.take(into: &batch) } }
    func wrote(messages: Int, bytes: Int) { queue.withLock { $0.wrote(messages: messages, bytes: bytes) } }
    func markClosed() { queue.withLock { $0.close() } }
}

extension WebSocketConnection: Hashable {
    public static func == (left: WebSocketConnection, right: WebSocketConnection) -> Bool { left === right }
    public func hash(into hasher: inout Hasher) { hasher.combine(ObjectIdentifier(self)) }
}

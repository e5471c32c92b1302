internal import Platform

/// The WebSocket side of a session.
///
/// - Threading: the server's thread only.
final class SessionStream {
    let connection: WebSocketConnection
    let handler: any WebSocketHandler
    var parser: WebSocketParser
    /// When the peer last sent anything.
    var lastHeardNs: Int64
    /// Why the connection ends, once that is known.
    var closing: (code: UInt16, reason: String)?
    private var hasPinged = false
    /// Frames taken from the connection's queue; the bytes before `next` are written.
    private var batch = Column<UInt8>()
    private var batchMessages = 0
    private var next = 0

    /// Bytes of one write, of one turn before other clients get theirs, and of memory that an idle client keeps.
    private enum Limit {
        static let write = 64 << 10
        static let turn = 256 << 10
        static let memory = 256 << 10
    }

    init(
        connection: WebSocketConnection, handler: any WebSocketHandler, parser: WebSocketParser, lastHeardNs: Int64
    ) {
        self.connection = connection
        self.handler = handler
        self.parser = parser
        self.lastHeardNs = lastHeardNs
    }

    /// True where nothing that was taken waits.
    var isIdle: Bool { next == batch.count }

    /// Takes what waits in the queue, if nothing taken is left.
    func fill() {
        guard isIdle else { return }
        if batch.capacity > Limit.memory { batch = Column() }
        batch.removeAll()
        next = 0
        batchMessages = connection.take(into: &batch)
    }

    /// Everything taken and waiting, for a last write.
    func drain() -> [UInt8] {
        var rest: [UInt8] = []
        while !isIdle {
            unsafe rest += batch.buffer[next...]
            next = batch.count
            fill()
        }
        return rest
    }

    /// Writes what waits as it lies, many messages with one system call, up to a share that leaves other clients
    /// their turn.
    ///
    /// - Returns: false where the connection is broken.
    @unsafe
    func flush(
        to handle: OpaquePointer, output: inout SessionOutput, sent: SentCounters
    ) -> Bool {
        var turnBytes = 0
        while turnBytes < Limit.turn {
            fill()
            guard !isIdle else { return true }
            let bytes = min(batch.count - next, Limit.write)
            guard unsafe output.write(batch.pointer + next, bytes, to: handle) else { return false }
            next += bytes
            let messages = isIdle ? batchMessages : 0
            connection.wrote(messages: messages, bytes: bytes)
            sent.writes.increment()
            sent.messages.add(messages)
            sent.bytes.add(bytes)
            turnBytes += bytes
            if output.isPausedByOutput { return true }
        }
        fill()  // so that `isIdle` says whether another turn is needed: what waits already was scheduled once
        return true
    }

    /// Pings a silent peer, gives up on one that stays silent.
    func checkPeer(_ options: HTTPServer.Options, nowNs: Int64, ping: ([UInt8]) -> Void, kill: () -> Void) {
        let silentNs = nowNs - lastHeardNs
        if silentNs <= options.pingIntervalNs {
            hasPinged = false
        } else if silentNs > 2 * options.pingIntervalNs {
            closing = (1006, "the client is silent")
            kill()
        } else if !hasPinged {
            hasPinged = true
            ping(WebSocketFrameHeader.control(.ping, []))
        }
    }
}

/// What WebSocket clients were sent.
struct SentCounters: Sendable {
    let messages: Counter
    let bytes: Counter
    let writes: Counter

    init(_ metrics: Metrics) {
        messages = metrics.counter("tapedeck_stream_messages_total", help: "WebSocket messages written to clients.")
        bytes = metrics.counter("tapedeck_stream_bytes_total", help: "WebSocket bytes written to clients.")
        writes = metrics.counter("tapedeck_stream_writes_total", help: "System calls that wrote WebSocket messages.")
    }
}

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
    /// Messages taken from the connection's queue; those before `next` are written.
    private var batch: [WebSocketFrames] = []
    private var next = 0

    init(
        connection: WebSocketConnection, handler: any WebSocketHandler, parser: WebSocketParser, lastHeardNs: Int64
    ) {
        self.connection = connection
        self.handler = handler
        self.parser = parser
        self.lastHeardNs = lastHeardNs
    }

    /// True where no taken message waits.
    var isIdle: Bool { next == batch.count }

    /// Takes what waits in the queue, if nothing taken is left.
    func fill() {
        guard isIdle else { return }
        batch.removeAll(keepingCapacity: true)
        next = 0
        connection.take(into: &batch)
    }

    /// Everything taken and waiting, for a last write.
    func drain() -> ArraySlice<WebSocketFrames> {
        var rest = batch[next...]
        var more: [WebSocketFrames] = []
        connection.take(into: &more)
        rest.append(contentsOf: more)
        (batch, next) = ([], 0)
        return rest
    }

    /// Writes what waits, many messages with one system call, up to a share that leaves other clients their turn.
    ///
    /// - Returns: false where the connection is broken.
    @unsafe
    func flush(
        to handle: OpaquePointer, scratch: Column<UInt8>, output: inout SessionOutput,
        sent: (messages: Counter, bytes: Counter)
    ) -> Bool {
        var turnBytes = 0
        while turnBytes < 256 << 10 {
            fill()
            guard !isIdle else { return true }
            let first = batch[next]
            var messages = 0
            var bytes = 0
            let isWhole: Bool
            if first.byteCount > scratch.capacity {
                (messages, bytes) = (first.messageCount, first.byteCount)
                next += 1
                output.append(first.bytes)
                isWhole = unsafe output.flush(to: handle)
            } else {
                scratch.removeAll()
                while next < batch.count, scratch.count + batch[next].byteCount <= scratch.capacity {
                    let frames = batch[next]
                    unsafe frames.bytes.withUnsafeBytes { unsafe scratch.append(contentsOf: $0) }
                    messages += frames.messageCount
                    next += 1
                }
                bytes = scratch.count
                isWhole = unsafe output.write(scratch.pointer, bytes, to: handle)
            }
            guard isWhole else { return false }
            connection.wrote(messages: messages, bytes: bytes)
            sent.messages.add(messages)
            sent.bytes.add(bytes)
            turnBytes += bytes
            if output.isPausedByOutput || !output.isEmpty { return true }
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
